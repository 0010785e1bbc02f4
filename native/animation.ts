import sharp from 'sharp';
import { AttuneError } from '../engine/base/errors.ts';
import type { Pixels } from '../engine/ports.ts';

/** Moving pictures in the formats of still ones, by sharp: animated WebP, which keeps every pixel, and GIF, which everything shows. */
export type AnimationFormat = 'webp' | 'gif';

export interface Animation {
  /** RGB, all of one size. */
  readonly frames: readonly Pixels[];
  /** Frames a second; where frames last unequally, their mean. */
  readonly fps: number;
}

/** Of one frame, as for still pictures; of all frames together, what is held while they are coded. */
const MAX_PIXELS = 100_000_000;
const MAX_TOTAL_PIXELS = 400_000_000;
const MAX_FRAMES = 10_000;

/** Milliseconds in which frames of formats that count them are shown, so that no rounding adds up: the end of each is rounded. */
export function frameDelays(frames: number, fps: number, unitMs: number): readonly number[] {
  const end = (frame: number) => Math.round((frame * 1000) / fps / unitMs) * unitMs;
  return Array.from({ length: frames }, (_, frame) => Math.max(unitMs, end(frame + 1) - end(frame)));
}

/** Throws 'request-invalid' for more frames than one file of a format can be made of here. */
export function checkAnimation(
  { width, height, frames }: { readonly width: number; readonly height: number; readonly frames: number },
  format: AnimationFormat,
): void {
  if (frames <= MAX_FRAMES && width * height * frames <= MAX_TOTAL_PIXELS) return;
  throw new AttuneError(
    'request-invalid',
    `${frames} frames of ${width}x${height} are too many for one ${format} file; make a shorter or smaller video, or have "attune video" write MP4 or a folder of PNG files.`,
    { field: 'frames' },
  );
}

/** WebP without loss, GIF in 256 colours a frame; both begin again at their end. Throws 'request-invalid' for more than can be held. */
export async function encodeAnimation({ frames, fps }: Animation, format: AnimationFormat): Promise<Uint8Array> {
  const [first] = frames;
  if (first === undefined) throw new RangeError('an animation has a frame');
  const { width, height } = first;
  checkAnimation({ width, height, frames: frames.length }, format);
  const data = new Uint8Array(frames.length * width * height * 3);
  for (const [index, frame] of frames.entries()) {
    if (frame.width !== width || frame.height !== height || frame.channels !== 3)
      throw new RangeError(`frame ${index} is ${frame.width}x${frame.height} of ${frame.channels} channels`);
    data.set(frame.data, index * width * height * 3);
  }
  const raw = sharp(data, {
    raw: { width, height: height * frames.length, channels: 3, pageHeight: height },
    limitInputPixels: false,
  });
  const bytes =
    format === 'webp'
      ? await raw
          .webp({ lossless: true, exact: true, loop: 0, delay: [...frameDelays(frames.length, fps, 1)] })
          .toBuffer()
      : // Frames alike stay frames, or whoever reads the file finds fewer of them at another rate.
        await raw
          .gif({ loop: 0, keepDuplicateFrames: true, delay: [...frameDelays(frames.length, fps, 10)] })
          .toBuffer();
  return new Uint8Array(bytes);
}

/** What an animation's header says; undefined for a still picture and for what is none. */
export async function animationSize(
  bytes: Uint8Array,
): Promise<
  { readonly width: number; readonly height: number; readonly frames: number; readonly fps: number } | undefined
> {
  if (bytes.length === 0) return undefined;
  const header = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined);
  if (header === undefined || (header.pages ?? 1) < 2 || (header.format !== 'webp' && header.format !== 'gif'))
    return undefined;
  const frames = header.pages ?? 1;
  const total = (header.delay ?? []).reduce((sum, ms) => sum + ms, 0);
  const fps = total > 0 ? (1000 * frames) / total : 10;
  return {
    width: header.width,
    height: header.pageHeight ?? header.height,
    frames,
    fps: Math.round(fps * 1000) / 1000,
  };
}

/** All frames of an animated WebP or GIF. Throws 'media-invalid' naming `file`. */
export async function decodeAnimation(bytes: Uint8Array, file: string): Promise<Animation> {
  const refuse = (why: string, cause?: unknown) => new AttuneError('media-invalid', `${file} ${why}.`, { file }, cause);
  const size = await animationSize(bytes);
  if (size === undefined) throw refuse('is no animated WebP or GIF');
  const { width, height, frames: count, fps } = size;
  if (width * height > MAX_PIXELS) throw refuse(`has frames of more than ${MAX_PIXELS} pixels; scale it down first`);
  if (count > MAX_FRAMES || width * height * count > MAX_TOTAL_PIXELS)
    throw refuse(`has ${count} frames of ${width}x${height}, more than can be held; shorten it or scale it down`);
  const { data } = await sharp(bytes, { animated: true, limitInputPixels: false, failOn: 'error' })
    .toColourspace('srgb')
    .flatten({ background: 'white' })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw refuse('is damaged and cannot be decoded', cause);
    });
  const length = width * height * 3;
  return {
    fps,
    frames: Array.from({ length: count }, (_, frame) => ({
      width,
      height,
      channels: 3 as const,
      data: new Uint8Array(data.subarray(frame * length, (frame + 1) * length)),
    })),
  };
}
