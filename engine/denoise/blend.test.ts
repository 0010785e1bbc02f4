import { describe, expect, it } from 'vitest';
import { gaussianNoise } from '../base/noise.ts';
import { triangleWeights, WindowBlend } from './blend.ts';

describe('WindowBlend', () => {
  it('has symmetric weights with their top in the middle', () => {
    const weights = triangleWeights(13);
    expect(weights[6]).toBe(1);
    weights.forEach((weight, i) => {
      expect(weight).toBeCloseTo(weights[12 - i] ?? Number.NaN, 12);
      expect(weight).toBeGreaterThan(0);
    });
  });

  it('gives a long latent back whose windows agree, however often they are visited', () => {
    const [frames, length, tile] = [10, 3, 4];
    const whole = gaussianNoise(frames * length, 1);
    const blend = new WindowBlend(frames, length);
    for (const start of [0, 3, 3, 6, 6])
      blend.add(start, whole.subarray(start * length, (start + tile) * length), triangleWeights(tile));
    blend.finish().forEach((value, i) => {
      expect(value).toBeCloseTo(whole[i] ?? Number.NaN, 6);
    });
  });

  it('counts a window twice that is visited twice', () => {
    const blend = new WindowBlend(1, 1);
    for (const value of [3, 3, 0]) blend.add(0, Float32Array.of(value), [1]);
    expect(blend.finish()[0]).toBe(2);
  });

  it('gives frames away as soon as no window comes back to them, and then refuses one that does', () => {
    const plan = [0, 2, 4].map((start) => ({
      start,
      clean: Float32Array.from({ length: 8 }, (_, i) => start * 10 + i),
    }));
    const whole = new WindowBlend(8, 2);
    const parts = new WindowBlend(8, 2);
    const given: number[] = [];
    for (const { start, clean } of plan) {
      whole.add(start, clean, triangleWeights(4));
      parts.add(start, clean, triangleWeights(4));
      given.push(...parts.finish(start === 4 ? 8 : start + 2));
    }
    expect(given).toEqual([...whole.finish()]);
    expect(() => parts.add(4, new Float32Array(8), triangleWeights(4))).toThrow(/beyond frames 8 to 8/);
  });

  it('names gaps and windows outside', () => {
    const blend = new WindowBlend(3, 1);
    blend.add(0, Float32Array.of(1, 1), [1, 1]);
    expect(() => blend.add(2, Float32Array.of(1, 1), [1, 1])).toThrow(/beyond frames 0 to 3/);
    expect(() => blend.finish()).toThrow(/frame 2/);
  });
});
