import { readConfig } from './config.ts';
import { cumulativeAlphas, readBetas, rescaleToZeroSnr, spacedTimesteps } from './diffusion.ts';

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
  const read = readConfig({}, 'the published schedule');
  const trained = cumulativeAlphas(readBetas(read, { start: 0.00085, end: 0.012, schedule: 'scaled_linear' }));
  const shifted = trained.map((alpha) => alpha / (shift + (1 - shift) * alpha));
  const base = { trainSteps: trained.length, prediction: 'v_prediction', spacing: 'trailing', stepsOffset: 0 } as const;
  const timesteps = spacedTimesteps(base, steps);
  const picked = Float64Array.from(timesteps.toReversed(), (time) => shifted[time] ?? 0);
  const levels = rescaleToZeroSnr(picked).toReversed();
  return { timesteps, alphas: Float64Array.of(...levels, 1) };
}
