import type { LatentSize } from '../latents/size.ts';
import type { Model } from '../model/model.ts';
import type { SamplingPlan } from '../sampling/scheduler.ts';

/**
 * The schedule of a run, from the checkpoint's own scheduler and the levels that its pipeline brings.
 * Throws 'request-invalid' for an impossible number of steps.
 */
export function schedule(
  { denoiser: { patchSize }, family, scheduler }: Pick<Model, 'denoiser' | 'family' | 'scheduler'>,
  { rows, columns }: LatentSize,
  steps: number,
): SamplingPlan {
  const sigmas = family.levels?.(steps);
  return scheduler.plan(steps, {
    imageTokens: (rows / patchSize) * (columns / patchSize),
    ...(sigmas === undefined ? {} : { sigmas }),
  });
}
