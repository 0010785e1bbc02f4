import { describe, expect, it } from 'vitest';
import type { Pixels } from '../ports.ts';
import { resample } from './resample.ts';

const picture = (
  width: number,
  height: number,
  channels: 1 | 3 | 4,
  at: (x: number, y: number, c: number) => number,
): Pixels => ({
  width,
  height,
  channels,
  data: Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const pixel = Math.floor(i / channels);
    return at(pixel % width, Math.floor(pixel / width), i % channels);
  }),
});

describe('resample', () => {
  it('gives back the picture itself at its own size', () => {
    const own = picture(7, 5, 3, (x, y) => x * 9 + y);
    expect(resample(own, 7, 5)).toBe(own);
  });

  it.each([
    [3, 4],
    [13, 9],
    [1, 1],
    [40, 2],
  ])('keeps one colour one colour, channel by channel: %sx%s', (width, height) => {
    const scaled = resample(
      picture(9, 6, 4, (_x, _y, c) => [10, 100, 255, 77][c] ?? 0),
      width,
      height,
    );
    expect([scaled.width, scaled.height, scaled.channels]).toEqual([width, height, 4]);
    expect(scaled).toEqual(picture(width, height, 4, (_x, _y, c) => [10, 100, 255, 77][c] ?? 0));
  });

  it('keeps a ramp a ramp, larger and smaller', () => {
    for (const width of [20, 80, 120]) {
      const scaled = resample(
        picture(40, 3, 1, (x) => 6 * x),
        width,
        3,
      );
      // Away from the borders, where the filter reaches beyond the picture.
      for (let x = 4; x < width - 4; x++) {
        const expected = 6 * (((x + 0.5) * 40) / width - 0.5);
        expect(Math.abs((scaled.data[width + x] ?? 0) - expected)).toBeLessThanOrEqual(0.51);
      }
    }
  });

  it('averages what it makes smaller: stripes become grey instead of one of them', () => {
    const scaled = resample(
      picture(64, 64, 1, (x) => (x % 2) * 255),
      8,
      8,
    );
    for (const value of scaled.data) expect(Math.abs(value - 127.5)).toBeLessThan(24);
  });

  it('treats both axes alike', () => {
    const turned = ({ width, height, data }: Pixels): Pixels =>
      picture(height, width, 1, (x, y) => data[x * width + y] ?? 0);
    const source = picture(11, 7, 1, (x, y) => (x * 31 + y * 57) % 256);
    const difference = resample(turned(source), 5, 16).data.map(
      (value, i) => value - (turned(resample(source, 16, 5)).data[i] ?? 0),
    );
    // Rounded once at the end, so the order of the axes shows in float noise only.
    expect(Math.max(...difference.map((value) => Math.min(value, 256 - value)))).toBeLessThanOrEqual(1);
  });

  it('keeps a mask a mask: black stays black away from the edge, white stays white', () => {
    const mask = picture(30, 30, 1, (x) => (x < 15 ? 0 : 255));
    const scaled = resample(mask, 20, 20);
    for (let y = 0; y < 20; y++) {
      for (let x = 0; x < 8; x++) expect(scaled.data[y * 20 + x]).toBe(0);
      for (let x = 12; x < 20; x++) expect(scaled.data[y * 20 + x]).toBe(255);
    }
  });
});
