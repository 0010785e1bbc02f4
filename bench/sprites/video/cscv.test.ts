import { describe, expect, it } from 'vitest';
import { cscv, neighbourSimilarities } from './cscv.ts';

describe('cscv', () => {
  it('is 1 for even change and has the published factor', () => {
    expect(cscv([0.9, 0.9, 0.9])).toBe(1);
    // Mean 1, deviation 0.0178: what the paper reports as 84.90.
    expect(cscv([1 - 0.0178, 1 + 0.0178])).toBeCloseTo(0.849, 3);
  });

  it('does not depend on the scale of the likeness, and falls with a cut', () => {
    const even = [0.9, 0.91, 0.9, 0.92];
    expect(cscv(even.map((value) => value / 3))).toBeCloseTo(cscv(even), 12);
    expect(cscv([...even, 0.2])).toBeLessThan(cscv(even));
  });

  it('takes any frames and any likeness', () => {
    const frames = [
      [1, 0],
      [1, 1],
      [0, 1],
    ];
    const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
    const cosine = (a: readonly number[], b: readonly number[]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    const like = neighbourSimilarities(frames, cosine);
    for (const value of like) expect(value).toBeCloseTo(Math.SQRT1_2, 6);
    expect(like).toHaveLength(2);
    expect(() => cscv(neighbourSimilarities([1], () => 1))).toThrow(/neighbour/);
    expect(() => cscv([0, 0])).toThrow(/mean/);
  });
});
