import { describe, expect, it } from 'vitest';
import { advanceOffset } from './paired.ts';

/** u' of one number, for u = 2, dv = -3, from level 0.8 to 0.4. */
const advance = (kappa: number) => advanceOffset(Float32Array.of(2), Float32Array.of(-3), 0.8, 0.4, kappa)[0];

describe('the paired rule', () => {
  // Clean estimate u - s dv = 4.4, noise estimate u + (1-s) dv = 1.4: u' = 0.6 * 4.4 + 0.4 * kappa * 1.4.
  it.each([
    [0, 2.64],
    [0.25, 2.78],
    [0.5, 2.92],
    [1, 3.2],
  ])('carries on a share of %d of the noise difference', (kappa, expected) => {
    expect(advance(kappa)).toBeCloseTo(expected, 5);
  });

  it('takes each latent pixel its own share', () => {
    const [two, three] = [Float32Array.of(2, 2, 2, 2), Float32Array.of(-3, -3, -3, -3)];
    const field = Float32Array.of(0.5, 1);
    // One plane of two pixels, repeated over the channels.
    expect([...advanceOffset(two, three, 0.8, 0.4, field)]).toEqual([0.5, 1, 0.5, 1].map(advance));
  });
});
