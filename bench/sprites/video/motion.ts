import type { Pixels } from '../../../engine/index.ts';
import { type Binary, dilate } from '../foreground.ts';
import type { Judge, JudgedObject, JudgedPlace } from '../judge.ts';

/** What frames show, read by the picture judge: no network, no randomness (the counterpart of the recipe's `motion_judge.py`). */
export interface ReadFrames {
  readonly place: JudgedPlace;
  readonly masks: readonly Binary[];
  readonly objects: readonly (JudgedObject | undefined)[];
}

const WHOLE = { left: 0, top: 0, width: 128, height: 128 } as const;

/** @param first which frame tells the place */
export function readFrames(judge: Judge, frames: readonly Pixels[]): ReadFrames {
  const middle = frames[Math.floor(frames.length / 2)];
  if (middle === undefined) throw new RangeError('there are no frames');
  const place = judge.place(middle);
  const masks = frames.map((frame) => judge.foreground(frame, place));
  return {
    place,
    masks,
    objects: frames.map((frame, at) => judge.object(frame, masks[at] ?? new Uint8Array(), WHOLE)),
  };
}

const PIXELS_A_FRAME = 3;
/** Of the area's logarithm; a growing sprite gains .21 a frame. */
const GROWTH_A_FRAME = 0.08;
const MIN_AREA_PX = 60;

/**
 * The motion by least squares on centroid and area over the frames in which the object is whole, that is, does not touch the edge of the
 * picture; undefined where that are fewer than three.
 */
export function motionOf({ masks }: Pick<ReadFrames, 'masks'>): string | undefined {
  const points = masks.flatMap((mask, frame) => {
    const seen = measure(mask);
    return seen === undefined ? [] : [{ frame, ...seen }];
  });
  if (points.length < 3) return undefined;
  const mean = points.reduce((sum, { frame }) => sum + frame, 0) / points.length;
  const spread = points.reduce((sum, { frame }) => sum + (frame - mean) ** 2, 0);
  const slope = (of: (point: (typeof points)[number]) => number) =>
    points.reduce((sum, point) => sum + (point.frame - mean) * of(point), 0) / spread;
  const [dx, dy, grow] = [slope(({ x }) => x), slope(({ y }) => y), slope(({ area }) => Math.log(area))];
  const strengths: readonly (readonly [string, number])[] = [
    ['left', -dx / PIXELS_A_FRAME],
    ['right', dx / PIXELS_A_FRAME],
    ['rising', -dy / PIXELS_A_FRAME],
    ['falling', dy / PIXELS_A_FRAME],
    ['growing', grow / GROWTH_A_FRAME],
  ];
  const [name, strength] = strengths.reduce((best, one) => (one[1] > best[1] ? one : best));
  return strength >= 1 ? name : 'still';
}

function measure(mask: Binary): { readonly x: number; readonly y: number; readonly area: number } | undefined {
  let [area, sumX, sumY] = [0, 0, 0];
  for (let at = 0; at < mask.length; at++) {
    if (mask[at] !== 1) continue;
    const [x, y] = [at % WHOLE.width, Math.floor(at / WHOLE.width)];
    if (x === 0 || y === 0 || x === WHOLE.width - 1 || y === WHOLE.height - 1) return undefined;
    area++;
    sumX += x;
    sumY += y;
  }
  return area < MIN_AREA_PX ? undefined : { x: sumX / area, y: sumY / area, area };
}

const MARGIN_PX = 6;

/** Mean absolute difference, 0..255, of neighbouring frames where both show ground. */
export function flickerOf(frames: readonly Pixels[], { masks }: Pick<ReadFrames, 'masks'>): number {
  const values = frames.slice(1).map((frame, at) => {
    const before = frames[at];
    const covered = [masks[at], masks[at + 1]].map((mask) =>
      dilate(mask ?? new Uint8Array(), WHOLE.width, WHOLE.height, MARGIN_PX),
    );
    let [sum, count] = [0, 0];
    for (let pixel = 0; pixel < WHOLE.width * WHOLE.height; pixel++) {
      if (before === undefined || covered.some((mask) => mask[pixel] === 1)) continue;
      for (let c = 0; c < 3; c++) sum += Math.abs((frame.data[pixel * 3 + c] ?? 0) - (before.data[pixel * 3 + c] ?? 0));
      count += 3;
    }
    return count === 0 ? 0 : sum / count;
  });
  return mean(values);
}

/** Mean absolute difference of whole neighbouring frames, one value a pair. */
export function changesOf(frames: readonly Pixels[]): readonly number[] {
  return frames.slice(1).map((frame, at) => {
    const before = frames[at]?.data ?? frame.data;
    return frame.data.reduce((sum, value, i) => sum + Math.abs(value - (before[i] ?? 0)), 0) / frame.data.length;
  });
}

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Likeness of two frames: the cosine of their 16 x 16 averages about mid grey. Fixed, and no network. */
export function likeness(a: Pixels, b: Pixels): number {
  const [u, v] = [reduced(a), reduced(b)];
  const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(u, v) / Math.sqrt(dot(u, u) * dot(v, v));
}

const GRID = 16;

function reduced({ width, height, data }: Pixels): Float64Array {
  const out = new Float64Array(GRID * GRID * 3);
  const share = (GRID * GRID) / (width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const cell = Math.floor((y * GRID) / height) * GRID + Math.floor((x * GRID) / width);
      for (let c = 0; c < 3; c++)
        out[cell * 3 + c] = (out[cell * 3 + c] ?? 0) + (((data[(y * width + x) * 3 + c] ?? 0) - 127.5) / 127.5) * share;
    }
  return out;
}
