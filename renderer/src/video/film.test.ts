import { describe, expect, it } from 'vitest';
import { toI420 } from './film.ts';

const plane = (rgb: readonly [number, number, number]) => ({
  width: 2,
  height: 2,
  data: new Uint8ClampedArray([...rgb, 255, ...rgb, 255, ...rgb, 255, ...rgb, 255]),
});

describe('colours of a film', () => {
  it.each([
    // Eight-bit code values of the primaries, BT.709 limited range.
    ['black', [0, 0, 0], [16, 128, 128]],
    ['white', [255, 255, 255], [235, 128, 128]],
    ['red', [255, 0, 0], [63, 102, 240]],
    ['green', [0, 255, 0], [173, 42, 26]],
    ['blue', [0, 0, 255], [32, 240, 118]],
  ] as const)('%s', (_name, rgb, [y, u, v]) => {
    expect([...toI420(plane(rgb))]).toEqual([y, y, y, y, u, v]);
  });
});
