import { type Pixels, writeMetadata } from '../../engine/index.ts';
import { type AnimationFormat, checkAnimation, encodeAnimation } from '../../native/animation.ts';
import { stageFile } from '../../native/files.ts';
import type { VideoWriter, VideoWriterOptions } from './writer.ts';

export interface AnimationOptions extends VideoWriterOptions {
  readonly format: AnimationFormat;
  readonly replace: boolean;
  /** Frames a second, asked for at `finish`. */
  readonly fps: () => number;
}

/**
 * An animated WebP without loss, or a GIF. These encoders take all frames at once, so that they are held until `finish`: for short videos.
 * A WebP says how it was made, a GIF cannot. `begin` throws 'request-invalid' for more frames than can be held.
 */
export function openAnimation(path: string, { format, replace, fps, record }: AnimationOptions): VideoWriter {
  const frames: Pixels[] = [];
  return {
    begin: ({ size, frames: count }) => checkAnimation({ ...size, frames: count }, format),
    write: async (frame) => void frames.push(frame),
    async finish() {
      const encoded = await encodeAnimation({ frames, fps: fps() }, format);
      const about = record();
      const bytes = about === undefined || format === 'gif' ? encoded : writeMetadata(encoded, format, about).bytes;
      const file = await stageFile(path, bytes, { replace });
      await file.commit();
    },
    abort: async () => void frames.splice(0),
  };
}
