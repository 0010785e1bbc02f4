import { valueAt } from '../base/tensor.ts';
import type { SamplingPlan } from './scheduler.ts';

/** One noise level of a model seen as a flow model. */
export interface FlowLevel {
  /** 1 (noise) to 0 (clean): the state is z = (1-s) x0 + s e. */
  readonly sigma: number;
  /** What the network is told. */
  readonly timestep: number;
  /** What the network is given: z -> x. */
  state(flow: Float32Array): Float32Array;
  /** e - x0 from the network's output at the state x. */
  velocity(state: Float32Array, output: Float32Array): Float32Array;
}

/**
 * Any model seen as a flow model, so that the rules for flow models (`paired.ts`, `eulerloop.ts`) hold for diffusion models without a
 * second form of each. A flow model is its own view. Of a diffusion model with cumulative product a, x = sqrt(a) x0 + sqrt(1-a) e and
 * S = sqrt(a) + sqrt(1-a), the state z = x / S lies at the flow level s = sqrt(1-a) / S, since z = (1-s) x0 + s e, and its velocity is
 * e - x0. For a paired step with kappa 0 this is virtual inversion as published (arXiv 2312.04965, algorithm 2, eta 1).
 */
export interface FlowView {
  /** Levels of the steps and 0 behind them. */
  readonly sigmas: Float32Array;
  /** The level of a step. */
  level(step: number): FlowLevel;
  /** The level nearest to `sigma` that the network knows: of a flow model exactly this one, of a diffusion model that of a step. */
  nearest(sigma: number): FlowLevel;
}

export function flowView(plan: SamplingPlan): FlowView {
  const { sigmas, timestepAt } = plan;
  if (sigmas === undefined || timestepAt === undefined) return viewOfDiffusion(plan);
  const at = (sigma: number, timestep: number): FlowLevel => ({
    sigma,
    timestep,
    state: (flow) => flow,
    velocity: (_state, output) => output,
  });
  return {
    sigmas,
    level: (step) => at(valueAt(sigmas, step), valueAt(plan.timesteps, step)),
    nearest: (sigma) => at(sigma, timestepAt(sigma)),
  };
}

function viewOfDiffusion(plan: SamplingPlan): FlowView {
  const { alphas, timesteps } = plan;
  if (alphas === undefined) throw new RangeError('a schedule has levels of a flow or of a diffusion');
  const alphaOf = (step: number) => valueAt(alphas, valueAt(timesteps, step));
  const scaleOf = (alpha: number) => Math.sqrt(alpha) + Math.sqrt(1 - alpha);
  const sigmas = new Float32Array(timesteps.length + 1);
  for (let step = 0; step < timesteps.length; step++)
    sigmas[step] = Math.sqrt(1 - alphaOf(step)) / scaleOf(alphaOf(step));
  const level = (step: number): FlowLevel => {
    const alpha = alphaOf(step);
    const [signal, spread, scale] = [Math.sqrt(alpha), Math.sqrt(1 - alpha), scaleOf(alpha)];
    return {
      sigma: valueAt(sigmas, step),
      timestep: valueAt(timesteps, step),
      state: (flow) => flow.map((value) => value * scale),
      velocity(state, output) {
        const { clean } = plan.step(step, state, output, { noise: new Float32Array(state.length) });
        return clean.map((value, i) => (valueAt(state, i) - signal * value) / spread - value);
      },
    };
  };
  return {
    sigmas,
    level,
    nearest(sigma) {
      let best = 0;
      for (let step = 1; step < timesteps.length; step++)
        if (Math.abs(valueAt(sigmas, step) - sigma) < Math.abs(valueAt(sigmas, best) - sigma)) best = step;
      return level(best);
    },
  };
}

/** Noise levels of the steps and 0 behind them, for the record: of a diffusion model sqrt(1 - a) of the cumulative product a. */
export function noiseLevels({ sigmas, alphas, timesteps }: SamplingPlan): readonly number[] {
  if (sigmas !== undefined) return Array.from(sigmas);
  if (alphas === undefined) throw new RangeError('a schedule has levels of a flow or of a diffusion');
  return [...Array.from(timesteps, (time) => Math.sqrt(1 - valueAt(alphas, time))), 0];
}
