import { AttuneError } from '../base/errors.ts';
import { valueAt } from '../base/tensor.ts';
import { checkSteps, readConfig } from './config.ts';
import {
  alphaAt,
  clipTo,
  cumulativeAlphas,
  diffuse,
  readBetas,
  readDiffusionBase,
  rescaleToZeroSnr,
  splitPrediction,
} from './diffusion.ts';
import type { Scheduler } from './scheduler.ts';
import { combine } from './steps.ts';

const SIGMA_DATA = 0.5;

/** LCMScheduler of diffusers v0.32.2: multistep consistency sampling (arXiv 2310.04378). Noise is used at every step but the last. */
export const lcm: Scheduler = {
  className: 'LCMScheduler',
  kind: 'diffusion',
  open(config, file) {
    const read = readConfig(config, file);
    const base = readDiffusionBase(read, { clip: false });
    const trained = cumulativeAlphas(readBetas(read, { start: 0.00085, end: 0.012, schedule: 'scaled_linear' }));
    const alphas = read.boolean('rescale_betas_zero_snr', false) ? rescaleToZeroSnr(trained) : trained;
    const finalAlpha = read.boolean('set_alpha_to_one', true) ? 1 : (alphas[0] ?? 1);
    const originalSteps = read.number('original_inference_steps', 50);
    const scaling = read.number('timestep_scaling', 10);
    if (!Number.isInteger(originalSteps) || originalSteps < 1 || originalSteps > base.trainSteps) {
      throw new AttuneError(
        'checkpoint-malformed',
        `${file}: "original_inference_steps" must be from 1 to ${base.trainSteps}.`,
        {
          file,
          field: 'original_inference_steps',
        },
      );
    }
    return {
      kind: 'diffusion',
      sampler: { name: 'lcm', commonName: 'LCM' },
      plan(steps) {
        checkSteps(steps, originalSteps);
        const timesteps = consistencyTimesteps(base.trainSteps, originalSteps, steps);
        return {
          timesteps,
          alphas,
          finalAlpha,
          noiseUse: 'always',
          step(index, sample, output, { noise } = {}) {
            const timestep = valueAt(timesteps, index);
            const estimate = splitPrediction(base.prediction, sample, output, alphaAt(alphas, timestep, finalAlpha));
            const scaled = timestep * scaling;
            const skip = SIGMA_DATA ** 2 / (scaled ** 2 + SIGMA_DATA ** 2);
            const out = scaled / Math.sqrt(scaled ** 2 + SIGMA_DATA ** 2);
            const clean = combine(clipTo(estimate.clean, base.clip), out, sample, skip);
            if (index === steps - 1) return { next: clean, clean };
            if (noise === undefined) throw new RangeError('an LCM step before the last needs noise');
            return {
              next: diffuse(clean, noise, alphaAt(alphas, timesteps[index + 1] ?? timestep, finalAlpha)),
              clean,
            };
          },
          addNoise: (clean, noise, index) =>
            diffuse(clean, noise, alphaAt(alphas, valueAt(timesteps, index), finalAlpha)),
        };
      },
    };
  },
};

/** Evenly spaced (by index, floored) entries of the distillation schedule k-1, 2k-1, ... taken from its end. */
function consistencyTimesteps(trainSteps: number, originalSteps: number, steps: number): Int32Array<ArrayBuffer> {
  const stride = Math.floor(trainSteps / originalSteps);
  // The quotient is rounded before it is multiplied, as numpy's linspace does: the floor may depend on it.
  const skip = originalSteps / steps;
  return Int32Array.from({ length: steps }, (_, i) => (originalSteps - Math.floor(i * skip)) * stride - 1);
}
