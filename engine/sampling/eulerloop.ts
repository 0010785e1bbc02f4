import { throwIfCancelled } from '../base/errors.ts';
import { valueAt } from '../base/tensor.ts';
import { cleanEstimate, estimateStep, eulerStep } from './steps.ts';

export interface EulerCall {
  readonly step: number;
  readonly sigma: number;
  readonly latent: Float32Array;
}

export interface EulerReport {
  readonly step: number;
  readonly sigma: number;
  readonly sigmaNext: number;
  /** Velocity as used, guidance applied. */
  readonly velocity: Float32Array;
  /** Clean estimate, after `replaceClean`. */
  readonly clean: Float32Array;
  /** Latent after the step. */
  readonly latent: Float32Array;
}

export interface EulerLoop {
  /** Latent at level sigmas[start]: noise, or a renoised source. */
  readonly latent: Float32Array;
  /** Levels s_0 > ... > s_n = 0. */
  readonly sigmas: Float32Array;
  /** First step that runs. Default 0. */
  readonly start?: number;
  /** Predicted velocity, guidance applied. */
  readonly velocity: (call: EulerCall) => Promise<Float32Array>;
  /** Replaces the clean estimate of a step, for instance outside a mask. */
  readonly replaceClean?: (clean: Float32Array, step: number) => Float32Array;
  readonly onStep?: (report: EulerReport) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Plain sampling of a flow model along given levels. Returns the latent at level 0.
 * @throws AttuneError 'cancelled' between steps
 */
export async function runEulerLoop(loop: EulerLoop): Promise<Float32Array> {
  let latent = loop.latent;
  for (let step = loop.start ?? 0; step < loop.sigmas.length - 1; step++) {
    throwIfCancelled(loop.signal);
    const sigma = valueAt(loop.sigmas, step);
    const sigmaNext = valueAt(loop.sigmas, step + 1);
    const velocity = await loop.velocity({ step, sigma, latent });
    const { replaceClean } = loop;
    if (replaceClean === undefined) {
      const next = eulerStep(latent, velocity, sigma, sigmaNext);
      const clean = loop.onStep === undefined ? next : cleanEstimate(latent, velocity, sigma);
      latent = next;
      await loop.onStep?.({ step, sigma, sigmaNext, velocity, clean, latent });
    } else {
      const result = estimateStep(latent, velocity, sigma, sigmaNext, (clean) => replaceClean(clean, step));
      latent = result.next;
      await loop.onStep?.({ step, sigma, sigmaNext, velocity, clean: result.clean, latent });
    }
  }
  return latent;
}
