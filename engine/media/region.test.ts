import { describe, expect, it } from 'vitest';
import type { Pixels } from '../ports.ts';
import { boundsOf, cutOut, fadeEdges, putBack } from './region.ts';

const picture = (width: number, height: number, channels: 1 | 3 = 3): Pixels => ({
  width,
  height,
  channels,
  data: Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 7) % 251),
});

describe('a part of a picture', () => {
  it('put back unchanged gives the picture, byte for byte', () => {
    const whole = picture(9, 7);
    const place = { x: 2, y: 3, width: 4, height: 3 };
    expect(putBack(whole, cutOut(whole, place), place)).toEqual(whole);
  });

  it('put back changed changes nothing outside', () => {
    const whole = picture(9, 7);
    const place = { x: 2, y: 3, width: 4, height: 3 };
    const other = { ...cutOut(whole, place), data: new Uint8Array(4 * 3 * 3).fill(255) };
    const result = putBack(whole, other, place);
    for (let i = 0; i < whole.data.length; i++) {
      const [x, y] = [Math.floor(i / 3) % 9, Math.floor(i / 27)];
      const inside = x >= 2 && x < 6 && y >= 3 && y < 6;
      expect(result.data[i]).toBe(inside ? 255 : whole.data[i]);
    }
  });

  it('must lie within the picture', () => {
    expect(() => cutOut(picture(4, 4), { x: 2, y: 0, width: 3, height: 1 })).toThrow(RangeError);
  });
});

describe('the bounds of a mask', () => {
  it('hold every pixel that may change, and no more', () => {
    const mask = { ...picture(8, 6, 1), data: new Uint8Array(48) };
    expect(boundsOf(mask)).toBeUndefined();
    mask.data[2 * 8 + 3] = 1;
    mask.data[4 * 8 + 6] = 255;
    expect(boundsOf(mask)).toEqual({ x: 3, y: 2, width: 4, height: 3 });
  });
});

describe('fading', () => {
  const full = (width: number, height: number): Pixels => ({
    width,
    height,
    channels: 1,
    data: new Uint8Array(width * height).fill(255),
  });

  it("leaves edges that are the picture's own", () => {
    const part = { x: 0, y: 0, width: 8, height: 8 };
    expect(fadeEdges(full(8, 8), part, { width: 8, height: 8 }, 3)).toEqual(full(8, 8));
  });

  it('goes from little to all over the margin, at inner edges', () => {
    const faded = fadeEdges(full(8, 8), { x: 4, y: 0, width: 8, height: 8 }, { width: 12, height: 8 }, 3);
    expect([...faded.data.subarray(0, 8)]).toEqual([64, 128, 191, 255, 255, 255, 255, 255]);
  });
});
