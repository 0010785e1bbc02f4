import { describe, expect, it } from 'vitest';
import { copyOf, coverageOf, emptyMask, invert, type Mask } from './mask.ts';
import { aboveLevel, fillRegion } from './region.ts';
import { feather, grow, shrink } from './reshape.ts';
import { fillRectangle } from './shapes.ts';

const square = (side: number, from: number, to: number): Mask => {
  const mask = emptyMask(side, side);
  fillRectangle(mask, { x: from, y: from }, { x: to, y: to }, 255);
  return mask;
};
const at = ({ width, data }: Mask, x: number, y: number) => data[y * width + x];

/** The same by its definition. */
function grownSlowly({ width, height, data }: Mask, radius: number): Uint8Array {
  const grown = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let dy = -radius; dy <= radius; dy++)
        for (let dx = -radius; dx <= radius; dx++) {
          const inside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
          if (!inside || dx * dx + dy * dy > (radius + 0.5) ** 2) continue;
          const place = y * width + x;
          grown[place] = Math.max(grown[place]!, data[(y + dy) * width + x + dx]!);
        }
  return grown;
}

describe('growing and shrinking', () => {
  it.each([1, 2, 3, 7])('widens by a disc of radius %i', (radius) => {
    const mask = emptyMask(31, 23);
    for (let place = 0; place < mask.data.length; place += 37) mask.data[place] = (place * 7) % 256;
    const expected = grownSlowly(mask, radius);
    grow(mask, radius);
    expect(mask.data).toEqual(expected);
  });

  it('shrinks back to a square that was grown', () => {
    const mask = square(40, 12, 28);
    const before = copyOf(mask);
    grow(mask, 4);
    expect(at(mask, 8, 20)).toBe(255);
    expect(at(mask, 7, 20)).toBe(0);
    shrink(mask, 4);
    expect(mask).toEqual(before);
  });

  it('does not shrink a full mask from the border', () => {
    const mask = square(16, 0, 16);
    shrink(mask, 3);
    expect(coverageOf(mask)).toBe(1);
  });
});

describe('feather', () => {
  it('softens an edge evenly and keeps the amount', () => {
    const mask = square(60, 20, 40);
    const before = coverageOf(mask);
    feather(mask, 6);
    expect(coverageOf(mask)).toBeCloseTo(before, 2);
    const edge = [14, 17, 20, 23, 26].map((x) => at(mask, x, 30)!);
    expect(edge).toEqual([...edge].sort((a, b) => a - b));
    expect(edge[2]).toBeGreaterThan(90);
    expect(edge[2]).toBeLessThan(170);
    expect(at(mask, 30, 30)).toBe(255);
  });

  it('keeps a full mask full', () => {
    const mask = square(12, 0, 12);
    feather(mask, 40);
    expect(coverageOf(mask)).toBe(1);
  });
});

describe('a region', () => {
  const rgba = (colours: string) =>
    Uint8Array.from([...colours].flatMap((colour) => (colour === 'r' ? [200, 20, 20, 255] : [20, 20, 200, 255])));
  const field = { width: 5, height: 4, rgba: rgba(['rrbrr', 'rrbrr', 'bbbrr', 'rrbbb'].join('')) };

  it('is what hangs together with the clicked pixel and looks like it', () => {
    const mask = emptyMask(5, 4);
    expect(fillRegion(mask, field, 0, 0, 255)).toEqual({ left: 0, top: 0, right: 2, bottom: 2 });
    expect([...mask.data].map((value) => (value > 0 ? 'x' : '.')).join('')).toBe('xx...xx.............');
    fillRegion(mask, field, 2, 0, 255);
    expect([...mask.data].map((value) => (value > 0 ? 'x' : '.')).join('')).toBe('xxx..xxx..xxx....xxx');
    fillRegion(mask, field, 1, 1, 0);
    expect([...mask.data].map((value) => (value > 0 ? 'x' : '.')).join('')).toBe('..x....x..xxx....xxx');
  });

  it('ends where the map of the word ends', () => {
    const mask = emptyMask(5, 4);
    const map = Uint8Array.from({ length: 20 }, (_, place) => (place % 5 === 4 ? 250 : 10));
    fillRegion(mask, { ...field, map }, 3, 0, 255);
    expect(coverageOf(mask) * 20).toBeCloseTo(3, 5);
  });

  it('is nothing outside the picture', () => {
    const mask = emptyMask(5, 4);
    fillRegion(mask, field, 5, 0, 255);
    expect(coverageOf(mask)).toBe(0);
  });

  it('of a map is everything above the level', () => {
    const map: Mask = { width: 4, height: 1, data: Uint8Array.of(0, 127, 128, 255) };
    expect([...aboveLevel(map, 0.5).data]).toEqual([0, 0, 255, 255]);
    expect([...aboveLevel(map, 0).data]).toEqual([0, 255, 255, 255]);
  });
});

it('inverts twice to the same', () => {
  const mask = square(9, 2, 5);
  const before = copyOf(mask);
  invert(mask);
  expect(coverageOf(mask)).toBeCloseTo(1 - 9 / 81, 5);
  invert(mask);
  expect(mask).toEqual(before);
});
