import { type Box, clipped } from './box.ts';

/** Where an edit may change the picture: one byte a pixel, row-major, 255 = all of it. Operations change `data` in place. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export const emptyMask = (width: number, height: number): Mask => ({
  width,
  height,
  data: new Uint8Array(width * height),
});

export const copyOf = ({ width, height, data }: Mask): Mask => ({ width, height, data: data.slice() });

export const wholeOf = ({ width, height }: Mask): Box => ({ left: 0, top: 0, right: width, bottom: height });

/** Mean of the mask, 0..1; above 0 exactly where any pixel is. */
export function coverageOf({ data }: Mask): number {
  let sum = 0;
  for (const value of data) sum += value;
  return data.length === 0 ? 0 : sum / (255 * data.length);
}

/** The smallest rectangle that holds every pixel above 0; undefined where there is none. */
export function boundsOf({ width, height, data }: Mask): Box | undefined {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0, row = 0; y < height; y++, row += width) {
    let first = 0;
    while (first < width && data[row + first] === 0) first++;
    if (first === width) continue;
    let last = width - 1;
    while (data[row + last] === 0) last--;
    left = Math.min(left, first);
    right = Math.max(right, last + 1);
    top = Math.min(top, y);
    bottom = y + 1;
  }
  return bottom === 0 ? undefined : { left, top, right, bottom };
}

export function fill({ data }: Mask, value: number): void {
  data.fill(value);
}

export function invert({ data }: Mask): void {
  for (let at = 0; at < data.length; at++) data[at] = 255 - data[at]!;
}

/** Copies a rectangle of one mask into another of the same size. */
export function copyBox(from: Mask, to: Mask, box: Box): void {
  const { left, top, right, bottom } = clipped(box, to);
  for (let y = top; y < bottom; y++) {
    const row = y * to.width;
    to.data.set(from.data.subarray(row + left, row + right), row + left);
  }
}
