import { describe, expect, it } from 'vitest';
import { advanceOffset, gaussianNoise, renoise, valueAt } from '../../../engine/index.ts';
import { virtualInversionStep } from './ddcm.ts';

const size = 32;
const clean = gaussianNoise(size, 1);
const noise = (draw: number) => gaussianNoise(size, 2, draw);

describe('virtualInversionStep', () => {
  it('agrees with the flow form on the same states', () => {
    const s = 0.6;
    const next = 0.3;
    // A flow state is a diffusion state times sqrt(a): x_flow = (1-s) x0 + s e, with a(s) = (1-s)^2 / ((1-s)^2 + s^2).
    const scale = (level: number) => Math.hypot(1 - level, level);
    const alpha = (level: number) => ((1 - level) / scale(level)) ** 2;
    const noiseEstimate = (state: Float32Array, velocity: Float32Array) =>
      state.map((x, i) => x + (1 - s) * valueAt(velocity, i));
    const source = renoise(clean, noise(0), s);
    const target = source.map((x) => x + 0.2);
    const [velocitySource, velocityTarget] = [noise(5), noise(6)];
    const difference = velocityTarget.map((v, i) => v - valueAt(velocitySource, i));
    const offset = advanceOffset(
      target.map((x, i) => x - valueAt(source, i)),
      difference,
      s,
      next,
      0,
    );
    const result = virtualInversionStep(
      { clean, source: source.map((x) => x / scale(s)), branches: [target.map((x) => x / scale(s))] },
      {
        alpha: alpha(s),
        alphaNext: alpha(next),
        eta: 1,
        sourceNoise: noiseEstimate(source, velocitySource),
        branchNoises: [noiseEstimate(target, velocityTarget)],
        fresh: noise(7),
      },
    );
    const expected = renoise(clean, noise(7), next).map((x, i) => (x + valueAt(offset, i)) / scale(next));
    expect(result.branches[0]).toHaveLength(size);
    for (const [i, value] of expected.entries()) expect(result.branches[0]?.[i]).toBeCloseTo(value, 4);
  });
});
