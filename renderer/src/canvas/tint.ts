import type { Box } from '../mask/box.ts';
import type { Mask } from '../mask/mask.ts';

export type Colour = readonly [red: number, green: number, blue: number];

/** Half of a mask counts as its edge. */
const EDGE_AT = 128;
/** Longest side up to which a mask is drawn in more than one screen pixel a mask pixel, for an edge that stays thin. */
const FINE_SIDE = 1024;
const MAX_FINE = 8;
/** Length of the light and dark pieces of the edge: one of them is seen over any picture. */
const DASH = 4;
const LIGHT = 0xff_ff_ff_ff;
const DARK = 0xff_20_10_10;

/** Screen pixels a mask pixel, on each axis. */
export const finenessFor = ({ width, height }: { readonly width: number; readonly height: number }): number =>
  Math.max(1, Math.min(MAX_FINE, Math.floor(FINE_SIDE / Math.max(width, height, 1))));

/** A rectangle of the mask as it is laid over the picture: the colour as thick as the mask, and a dashed line along its edge. */
export function tintOf(mask: Mask, box: Box, fine: number, colour: Colour): Uint8ClampedArray<ArrayBuffer> {
  const { width, height, data } = mask;
  const columns = (box.right - box.left) * fine;
  const tint = new Uint32Array(columns * (box.bottom - box.top) * fine);
  const [red, green, blue] = colour;
  const ground = red | (green << 8) | (blue << 16);
  for (let y = box.top; y < box.bottom; y++) {
    for (let x = box.left, at = y * width + box.left; x < box.right; x++, at++) {
      const value = data[at]!;
      if (value === 0) continue;
      const to = (y - box.top) * fine * columns + (x - box.left) * fine;
      const fill = ground | (value << 24);
      if (fine === 1) tint[to] = fill;
      else for (let row = 0; row < fine; row++) tint.fill(fill, to + row * columns, to + row * columns + fine);
      if (value < EDGE_AT) continue;
      // Outside the picture counts as inside the mask: a mask that goes to the border has no edge there.
      const left = x > 0 && data[at - 1]! < EDGE_AT;
      const right = x < width - 1 && data[at + 1]! < EDGE_AT;
      const above = y > 0 && data[at - width]! < EDGE_AT;
      const below = y < height - 1 && data[at + width]! < EDGE_AT;
      if (left || right || above || below)
        drawEdge(tint, columns, to, x * fine, y * fine, fine, { left, right, above, below });
    }
  }
  return new Uint8ClampedArray(tint.buffer);
}

interface Sides {
  readonly left: boolean;
  readonly right: boolean;
  readonly above: boolean;
  readonly below: boolean;
}

/** Draws the sides of one mask pixel, whose screen pixels begin at (x, y) and at `to`. */
function drawEdge(
  tint: Uint32Array,
  columns: number,
  to: number,
  x: number,
  y: number,
  fine: number,
  sides: Sides,
): void {
  const thick = fine >= 4 ? 2 : 1;
  for (let row = 0; row < fine; row++)
    for (let column = 0; column < fine; column++) {
      const isEdge =
        (sides.left && column < thick) ||
        (sides.right && column >= fine - thick) ||
        (sides.above && row < thick) ||
        (sides.below && row >= fine - thick);
      if (!isEdge) continue;
      const isLight = ((x + column + y + row) / DASH) & 1;
      tint[to + row * columns + column] = isLight ? LIGHT : DARK;
    }
}
