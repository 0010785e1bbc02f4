import { describe, expect, it } from 'vitest';
import { gaussianNoise } from '../base/noise.ts';
import { flowView } from './flowview.ts';
import { openScheduler } from './registry.ts';
import { renoise } from './steps.ts';

const config = {
  _class_name: 'CogVideoXDDIMScheduler',
  prediction_type: 'v_prediction',
  rescale_betas_zero_snr: true,
  timestep_spacing: 'trailing',
  snr_shift_scale: 1,
};

describe('a diffusion model as a flow model', () => {
  const plan = openScheduler(config).plan(8);
  const view = flowView(plan);
  const [clean, noise] = [gaussianNoise(32, 1), gaussianNoise(32, 2)];

  it('begins with noise alone and falls to the picture', () => {
    expect(view.sigmas).toHaveLength(9);
    expect(view.sigmas[0]).toBe(1);
    expect(view.sigmas[8]).toBe(0);
    expect([...view.sigmas]).toEqual([...view.sigmas].sort((a, b) => b - a));
  });

  it.each([0, 3, 7])('step %i: its state is the scheduler’s own, its velocity is noise minus picture', (step) => {
    const state = view.level(step).state(renoise(clean, noise, view.sigmas[step] ?? 0));
    const noised = plan.addNoise(clean, noise, step);
    const alpha = plan.alphas?.[plan.timesteps[step] ?? 0] ?? 0;
    const truth = clean.map((value, i) => Math.sqrt(alpha) * (noise[i] ?? 0) - Math.sqrt(1 - alpha) * value);
    const velocity = view.level(step).velocity(state, truth);
    for (let i = 0; i < 32; i++) {
      expect(state[i]).toBeCloseTo(noised[i] ?? Number.NaN, 5);
      expect(velocity[i]).toBeCloseTo((noise[i] ?? 0) - (clean[i] ?? 0), 4);
    }
  });
});
