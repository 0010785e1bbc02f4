import { AttuneError } from '../base/errors.ts';
import { valueAt } from '../base/tensor.ts';
import { type ConfigReader, checkSteps } from './config.ts';
import { combine } from './steps.ts';

/**
 * Parts shared by the diffusion schedulers of diffusers v0.32.2: x_t = sqrt(a) x0 + sqrt(1-a) e with a the cumulative
 * product of 1 - beta.
 */

export const PREDICTIONS = ['epsilon', 'sample', 'v_prediction'] as const;
export type Prediction = (typeof PREDICTIONS)[number];
export type Spacing = 'linspace' | 'leading' | 'trailing';

export interface DiffusionBase {
  readonly trainSteps: number;
  readonly prediction: Prediction;
  readonly spacing: Spacing;
  readonly stepsOffset: number;
  /** Half-width of the range the clean estimate is clipped to; absent: no clipping. */
  readonly clip?: number;
}

/** @param defaults values of the reference class where they differ between classes */
export function readDiffusionBase(
  read: ConfigReader,
  defaults: { readonly clip: boolean; readonly spacing?: Spacing },
): DiffusionBase {
  read.only('thresholding', [false], 'dynamic thresholding');
  read.only('trained_betas', [], 'a table of betas');
  const range = read.number('clip_sample_range', 1);
  return {
    trainSteps: read.number('num_train_timesteps', 1000),
    prediction: read.choice('prediction_type', PREDICTIONS, 'epsilon'),
    spacing: read.choice('timestep_spacing', ['linspace', 'leading', 'trailing'], defaults.spacing ?? 'leading'),
    stepsOffset: read.number('steps_offset', 0),
    ...(read.boolean('clip_sample', defaults.clip) ? { clip: range } : {}),
  };
}

/** Betas of the training process. */
export function readBetas(
  read: ConfigReader,
  defaults: { readonly start: number; readonly end: number; readonly schedule: 'linear' | 'scaled_linear' },
): Float64Array<ArrayBuffer> {
  const count = read.number('num_train_timesteps', 1000);
  const start = read.number('beta_start', defaults.start);
  const end = read.number('beta_end', defaults.end);
  const schedule = read.choice('beta_schedule', ['linear', 'scaled_linear', 'squaredcos_cap_v2'], defaults.schedule);
  const line = (from: number, to: number, i: number) => (count === 1 ? from : from + (i * (to - from)) / (count - 1));
  const cosine = (time: number) => Math.cos((((time + 0.008) / 1.008) * Math.PI) / 2) ** 2;
  return Float64Array.from({ length: count }, (_, i) => {
    switch (schedule) {
      case 'linear':
        return line(start, end, i);
      case 'scaled_linear':
        return line(Math.sqrt(start), Math.sqrt(end), i) ** 2;
      case 'squaredcos_cap_v2':
        return Math.min(1 - cosine((i + 1) / count) / cosine(i / count), 0.999);
    }
  });
}

/** Cumulative products of 1 - beta. */
export function cumulativeAlphas(betas: Float64Array): Float64Array<ArrayBuffer> {
  let product = 1;
  return Float64Array.from(betas, (beta) => {
    product *= 1 - beta;
    return product;
  });
}

/** Zero terminal signal-to-noise ratio (arXiv 2305.08891, algorithm 1): sqrt(a) shifted and stretched so that the last is 0 and the first stays. */
export function rescaleToZeroSnr(alphas: Float64Array): Float64Array<ArrayBuffer> {
  const first = Math.sqrt(alphas[0] ?? 1);
  const last = Math.sqrt(valueAt(alphas, alphas.length - 1));
  return Float64Array.from(alphas, (alpha) => (((Math.sqrt(alpha) - last) * first) / (first - last)) ** 2);
}

/**
 * Inference timesteps from noise to clean (table 2 of arXiv 2305.08891). Products and sums are rounded in the order of numpy's
 * linspace and arange: where a value falls on a half, the last bit decides to which side it goes.
 */
export function spacedTimesteps(base: DiffusionBase, steps: number): Int32Array<ArrayBuffer> {
  const { trainSteps, spacing, stepsOffset } = base;
  checkSteps(steps, trainSteps);
  const between = (trainSteps - 1) / Math.max(steps - 1, 1);
  const descent = trainSteps - trainSteps / steps - trainSteps;
  const times = Int32Array.from({ length: steps }, (_, i) => {
    const fromLowest = steps - 1 - i;
    switch (spacing) {
      case 'linspace':
        return fromLowest > 0 && i === 0 ? trainSteps - 1 : roundHalfEven(fromLowest * between);
      case 'leading':
        return fromLowest * Math.floor(trainSteps / steps) + stepsOffset;
      case 'trailing':
        return roundHalfEven(trainSteps + i * descent) - 1;
    }
  });
  if (valueAt(times, 0) >= trainSteps) {
    throw new AttuneError(
      'request-invalid',
      `${steps} steps reach beyond the ${trainSteps} training steps of this scheduler; take fewer.`,
      { field: 'steps' },
    );
  }
  return times;
}

/** As numpy and torch round: halves go to the even neighbour. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const part = value - floor;
  if (part === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return Math.round(value);
}

/** The clean sample and the noise that a prediction stands for at cumulative product `alpha`. */
export function splitPrediction(
  prediction: Prediction,
  sample: Float32Array,
  output: Float32Array,
  alpha: number,
): { readonly clean: Float32Array; readonly noise: Float32Array } {
  const signal = Math.sqrt(alpha);
  const spread = Math.sqrt(1 - alpha);
  switch (prediction) {
    case 'epsilon':
      return { clean: combine(sample, 1 / signal, output, -spread / signal), noise: output };
    case 'sample':
      return { clean: output, noise: combine(sample, 1 / spread, output, -signal / spread) };
    case 'v_prediction':
      return { clean: combine(sample, signal, output, -spread), noise: combine(output, signal, sample, spread) };
  }
}

/** sqrt(a) x0 + sqrt(1-a) e. */
export function diffuse(clean: Float32Array, noise: Float32Array, alpha: number): Float32Array<ArrayBuffer> {
  return combine(clean, Math.sqrt(alpha), noise, Math.sqrt(1 - alpha));
}

export function clipTo(values: Float32Array, range: number | undefined): Float32Array {
  return range === undefined ? values : values.map((value) => Math.min(Math.max(value, -range), range));
}

/** The table's value at a training step, or `final` below 0. */
export function alphaAt(alphas: Float64Array, timestep: number, final: number): number {
  return timestep < 0 ? final : valueAt(alphas, timestep);
}
