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

  it('names gaps and windows outside', () => {
    const blend = new WindowBlend(3, 1);
    blend.add(0, Float32Array.of(1, 1), [1, 1]);
    expect(() => blend.add(2, Float32Array.of(1, 1), [1, 1])).toThrow(/beyond 3/);
    expect(() => blend.finish()).toThrow(/frame 2/);
  });
});
