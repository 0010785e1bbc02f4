import { openScheduler, valueAt } from '../../../engine/index.ts';

/** A schedule of CogVideoX's own code: what the network is told at each step, and the levels, one longer, the last 1. */
export interface PublishedLevels {
  readonly timesteps: Int32Array;
  /** Cumulative products of 1 - beta, from noise to clean. */
  readonly alphas: Float64Array;
}

/**
 * The levels that DiTCtrl's published numbers were made with (official code, ZeroSNRDDPMDiscretization): shifted in signal-to-noise
 * ratio as CogVideoX's schedulers in diffusers do, but rescaled to zero SNR after the steps are picked, so that the last step's level
 * stays instead of the table's first. The two differ by up to 1e-3 in sqrt(a) at 50 steps.
 */
export function publishedLevels(steps: number, shift: number): PublishedLevels {
  const scheduler = openScheduler({
    _class_name: 'CogVideoXDDIMScheduler',
    snr_shift_scale: shift,
    timestep_spacing: 'trailing',
    rescale_betas_zero_snr: false,
  });
  const { timesteps, alphas: shifted } = scheduler.plan(steps);
  if (shifted === undefined) throw new Error('a diffusion schedule has levels');
  const roots = Array.from(timesteps, (time) => Math.sqrt(valueAt(shifted, time)));
  const [last, first] = [valueAt(roots, 0), valueAt(roots, roots.length - 1)];
  const rescaled = roots.map((root) => (((root - last) * first) / (first - last)) ** 2);
  return { timesteps: Int32Array.from(timesteps), alphas: Float64Array.of(...rescaled, 1) };
}
