import { valueAt } from '../base/tensor.ts';
import { type ConfigReader, readConfig } from './config.ts';
import {
  alphaAt,
  cumulativeAlphas,
  type DiffusionBase,
  diffuse,
  readBetas,
  readDiffusionBase,
  rescaleToZeroSnr,
  spacedTimesteps,
  splitPrediction,
} from './diffusion.ts';
import { dpmSdeStep } from './dpmsde.ts';
import type { SamplingPlan, Scheduler } from './scheduler.ts';
import { combine } from './steps.ts';

/** The two schedulers of CogVideoX in diffusers v0.32.2. Neither clips the clean estimate, whatever `clip_sample` says. */

interface CogVideoXTables {
  readonly base: DiffusionBase;
  readonly alphas: Float64Array;
  readonly finalAlpha: number;
}

/** The table is shifted in signal-to-noise ratio, a / (s + (1-s) a), and then rescaled itself (not through betas). */
function readTables(read: ConfigReader): CogVideoXTables {
  const base = readDiffusionBase(read, { clip: true });
  const shift = read.number('snr_shift_scale', 3);
  const trained = cumulativeAlphas(readBetas(read, { start: 0.00085, end: 0.012, schedule: 'scaled_linear' }));
  const shifted = trained.map((alpha) => alpha / (shift + (1 - shift) * alpha));
  const alphas = read.boolean('rescale_betas_zero_snr', false) ? rescaleToZeroSnr(shifted) : shifted;
  return { base, alphas, finalAlpha: read.boolean('set_alpha_to_one', true) ? 1 : (alphas[0] ?? 1) };
}

function planOf(
  { base, alphas, finalAlpha }: CogVideoXTables,
  steps: number,
  noiseUse: SamplingPlan['noiseUse'],
  step: (
    levels: StepLevels,
    sample: Float32Array,
    clean: Float32Array,
    inputs: { noise?: Float32Array; previousClean?: Float32Array },
  ) => Float32Array,
): SamplingPlan {
  const timesteps = spacedTimesteps(base, steps);
  const stride = Math.floor(base.trainSteps / steps);
  return {
    timesteps,
    alphas,
    finalAlpha,
    noiseUse,
    step(index, sample, output, inputs = {}) {
      const timestep = valueAt(timesteps, index);
      const alpha = alphaAt(alphas, timestep, finalAlpha);
      const { clean } = splitPrediction(base.prediction, sample, output, alpha);
      const levels = {
        alpha,
        alphaNext: alphaAt(alphas, timestep - stride, finalAlpha),
        ...(index > 0 ? { alphaBefore: alphaAt(alphas, valueAt(timesteps, index - 1), finalAlpha) } : {}),
        last: timestep - stride < 0,
      };
      return { clean, next: step(levels, sample, clean, inputs) };
    },
    addNoise: (clean, noise, index) => diffuse(clean, noise, alphaAt(alphas, valueAt(timesteps, index), finalAlpha)),
  };
}

interface StepLevels {
  readonly alpha: number;
  readonly alphaNext: number;
  /** Level of the schedule's entry before; absent at the first step. */
  readonly alphaBefore?: number;
  /** The next level lies below training step 0. */
  readonly last: boolean;
}

export const cogVideoXDdim: Scheduler = {
  className: 'CogVideoXDDIMScheduler',
  kind: 'diffusion',
  open(config, file) {
    const tables = readTables(readConfig(config, file));
    return {
      kind: 'diffusion',
      sampler: { name: 'cogvideox-ddim', commonName: 'DDIM' },
      plan: (steps) =>
        planOf(tables, steps, 'none', ({ alpha, alphaNext }, sample, clean) => {
          const keep = Math.sqrt((1 - alphaNext) / (1 - alpha));
          return combine(sample, keep, clean, Math.sqrt(alphaNext) - Math.sqrt(alpha) * keep);
        }),
    };
  },
};

/** CogVideoXDPMScheduler: second-order stochastic DPM-Solver++ (`dpmSdeStep`); its last step is of first order. */
export const cogVideoXDpm: Scheduler = {
  className: 'CogVideoXDPMScheduler',
  kind: 'diffusion',
  open(config, file) {
    const tables = readTables(readConfig(config, file));
    return {
      kind: 'diffusion',
      sampler: { name: 'cogvideox-dpm', commonName: 'DPM++ 2M SDE' },
      plan: (steps) =>
        planOf(
          tables,
          steps,
          'always',
          ({ alpha, alphaNext, alphaBefore, last }, sample, clean, { noise, previousClean }) => {
            if (noise === undefined) throw new RangeError('a step of this solver needs noise');
            const before = last || alphaBefore === undefined ? {} : { alphaBefore };
            const estimate = previousClean === undefined ? {} : { previousClean };
            return dpmSdeStep({ alpha, alphaNext, ...before }, sample, clean, { noise, ...estimate });
          },
        ),
    };
  },
};
