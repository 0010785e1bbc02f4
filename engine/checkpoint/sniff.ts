import type { AttuneError } from '../base/errors.ts';
import { malformed, refusal } from './refusal.ts';

/**
 * File names of pickled weights; what they hold is decided by content, their name only helps to say what is missing.
 */
export const PICKLE_NAME = /\.(?:bin|pt|pth|ckpt|pkl|pickle)$/i;

export function pickleRefusal(file: string): AttuneError {
  return refusal(
    'checkpoint-unsupported',
    file,
    'This is a pickle file, which can run any program when it is opened, so Attune has no reader for it. ' +
      'Download the .safetensors file of the same model, or have its publisher convert it.',
  );
}

/**
 * Names what a file is that should be safetensors, from its first bytes (16 are enough for all but the Git LFS pointer,
 * 32 for that). `undefined` when nothing known is recognised.
 */
export function foreignFile(start: Uint8Array, file: string): AttuneError | undefined {
  const text = String.fromCharCode(...start.subarray(0, 32));
  if (isPickle(start, text)) return pickleRefusal(file);
  if (text.startsWith('GGUF'))
    return refusal(
      'checkpoint-unsupported',
      file,
      'This is a GGUF file. Download the diffusers folder of the same model.',
    );
  if (text.startsWith('\x89HDF'))
    return refusal(
      'checkpoint-unsupported',
      file,
      'This is an HDF5 file. Download the .safetensors file of the same model.',
    );
  if (text.startsWith('version https://git-lfs'))
    return refusal(
      'checkpoint-incomplete',
      file,
      'This is a Git LFS pointer, not the weights themselves. Run "git lfs pull" in its folder, or download the file.',
    );
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text))
    return malformed(file, 'This is a web page, saved instead of the weights');
  return undefined;
}

// A torch archive is a zip; the older torch form and plain pickles begin with the protocol mark and an opcode; a tar
// was older still.
function isPickle(start: Uint8Array, text: string): boolean {
  if (text.startsWith('PK\x03\x04') || text.startsWith('PK\x05\x06')) return true;
  const [mark, protocol = 0] = start;
  if (mark !== 0x80 || protocol < 1 || protocol > 5) return false;
  // The same two bytes begin the length of some safetensors headers, whose upper four bytes are zero.
  return start.length < 8 || start.subarray(4, 8).some((byte) => byte !== 0);
}
