import { type Pixels, writeMetadata } from '../../engine/index.ts';
import { type AnimationFormat, checkAnimation, encodeAnimation } from '../../native/animation.ts';
import { stageFile } from '../../native/files.ts';
import { type FrameWriter, weighed } from './writer.ts';

export interface AnimationOptions {
  readonly format: AnimationFormat;
  readonly replace: boolean;
  /** How long each frame is shown, where that differs. */
  readonly seconds?: readonly number[];
}

const GIF_SAYS_NOTHING =
  'A GIF shows 256 colours a frame and cannot say how it was made; WebP and a folder of frames can.';

/**
 * An animated WebP without loss, or a GIF. These encoders take all frames at once, so that they are held until `finish`: for short videos.
 * A WebP says how it was made, a GIF cannot. `begin` throws 'request-invalid' for more frames than can be held.
 */
export function openAnimation(path: string, { format, replace, seconds }: AnimationOptions): FrameWriter {
  const frames: Pixels[] = [];
  let fps: number | undefined;
  return {
    begin(shape) {
      fps = shape.fps;
      checkAnimation({ ...shape.size, frames: shape.frames }, format);
    },
    write: async (frame) => void frames.push(frame),
    async finish(record) {
      if (fps === undefined) throw new RangeError('an animation has a rate');
      const encoded = await encodeAnimation({ frames, fps, ...(seconds && { seconds }) }, format);
      const written = record === undefined || format === 'gif' ? undefined : writeMetadata(encoded, format, record);
      const content = written?.bytes ?? encoded;
      await (await stageFile(path, content, { replace })).commit();
      const isSilent = format === 'gif' && record !== undefined;
      return { ...weighed(content), notices: isSilent ? [GIF_SAYS_NOTHING] : (written?.notices ?? []) };
    },
    abort: async () => void frames.splice(0),
  };
}
