import { throwIfCancelled } from '../base/errors.ts';
import { valueAt } from '../base/tensor.ts';
import type { SamplingPlan } from './scheduler.ts';

export interface SchedulerCall {
  readonly step: number;
  readonly timestep: number;
  readonly latent: Float32Array;
}

export interface SchedulerReport extends SchedulerCall {
  /** Clean estimate of the step. */
  readonly clean: Float32Array;
  /** Latent after the step. */
  readonly next: Float32Array;
}

/** Another noise for what is left of it from a step on: that step starts from the clean estimate before it, noised to its level. */
export interface Renoising {
  /** The step, from 1. */
  readonly from: number;
  /** So many numbers of standard noise: the whole latent's, or some frames' where frames are stepped one by one. */
  readonly noise: (length: number) => Float32Array;
}

export interface SchedulerLoop {
  /** Latent at the level of the first step that runs: noise, or a noised source. */
  readonly latent: Float32Array;
  readonly plan: SamplingPlan;
  /** First step that runs. Default 0. */
  readonly start?: number;
  /** What the network predicts, guidance applied. */
  readonly predict: (call: SchedulerCall) => Promise<Float32Array>;
  /** Standard noise of a step; needed where the plan's `noiseUse` is not `none`. */
  readonly noise?: (step: number) => Float32Array;
  /** DDIM: share of the DDPM variance. */
  readonly eta?: number;
  readonly renoising?: Renoising | undefined;
  readonly onStep?: (report: SchedulerReport) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Plain sampling of a flow or diffusion model along its scheduler's steps. Returns the clean latent.
 * @throws AttuneError 'cancelled' between steps
 */
export async function runSchedulerLoop(loop: SchedulerLoop): Promise<Float32Array> {
  const { plan, eta, noise, renoising } = loop;
  let latent = loop.latent;
  let previousClean: Float32Array | undefined;
  for (let step = loop.start ?? 0; step < plan.timesteps.length; step++) {
    throwIfCancelled(loop.signal);
    const timestep = valueAt(plan.timesteps, step);
    if (step === renoising?.from && previousClean !== undefined)
      latent = plan.addNoise(previousClean, renoising.noise(previousClean.length), step);
    const output = await loop.predict({ step, timestep, latent });
    const { next, clean } = plan.step(step, latent, output, {
      ...(noise === undefined || plan.noiseUse === 'none' ? {} : { noise: noise(step) }),
      ...(eta === undefined ? {} : { eta }),
      ...(previousClean === undefined ? {} : { previousClean }),
    });
    await loop.onStep?.({ step, timestep, latent, clean, next });
    latent = next;
    previousClean = clean;
  }
  return latent;
}
