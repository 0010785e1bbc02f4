import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pixels } from '../ports.ts';
import { toMask } from './pixels.ts';

const rgba = (...pixels: number[][]): Pixels => ({
  width: pixels.length,
  height: 1,
  channels: 4,
  data: Uint8Array.from(pixels.flat()),
});

/** A square of 64 pixels: `inside` within 16..47, `outside` around it. */
const square = (inside: readonly number[], outside: readonly number[]): Pixels => ({
  width: 64,
  height: 64,
  channels: 4,
  data: Uint8Array.from(
    Array.from({ length: 64 * 64 }, (_, at) => {
      const [x, y] = [at % 64, at >> 6];
      return x >= 16 && x < 48 && y >= 16 && y < 48 ? inside : outside;
    }).flat(),
  ),
});
const WHITE = [255, 255, 255, 255];
const BLACK = [0, 0, 0, 255];
const NOTHING = [0, 0, 0, 0];
const PHOTO = [200, 90, 30, 255];
/** What the mask says in the middle and in the corner. */
const said = (picture: Pixels) => {
  const { mask, reading } = toMask(picture);
  return [reading, mask.data[32 * 64 + 32], mask.data[0]];
};

describe('a mask', () => {
  it('of greys says what it says, in one, three or four channels', () => {
    const values = Uint8Array.of(0, 1, 127, 254, 255);
    const shape = { width: 5, height: 1 };
    const wide = (channels: 3 | 4) =>
      Uint8Array.from(
        values.length === 0
          ? []
          : [...values].flatMap((value) => (channels === 3 ? [value, value, value] : [value, value, value, 255])),
      );
    for (const picture of [
      { ...shape, channels: 1, data: values },
      { ...shape, channels: 3, data: wide(3) },
      { ...shape, channels: 4, data: wide(4) },
    ] satisfies Pixels[]) {
      expect(toMask(picture)).toEqual({ mask: { ...shape, channels: 1, data: values }, reading: 'brightness' });
    }
  });

  it('painted white on a transparent layer repaints the paint', () => {
    const { mask, reading } = toMask(rgba([255, 255, 255, 255], [0, 0, 0, 0], [255, 255, 255, 128]));
    expect([...mask.data, reading]).toEqual([255, 0, 128, 'painted']);
  });

  it('that is a picture with holes repaints the holes', () => {
    const { mask, reading } = toMask(rgba([200, 10, 30, 255], [9, 9, 9, 0]));
    expect([...mask.data, reading]).toEqual([0, 255, 'transparent']);
  });

  it('painted white and corrected in black on a transparent layer repaints the white alone', () => {
    const mask = square(WHITE, NOTHING);
    mask.data.set(
      BLACK.flatMap(() => BLACK),
      0,
    );
    expect(said(mask)).toEqual(['painted', 255, 0]);
    const half = square(WHITE, BLACK);
    for (let at = 0; at < 64 * 8; at++) half.data.set(NOTHING, at * 4);
    expect(said(half)).toEqual(['painted', 255, 0]);
  });

  it.each([245, 230, 205])('painted in a white of %d repaints the paint', (value) => {
    const [reading, inside, outside] = said(square([value, value, value, 255], NOTHING));
    expect([reading, outside]).toEqual(['painted', 0]);
    expect(inside).toBeGreaterThan(220);
  });

  it('whose soft paint was mixed with the black below it repaints the paint as far as it is opaque', () => {
    const soft: Pixels = { ...square(NOTHING, NOTHING), data: new Uint8Array(64 * 64 * 4) };
    for (let at = 0; at < 64 * 64; at++) {
      const value = Math.max(0, Math.round(255 - 9 * Math.hypot((at % 64) - 32, (at >> 6) - 32)));
      soft.data.set([value, value, value, value], at * 4);
    }
    const { mask, reading } = toMask(soft);
    expect(reading).toBe('painted');
    expect(Math.max(...mask.data.map((value, at) => Math.abs(value - soft.data[at * 4 + 3]!)))).toBe(0);
  });

  it('of a picture with holes is read by its holes, also where it is black or grey', () => {
    for (const colour of [PHOTO, BLACK, [120, 120, 120, 255]])
      expect(said(square(NOTHING, colour))).toEqual(['transparent', 255, 0]);
    expect(said(square([200, 90, 30, 100], PHOTO))).toEqual(['transparent', 155, 0]);
  });

  it('is not turned over by any pixel, whatever it is', () => {
    const masks = [square(WHITE, BLACK), square(WHITE, NOTHING), square(NOTHING, PHOTO), square(NOTHING, BLACK)];
    fc.assert(
      fc.property(
        fc.nat(masks.length - 1),
        fc.nat(64 * 64 - 1),
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        (which, at, colour) => {
          const whole = masks[which]!;
          const stray = { ...whole, data: whole.data.slice() };
          stray.data.set(colour, at * 4);
          const [before, after] = [toMask(whole), toMask(stray)];
          expect(after.reading).toBe(before.reading);
          expect(after.mask.data.filter((value, index) => value !== before.mask.data[index]).length).toBeLessThan(2);
        },
      ),
      { numRuns: 300 },
    );
  });
});
