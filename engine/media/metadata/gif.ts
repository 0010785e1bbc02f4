import type { MetadataBlocks } from './blocks.ts';
import { concatBytes, fromUtf8OrLatin1, latin1, startsWith } from './bytes.ts';
import { LIMITS } from './limits.ts';

/** Comment extensions of GIF files (GIF89a, 24): the text of each lies in blocks of at most 255 bytes. */
const EXTENSION = 0x21;
const COMMENT = 0xfe;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

export function isGif(bytes: Uint8Array): boolean {
  return startsWith(bytes, latin1('GIF87a')) || startsWith(bytes, latin1('GIF89a'));
}

/** The first comment of a GIF; damage is told in `problem`. */
export function readGifBlocks(gif: Uint8Array): MetadataBlocks {
  let at = 13 + colourTable(gif[10] ?? 0);
  let comment: string | undefined;
  for (let parts = 0; parts < LIMITS.parts; parts++) {
    const kind = gif[at];
    if (kind === TRAILER) return comment === undefined ? {} : { comment };
    if (kind !== EXTENSION && kind !== IMAGE)
      return { ...(comment !== undefined && { comment }), problem: 'it is cut off' };
    const isComment = kind === EXTENSION && gif[at + 1] === COMMENT;
    // An image descriptor has ten bytes, its own colours, and the code size of LZW.
    at = kind === EXTENSION ? at + 2 : at + 11 + colourTable(gif[at + 9] ?? 0);
    const blocks: Uint8Array[] = [];
    let bytes = 0;
    for (let size = gif[at] ?? 0; size !== 0; size = gif[at] ?? 0) {
      if (isComment && comment === undefined && bytes + size <= LIMITS.textBytes) {
        blocks.push(gif.subarray(at + 1, at + 1 + size));
        bytes += size;
      }
      at += size + 1;
    }
    at++;
    if (isComment) comment ??= fromUtf8OrLatin1(concatBytes(blocks));
  }
  return { ...(comment !== undefined && { comment }), problem: 'it has too many parts' };
}

function colourTable(flags: number): number {
  return flags & 0x80 ? 3 << ((flags & 7) + 1) : 0;
}
