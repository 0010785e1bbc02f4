import { describe, expect, it } from 'vitest';
import { emptyMask, wholeOf } from '../mask/mask.ts';
import { fillRectangle } from '../mask/shapes.ts';
import { differenceOf, heatOf, rgbaOf } from './pixels.ts';
import { finenessFor, tintOf } from './tint.ts';

describe('pixels for the screen', () => {
  it('get four channels', () => {
    expect([...rgbaOf({ width: 2, height: 1, channels: 1, data: Uint8Array.of(5, 9) })]).toEqual([5, 5, 5, 255, 9, 9, 9, 255]);
    expect([...rgbaOf({ width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) })]).toEqual([1, 2, 3, 255]);
    expect([...rgbaOf({ width: 1, height: 1, channels: 4, data: Uint8Array.of(1, 2, 3, 4) })]).toEqual([1, 2, 3, 4]);
  });

  it('are clear where a map is 0, and thicker and brighter with its value', () => {
    const heat = heatOf(Uint8Array.of(0, 99, 255, 99), 2);
    expect(heat[3]).toBe(0);
    expect([...heat.slice(4)]).toEqual([252, 255, 164, 225]);
    expect(heat).toHaveLength(8);
  });

  it('show a difference enlarged', () => {
    const difference = differenceOf(Uint8ClampedArray.of(10, 200, 0, 255), Uint8ClampedArray.of(13, 100, 0, 0));
    expect([...difference]).toEqual([12, 255, 0, 255]);
  });
});

describe('the tint of a mask', () => {
  const pixel = (tint: Uint8ClampedArray, at: number) => [...tint.slice(4 * at, 4 * at + 4)];

  it('has the colour inside, an edge at its border, and nothing outside', () => {
    const mask = emptyMask(7, 7);
    fillRectangle(mask, { x: 1, y: 1 }, { x: 6, y: 6 }, 255);
    const tint = tintOf(mask, wholeOf(mask), 1, [10, 20, 30]);
    expect(pixel(tint, 0)).toEqual([0, 0, 0, 0]);
    expect(pixel(tint, 3 * 7 + 3)).toEqual([10, 20, 30, 255]);
    expect([16, 255]).toContain(pixel(tint, 1 * 7 + 3)[0]);
  });

  it('of a rectangle is that part of the whole', () => {
    const mask = emptyMask(20, 10);
    fillRectangle(mask, { x: 3, y: 2 }, { x: 15, y: 8 }, 200);
    const fine = 4;
    const whole = tintOf(mask, wholeOf(mask), fine, [1, 2, 3]);
    const part = tintOf(mask, { left: 2, top: 1, right: 9, bottom: 6 }, fine, [1, 2, 3]);
    for (let y = 0; y < 5 * fine; y++)
      for (let x = 0; x < 7 * fine; x++)
        expect(pixel(part, y * 7 * fine + x)).toEqual(pixel(whole, (y + fine) * 20 * fine + x + 2 * fine));
  });

  it('is drawn finer for a small picture alone', () => {
    expect([64, 128, 512, 1024, 4096].map((side) => finenessFor({ width: side, height: side }))).toEqual([8, 8, 2, 1, 1]);
  });
});
