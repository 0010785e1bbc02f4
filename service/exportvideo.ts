import type { HistoryEntry } from '../contract/index.ts';
import { AttuneError, writeMetadata } from '../engine/index.ts';
import { type AnimationFormat, decodeAnimation, encodeAnimation } from '../native/animation.ts';
import { type Exported, factsOf } from './export.ts';
import { DEFAULT_PATTERN, fileNameFrom } from './names.ts';
import { decodedBytes, type MediaStore } from './store/media.ts';

interface VideoExport {
  readonly format: AnimationFormat;
  readonly withMetadata: boolean;
}

const GIF_SAYS_NOTHING = 'A GIF file cannot say how it was made; WebP and MP4 can.';

/** A video of the history as an animation. Throws 'request-invalid' for a result that is a picture. */
export async function exportVideo(
  entry: HistoryEntry,
  { format, withMetadata }: VideoExport,
  media: MediaStore,
): Promise<Exported> {
  if (entry.result.frames === undefined)
    throw new AttuneError('request-invalid', 'This result is a picture, not a video.', { field: 'id' });
  const { bytes: stored } = await media.get(entry.result.ref.sha256);
  const name = `${fileNameFrom(DEFAULT_PATTERN, factsOf(entry))}.${format}`;
  if (format === 'gif')
    return {
      name,
      type: 'image/gif',
      bytes: await media.turns.take(decodedBytes(entry.result), async () =>
        encodeAnimation(await decodeAnimation(stored, 'the result'), 'gif'),
      ),
      notices: withMetadata ? [GIF_SAYS_NOTHING] : [],
    };
  // The stored file keeps every pixel and says nothing.
  const written = withMetadata ? writeMetadata(stored, 'webp', entry.record) : undefined;
  return {
    name,
    type: 'image/webp',
    bytes: new Uint8Array(written?.bytes ?? stored),
    notices: [...(written?.notices ?? [])],
  };
}
