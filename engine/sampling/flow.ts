import { AttuneError } from '../base/errors.ts';
import { valueAt } from '../base/tensor.ts';
import { checkSteps, readConfig, type SchedulerConfig } from './config.ts';
import type { SamplingPlan, Scheduler } from './scheduler.ts';
import { cleanEstimate, eulerStep, renoise } from './steps.ts';

/** FlowMatchEulerDiscreteScheduler of diffusers v0.32.2. */

export interface FlowConfig {
  readonly trainSteps: number;
  readonly shift: number;
  /** Present when `use_dynamic_shifting`: mu as a linear function of the number of packed image tokens. */
  readonly dynamic?: {
    readonly baseTokens: number;
    readonly maxTokens: number;
    readonly baseShift: number;
    readonly maxShift: number;
    readonly type: 'exponential' | 'linear';
  };
  /** The last level is stretched to this value (before the final 0). */
  readonly terminal?: number;
}

export interface FlowSchedule {
  /** steps + 1 levels from noise to clean; the last is 0. */
  readonly sigmas: Float32Array<ArrayBuffer>;
  /** What the network is told at each step: sigma * train steps, in 0..1000. */
  readonly timesteps: Float32Array<ArrayBuffer>;
}

export interface FlowScheduleOptions {
  /** Packed image tokens of the picture; needed when the config shifts dynamically. */
  readonly imageTokens?: number;
  /** Levels before shifting, for pipelines that bring their own, as FLUX does. Without them the scheduler makes its own. */
  readonly sigmas?: ArrayLike<number>;
}

export function readFlowConfig(config: SchedulerConfig, file = 'scheduler_config.json'): FlowConfig {
  const read = readConfig(config, file);
  for (const name of ['use_karras_sigmas', 'use_exponential_sigmas', 'use_beta_sigmas']) {
    read.only(name, [false], 'another spacing of the levels');
  }
  read.only('invert_sigmas', [false], 'inverted levels');
  read.only('stochastic_sampling', [false], 'stochastic sampling');
  const terminal = read.number('shift_terminal', 0);
  const trainSteps = read.number('num_train_timesteps', 1000);
  const shift = read.number('shift', 1);
  if (!(shift > 0) || !Number.isInteger(trainSteps) || trainSteps < 1) {
    throw new AttuneError('checkpoint-malformed', `${file}: "shift" and "num_train_timesteps" must be positive.`, {
      file,
      field: 'shift',
    });
  }
  return {
    trainSteps,
    shift,
    ...(read.boolean('use_dynamic_shifting', false)
      ? {
          dynamic: {
            baseTokens: read.number('base_image_seq_len', 256),
            maxTokens: read.number('max_image_seq_len', 4096),
            baseShift: read.number('base_shift', 0.5),
            maxShift: read.number('max_shift', 1.15),
            type: read.choice('time_shift_type', ['exponential', 'linear'], 'exponential'),
          },
        }
      : {}),
    ...(terminal > 0 ? { terminal } : {}),
  };
}

/** The shift mu of a picture of so many packed tokens: linear through the two given points, not clamped. */
export function dynamicShift(
  imageTokens: number,
  points: {
    readonly baseTokens: number;
    readonly maxTokens: number;
    readonly baseShift: number;
    readonly maxShift: number;
  },
): number {
  const slope = (points.maxShift - points.baseShift) / (points.maxTokens - points.baseTokens);
  return imageTokens * slope + (points.baseShift - slope * points.baseTokens);
}

/**
 * The levels and timesteps of a run.
 * @throws AttuneError 'request-invalid' for an impossible number of steps, or when dynamic shifting lacks the token count
 */
export function flowSchedule(config: FlowConfig, steps: number, options: FlowScheduleOptions = {}): FlowSchedule {
  checkSteps(steps, config.trainSteps);
  const given = options.sigmas;
  if (given !== undefined && given.length !== steps) throw new RangeError(`${given.length} levels for ${steps} steps`);
  const move = shiftOf(config, options.imageTokens);
  let levels = given === undefined ? ownLevels(config, steps) : Float64Array.from(given, Math.fround);
  levels = levels.map(move);
  if (config.terminal !== undefined && steps > 1) {
    const factor = (1 - valueAt(levels, steps - 1)) / (1 - config.terminal);
    levels = levels.map((sigma) => 1 - (1 - sigma) / factor);
  }
  const sigmas = new Float32Array(steps + 1);
  sigmas.set(levels);
  return { sigmas, timesteps: sigmas.subarray(0, steps).map((sigma) => sigma * config.trainSteps) };
}

/**
 * The reference's quirk: its constructor keeps sigma_max and sigma_min already shifted, and the levels between them are
 * shifted once more. With dynamic shifting the constructor does not shift.
 */
function ownLevels(config: FlowConfig, steps: number): Float64Array<ArrayBuffer> {
  const shift = config.dynamic === undefined ? staticShift(config.shift) : (sigma: number) => sigma;
  const highest = Math.fround(shift(1));
  const lowest = Math.fround(shift(Math.fround(1 / config.trainSteps)));
  return Float64Array.from({ length: steps }, (_, i) =>
    steps === 1 ? highest : highest + (i * (lowest - highest)) / (steps - 1),
  );
}

function staticShift(shift: number): (sigma: number) => number {
  return (sigma) => (shift * sigma) / (1 + (shift - 1) * sigma);
}

function shiftOf(config: FlowConfig, imageTokens: number | undefined): (sigma: number) => number {
  const { dynamic } = config;
  if (dynamic === undefined) return staticShift(config.shift);
  if (imageTokens === undefined)
    throw new RangeError('this schedule shifts with the picture size: give the number of image tokens');
  const mu = dynamicShift(imageTokens, dynamic);
  const weight = dynamic.type === 'linear' ? mu : Math.exp(mu);
  return (sigma) => weight / (weight + (1 / sigma - 1));
}

export const flowMatchEuler: Scheduler = {
  className: 'FlowMatchEulerDiscreteScheduler',
  kind: 'flow',
  open(config, file) {
    const flow = readFlowConfig(config, file);
    return {
      kind: 'flow',
      sampler: { name: 'flow-euler', commonName: 'Euler' },
      plan: (steps, options = {}): SamplingPlan => {
        const { sigmas, timesteps } = flowSchedule(flow, steps, options);
        const level = (index: number) => valueAt(sigmas, index);
        return {
          timesteps,
          sigmas,
          noiseUse: 'none',
          timestepAt: (sigma) => Math.fround(sigma) * flow.trainSteps,
          step: (index, sample, output) => ({
            next: eulerStep(sample, output, level(index), level(index + 1)),
            clean: cleanEstimate(sample, output, level(index)),
          }),
          addNoise: (clean, noise, index) => renoise(clean, noise, level(index)),
        };
      },
    };
  },
};
