import { describe, expect, it } from 'vitest';
import { gaussianNoise, valueAt } from '../../../engine/index.ts';
import { apart } from '../../embedded.ts';
import { guidedStep, standardise } from './guidedstep.ts';

const size = 32;
const clean = gaussianNoise(size, 1);

describe('the guided step', () => {
  it('without a share of the direction is an Euler step', () => {
    const velocity = gaussianNoise(size, 2, 11);
    const euler = clean.map((x, i) => x + (0.5 - 0.8) * valueAt(velocity, i));
    expect(apart(guidedStep(clean, velocity, gaussianNoise(size, 2, 12), 0.8, 0.5, 0), euler)).toBeLessThan(5e-6);
  });

  it('keeps the variance', () => {
    const wide = gaussianNoise(40_000, 4);
    const next = guidedStep(wide, gaussianNoise(40_000, 5), gaussianNoise(40_000, 6), 1, 1, 0.6);
    expect(next.reduce((sum, value) => sum + value * value, 0) / next.length).toBeCloseTo(1, 1);
  });

  it('standardises its direction, constants to zeros', () => {
    expect(standardise(new Float32Array(4).fill(3))).toEqual(new Float32Array(4));
    const values = standardise(clean);
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 4);
    expect(values.reduce((sum, value) => sum + value * value, 0) / (size - 1)).toBeCloseTo(1, 4);
  });
});
