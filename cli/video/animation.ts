import { type Pixels, writeMetadata } from '../../engine/index.ts';
import { type AnimationFormat, checkAnimation, encodeAnimation } from '../../native/animation.ts';
import { stageFile } from '../../native/files.ts';
import type { VideoWriter, VideoWriterOptions } from './writer.ts';

export interface AnimationOptions extends VideoWriterOptions {
  readonly format: AnimationFormat;
  readonly replace: boolean;
}

/**
 * An animated WebP without loss, or a GIF. These encoders take all frames at once, so that they are held until `finish`: for short videos.
 * A WebP says how it was made, a GIF cannot. `begin` throws 'request-invalid' for more frames than can be held.
 */
export function openAnimation(path: string, { format, replace, record }: AnimationOptions): VideoWriter {
  const frames: Pixels[] = [];
  let rate: number | undefined;
  return {
    begin({ size, frames: count, fps }) {
      checkAnimation({ ...size, frames: count }, format);
      rate = fps;
    },
    write: async (frame) => void frames.push(frame),
    async finish() {
      if (rate === undefined) throw new RangeError('an animation begins before its first frame');
      const encoded = await encodeAnimation({ frames, fps: rate }, format);
      const about = record();
      const bytes = about === undefined || format === 'gif' ? encoded : writeMetadata(encoded, format, about).bytes;
      const file = await stageFile(path, bytes, { replace });
      await file.commit();
    },
    abort: async () => void frames.splice(0),
  };
}
