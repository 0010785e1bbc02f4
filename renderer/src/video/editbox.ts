import type { Pixels } from '../../../contract/index.ts';
import { type Box, NO_BOX } from '../mask/box.ts';

/** The part of a clip's frames that may change, as the mask of a request: white inside. */
export function maskOf({ left, top, right, bottom }: Box, width: number, height: number): Pixels {
  const data = new Uint8Array(width * height);
  for (let row = top; row < bottom; row++) data.fill(255, row * width + left, row * width + right);
  return { width, height, channels: 1, data };
}

/** The box around what a mask leaves free; an empty one where that is nothing. */
export function boxOf({ width, height, channels, data }: Pixels): Box {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      if ((data[(row * width + column) * channels] ?? 0) < 128) continue;
      [left, right] = [Math.min(left, column), Math.max(right, column + 1)];
      [top, bottom] = [Math.min(top, row), Math.max(bottom, row + 1)];
    }
  return right === 0 ? NO_BOX : { left, top, right, bottom };
}

/** The middle of a picture, to begin with. */
export const middleOf = (width: number, height: number): Box => ({
  left: Math.round(width / 4),
  top: Math.round(height / 4),
  right: Math.round((3 * width) / 4),
  bottom: Math.round((3 * height) / 4),
});
