import { describe, expect, it } from 'vitest';
import { boxMean, guidedFilter } from './guided.ts';

const grey = (width: number, height: number, value: (x: number, y: number) => number) => ({
  width,
  height,
  channels: 3 as const,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return value(pixel % width, Math.floor(pixel / width));
  }),
});

describe('the guided filter', () => {
  it('takes the edge of the guide where the plane has a ramp', () => {
    const guide = grey(32, 8, (x) => (x < 16 ? 20 : 220));
    const ramp = Float32Array.from({ length: 32 * 8 }, (_, i) => Math.min(1, Math.max(0, ((i % 32) - 10) / 12)));
    const plane = { width: 32, height: 8, data: ramp };
    const { data } = guidedFilter(plane, guide, guide, { radius: 8, epsilon: 1e-3 });
    const step = (values: Float32Array) => (values[16] ?? 0) - (values[15] ?? 0);
    expect(step(ramp)).toBeCloseTo(1 / 12);
    expect(step(data)).toBeGreaterThan(0.4);
  });

  it('is an affine function of the colour where the plane is one, at any size of the large guide', () => {
    const small = grey(20, 20, (x, y) => 10 * x + 2 * y);
    const large = grey(40, 40, (x, y) => 5 * x + y);
    const data = Float32Array.from({ length: 400 }, (_, i) => 0.1 + (0.7 * (small.data[i * 3] ?? 0)) / 255);
    const out = guidedFilter({ width: 20, height: 20, data }, small, large, { radius: 3, epsilon: 1e-7 });
    const errors = out.data.map((value, i) => Math.abs(value - 0.1 - (0.7 * (large.data[i * 3] ?? 0)) / 255));
    expect(Math.max(...errors)).toBeLessThan(1e-3);
  });

  it('averages over windows that end at the borders', () => {
    expect([...boxMean(Float32Array.of(1, 2, 3, 4), 4, 1, 1)]).toEqual([1.5, 2, 3, 3.5]);
    expect([...boxMean(Float32Array.of(1, 2, 3, 4), 2, 2, 5)]).toEqual([2.5, 2.5, 2.5, 2.5]);
  });
});
