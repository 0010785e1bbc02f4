import type { SchedulerConfig } from './config.ts';

/** What a transition may need besides the sample and the network's output. */
export interface StepInputs {
  /** Standard noise, where `noiseUse` says that the step draws some. */
  readonly noise?: Float32Array;
  /** DDIM: share of the DDPM variance, 0 (default) to 1. */
  readonly eta?: number;
  /** Clean estimate of the step before, for second-order solvers. */
  readonly previousClean?: Float32Array;
}

export interface StepOutput {
  /** The sample at the next level. */
  readonly next: Float32Array;
  /** The clean estimate of this step (LCM: after its boundary scaling). */
  readonly clean: Float32Array;
}

/** A schedule made for a number of steps. Everything is a pure function of its arguments. */
export interface SamplingPlan {
  /** What the network is told at each step, from noise to clean. */
  readonly timesteps: ArrayLike<number>;
  /** Flow models: levels, one longer than the timesteps, the last 0. */
  readonly sigmas?: Float32Array;
  /** Diffusion models: cumulative products of 1 - beta over the training steps, after shifting and rescaling. */
  readonly alphas?: Float64Array;
  /** Diffusion models: the value used below training step 0. */
  readonly finalAlpha?: number;
  /** `never`, `eta`: only when eta > 0, `always`: at every step but, where so documented, the last. */
  readonly noiseUse: 'none' | 'eta' | 'always';
  /** Flow models: what the network is told at any level. */
  readonly timestepAt?: (sigma: number) => number;
  step(index: number, sample: Float32Array, output: Float32Array, inputs?: StepInputs): StepOutput;
  /** The forward process: a clean sample noised to the level of step `index`. */
  addNoise(clean: Float32Array, noise: Float32Array, index: number): Float32Array;
}

export interface PlanOptions {
  /** Flow models with dynamic shifting: packed image tokens. */
  readonly imageTokens?: number;
  /** Flow models: levels before shifting, where the pipeline brings its own. */
  readonly sigmas?: ArrayLike<number>;
}

/** How a sampler is called. */
export interface SamplerName {
  /** Ours, e.g. `flow-euler`. */
  readonly name: string;
  /** The one that other tools know, written as `Sampler:` in the A1111 text. */
  readonly commonName: string;
}

export interface OpenScheduler {
  readonly kind: 'flow' | 'diffusion';
  readonly sampler: SamplerName;
  /** @throws AttuneError 'request-invalid' for an impossible number of steps */
  plan(steps: number, options?: PlanOptions): SamplingPlan;
}

/** A scheduler class of the checkpoints. */
export interface Scheduler {
  /** `_class_name` in scheduler_config.json. */
  readonly className: string;
  readonly kind: 'flow' | 'diffusion';
  /** @throws AttuneError 'checkpoint-malformed' or 'checkpoint-unsupported' naming file and field */
  open(config: SchedulerConfig, file: string): OpenScheduler;
}
