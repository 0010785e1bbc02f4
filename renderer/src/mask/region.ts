import { type Box, joined, NO_BOX } from './box.ts';
import type { Mask } from './mask.ts';

/** What a click looks at: the picture's pixels, and the map of the chosen word where there is one. */
export interface RegionField {
  readonly width: number;
  readonly height: number;
  /** Four bytes a pixel. */
  readonly rgba: Uint8Array | Uint8ClampedArray;
  /** One byte a pixel. */
  readonly map?: Uint8Array;
}

/** Largest difference to the clicked pixel, in any channel and in the map. */
export interface Likeness {
  readonly colour: number;
  readonly map: number;
}

export const USUAL_LIKENESS: Likeness = { colour: 28, map: 96 };

/** The mask of a map: everything above the level, 0..1. */
export function aboveLevel({ width, height, data }: Mask, level: number): Mask {
  return { width, height, data: data.map((value) => (value > level * 255 ? 255 : 0)) };
}

/**
 * Sets the pixels that are like the one at (x, y) and hang together with it over their sides.
 *
 * @returns the rectangle that may have changed
 */
export function fillRegion(
  mask: Mask,
  field: RegionField,
  x: number,
  y: number,
  value: number,
  likeness: Likeness = USUAL_LIKENESS,
): Box {
  const { width, height } = field;
  if (x < 0 || y < 0 || x >= width || y >= height) return NO_BOX;
  const isLike = likenessTo(field, y * width + x, likeness);
  const seen = new Uint8Array(width * height);
  const stack = [y * width + x];
  let box = NO_BOX;
  const lookAt = (at: number) => {
    if (seen[at] === 0 && isLike(at)) stack.push(at);
  };
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (seen[at] !== 0) continue;
    const row = at - (at % width);
    let start = at;
    while (start > row && seen[start - 1] === 0 && isLike(start - 1)) start--;
    let end = at + 1;
    while (end < row + width && seen[end] === 0 && isLike(end)) end++;
    seen.fill(1, start, end);
    mask.data.fill(value, start, end);
    const top = row / width;
    box = joined(box, { left: start - row, top, right: end - row, bottom: top + 1 });
    for (let next = start; next < end; next++) {
      if (top > 0) lookAt(next - width);
      if (top < height - 1) lookAt(next + width);
    }
  }
  return box;
}

function likenessTo({ rgba, map }: RegionField, seed: number, likeness: Likeness): (at: number) => boolean {
  const red = rgba[4 * seed]!;
  const green = rgba[4 * seed + 1]!;
  const blue = rgba[4 * seed + 2]!;
  const level = map?.[seed] ?? 0;
  return (at) =>
    Math.abs(rgba[4 * at]! - red) <= likeness.colour &&
    Math.abs(rgba[4 * at + 1]! - green) <= likeness.colour &&
    Math.abs(rgba[4 * at + 2]! - blue) <= likeness.colour &&
    (map === undefined || Math.abs(map[at]! - level) <= likeness.map);
}
