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

/** Screen pixels a mask pixel, on each axis. */
export const finenessFor = ({ width, height }: { readonly width: number; readonly height: number }): number =>
  Math.max(1, Math.min(MAX_FINE, Math.floor(FINE_SIDE / Math.max(width, height, 1))));

/** A rectangle of the mask as it is laid over the picture: the colour as thick as the mask, and a dashed line along its edge. */
export function tintOf({ width, height, data }: Mask, box: Box, fine: number, colour: Colour) {
  const columns = (box.right - box.left) * fine;
  const tint = new Uint32Array(columns * (box.bottom - box.top) * fine);
  const [red, green, blue] = colour;
  const ground = red | (green << 8) | (blue << 16);
  const thick = fine >= 4 ? 2 : 1;
  const inMask = (x: number, y: number) => x < 0 || y < 0 || x >= width || y >= height || data[y * width + x]! >= EDGE_AT;
  for (let y = box.top; y < box.bottom; y++)
    for (let x = box.left; x < box.right; x++) {
      const value = data[y * width + x]!;
      if (value === 0) continue;
      const left = (x - box.left) * fine;
      const top = (y - box.top) * fine;
      const fill = ground | (value << 24);
      for (let row = top; row < top + fine; row++) tint.fill(fill, row * columns + left, row * columns + left + fine);
      if (value < EDGE_AT) continue;
      const bounds = { left: x * fine, top: y * fine };
      const line = (fromX: number, fromY: number, toX: number, toY: number) => {
        for (let row = fromY; row < toY; row++)
          for (let column = fromX; column < toX; column++) {
            const isLight = ((bounds.left + column + bounds.top + row) / DASH) & 1;
            tint[(top + row) * columns + left + column] = isLight ? 0xff_ff_ff_ff : 0xff_20_10_10;
          }
      };
      if (!inMask(x - 1, y)) line(0, 0, Math.min(thick, fine), fine);
      if (!inMask(x + 1, y)) line(Math.max(0, fine - thick), 0, fine, fine);
      if (!inMask(x, y - 1)) line(0, 0, fine, Math.min(thick, fine));
      if (!inMask(x, y + 1)) line(0, Math.max(0, fine - thick), fine, fine);
    }
  return new Uint8ClampedArray(tint.buffer);
}
