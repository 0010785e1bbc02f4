import { valueAt } from '../base/tensor.ts';
import { readConfig } from './config.ts';
import {
  alphaAt,
  clipTo,
  cumulativeAlphas,
  diffuse,
  readBetas,
  readDiffusionBase,
  rescaleToZeroSnr,
  spacedTimesteps,
  splitPrediction,
} from './diffusion.ts';
import type { Scheduler } from './scheduler.ts';
import { combine } from './steps.ts';

/** DDIMScheduler of diffusers v0.32.2 (arXiv 2010.02502, formulas 12 and 16). */
export const ddim: Scheduler = {
  className: 'DDIMScheduler',
  kind: 'diffusion',
  open(config, file) {
    const read = readConfig(config, file);
    const base = readDiffusionBase(read, { clip: true });
    const trained = cumulativeAlphas(readBetas(read, { start: 0.0001, end: 0.02, schedule: 'linear' }));
    const alphas = read.boolean('rescale_betas_zero_snr', false) ? rescaleToZeroSnr(trained) : trained;
    const finalAlpha = read.boolean('set_alpha_to_one', true) ? 1 : (alphas[0] ?? 1);
    return {
      kind: 'diffusion',
      sampler: { name: 'ddim', commonName: 'DDIM' },
      plan(steps) {
        const timesteps = spacedTimesteps(base, steps);
        const stride = Math.floor(base.trainSteps / steps);
        return {
          timesteps,
          alphas,
          finalAlpha,
          noiseUse: 'eta',
          step(index, sample, output, { noise, eta = 0 } = {}) {
            const timestep = valueAt(timesteps, index);
            const alpha = alphaAt(alphas, timestep, finalAlpha);
            // The level before is one stride down, not the schedule's next entry.
            const alphaNext = alphaAt(alphas, timestep - stride, finalAlpha);
            const estimate = splitPrediction(base.prediction, sample, output, alpha);
            const clean = clipTo(estimate.clean, base.clip);
            const deviation = eta * Math.sqrt(((1 - alphaNext) / (1 - alpha)) * (1 - alpha / alphaNext));
            const next = combine(
              clean,
              Math.sqrt(alphaNext),
              estimate.noise,
              Math.sqrt(1 - alphaNext - deviation ** 2),
            );
            if (deviation === 0) return { next, clean };
            if (noise === undefined) throw new RangeError('a DDIM step with eta > 0 needs noise');
            return { next: combine(next, 1, noise, deviation), clean };
          },
          addNoise: (clean, noise, index) =>
            diffuse(clean, noise, alphaAt(alphas, valueAt(timesteps, index), finalAlpha)),
        };
      },
    };
  },
};
