import { AttuneError } from '../engine/base/errors.ts';
import type { Pixels } from '../engine/ports.ts';
import { sharp } from './sharp.ts';

/** Moving pictures in the formats of still ones, by sharp: animated WebP, which keeps every pixel, and GIF, which everything shows. */
export type AnimationFormat = 'webp' | 'gif';

export interface Animation {
  /** RGB, all of one size. */
  readonly frames: readonly Pixels[];
  /** Frames a second; where frames last unequally, their mean. */
  readonly fps: number;
  /** How long each frame is shown, where that differs by more than rounding. */
  readonly seconds?: readonly number[];
}

/** Frames of a clip, counted from 0. */
export interface Part {
  readonly start: number;
  /** Default: all from there on. */
  readonly count?: number | undefined;
}

/** Of one frame, as for still pictures; of all frames together, what is held while they are coded. */
const MAX_PIXELS = 100_000_000;
const MAX_TOTAL_PIXELS = 400_000_000;
const MAX_FRAMES = 10_000;

/**
 * The rate of frames that are shown at these times, and how long each lasts where that differs. Undefined for a single time.
 * @param times in seconds, growing
 * @param next when the frame after the last one is shown, if it is known
 * @param roundingS how far rounding may put a time off
 */
export function evenness(
  times: readonly number[],
  next: number | undefined,
  roundingS: number,
): Pick<Animation, 'fps' | 'seconds'> | undefined {
  const marks = next === undefined ? times : [...times, next];
  const [first = 0, last = 0] = [marks[0], marks.at(-1)];
  const mean = (last - first) / (marks.length - 1);
  if (!(mean > 0)) return undefined;
  if (marks.every((mark, at) => Math.abs(mark - first - at * mean) <= roundingS)) return { fps: 1 / mean };
  const seconds = times.map((time, at) => Math.max(0.001, (marks[at + 1] ?? time + mean) - time));
  return { fps: seconds.length / seconds.reduce((sum, lasts) => sum + lasts, 0), seconds };
}

/** Milliseconds in which frames of formats that count them are shown, so that no rounding adds up: the end of each is rounded. */
export function frameDelays(
  frames: number,
  { fps, seconds }: Pick<Animation, 'fps' | 'seconds'>,
  unitMs: number,
): readonly number[] {
  let endS = 0;
  const ends = seconds?.map((lasts) => {
    endS += lasts;
    return Math.round((endS * 1000) / unitMs) * unitMs;
  });
  const end = (frame: number) =>
    ends === undefined ? Math.round((frame * 1000) / fps / unitMs) * unitMs : (ends[frame - 1] ?? 0);
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
    `${frames} frames of ${width}x${height} are too many for one ${format} file; make a shorter or smaller video, or write MP4 or a folder of PNG files.`,
    { field: 'frames' },
  );
}

/** WebP without loss, GIF in 256 colours a frame; both begin again at their end. Throws 'request-invalid' for more than can be held. */
export async function encodeAnimation({ frames, ...timing }: Animation, format: AnimationFormat): Promise<Uint8Array> {
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
  const raw = sharp()(data, {
    raw: { width, height: height * frames.length, channels: 3, pageHeight: height },
    limitInputPixels: false,
  });
  const bytes =
    format === 'webp'
      ? await raw
          .webp({ lossless: true, exact: true, loop: 0, delay: [...frameDelays(frames.length, timing, 1)] })
          .toBuffer()
      : // Frames alike stay frames, or whoever reads the file finds fewer of them at another rate.
        await raw
          .gif({ loop: 0, keepDuplicateFrames: true, delay: [...frameDelays(frames.length, timing, 10)] })
          .toBuffer();
  return new Uint8Array(bytes);
}

interface AnimationHeader {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly fps: number;
}

/** What an animation's header says; undefined for a still picture and for what is none. */
export async function animationSize(bytes: Uint8Array): Promise<AnimationHeader | undefined> {
  const found = await headerOf(bytes);
  return found?.size;
}

async function headerOf(bytes: Uint8Array) {
  if (bytes.length === 0) return undefined;
  const header = await sharp()(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => undefined);
  if (header === undefined || (header.pages ?? 1) < 2 || (header.format !== 'webp' && header.format !== 'gif'))
    return undefined;
  const frames = header.pages ?? 1;
  const delaysMs = header.delay ?? [];
  const total = delaysMs.reduce((sum, ms) => sum + ms, 0);
  const fps = total > 0 ? (1000 * frames) / total : 10;
  const { width, pageHeight: height = header.height } = header;
  const size: AnimationHeader = { width, height, frames, fps: thousandths(fps) };
  return { size, delaysMs, unitMs: header.format === 'gif' ? 10 : 1 };
}

const thousandths = (fps: number) => Math.round(fps * 1000) / 1000;

/**
 * Frames of an animated WebP or GIF. Throws 'media-invalid' naming `file`, and 'request-invalid' for a part that lies beyond its end.
 * @param part of a long one, only these are decoded
 */
export async function decodeAnimation(
  bytes: Uint8Array,
  file: string,
  { start, count }: Part = { start: 0 },
): Promise<Animation> {
  const refuse = (why: string, cause?: unknown, field?: string) =>
    new AttuneError('media-invalid', `${file} ${why}.`, { file, ...(field && { field }) }, cause);
  const header = await headerOf(bytes);
  if (header === undefined) throw refuse('is no animated WebP or GIF');
  const { width, height, frames: all, fps } = header.size;
  if (start >= all) throw beyondEnd(all);
  const frames = Math.min(all - start, count ?? all);
  if (width * height > MAX_PIXELS) throw refuse(`has frames of more than ${MAX_PIXELS} pixels; scale it down first`);
  if (frames > MAX_FRAMES || width * height * frames > MAX_TOTAL_PIXELS)
    throw refuse(
      `has ${frames} frames of ${width}x${height}${start === 0 ? '' : ' from there on'}, more than can be held; take a part of it, or scale it down`,
      undefined,
      'frames',
    );
  const { data } = await sharp()(bytes, { page: start, pages: frames, limitInputPixels: false, failOn: 'error' })
    .toColourspace('srgb')
    .flatten({ background: 'white' })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw refuse('is damaged and cannot be decoded', cause);
    });
  const length = width * height * 3;
  const seconds = secondsOf(header, start, frames);
  return {
    fps,
    ...(seconds && { seconds }),
    frames: Array.from({ length: frames }, (_, frame) => ({
      width,
      height,
      channels: 3 as const,
      data: new Uint8Array(data.subarray(frame * length, (frame + 1) * length)),
    })),
  };
}

function secondsOf(
  { delaysMs, unitMs }: NonNullable<Awaited<ReturnType<typeof headerOf>>>,
  start: number,
  frames: number,
): readonly number[] | undefined {
  let endMs = 0;
  const starts = delaysMs.slice(start, start + frames).map((ms) => {
    const startS = endMs / 1000;
    endMs += ms;
    return startS;
  });
  return evenness(starts, endMs / 1000, unitMs / 1000 + 1e-4)?.seconds;
}

/** For a part of a clip that begins after its end. @param frames of the clip, where that is known */
export const beyondEnd = (frames: number | undefined): AttuneError =>
  new AttuneError(
    'request-invalid',
    `The clip has ${frames === undefined ? 'fewer' : frames} frames, and the first one to edit is beyond them. Begin earlier.`,
    { field: 'startFrame' },
  );
