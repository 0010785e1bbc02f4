import type { SamplingPlan } from './scheduler.ts';

/**
 * A diffusion model seen as a flow model. With cumulative product a, x = sqrt(a) x0 + sqrt(1-a) e and S = sqrt(a) + sqrt(1-a), the state
 * z = x / S lies at the flow level s = sqrt(1-a) / S, since z = (1-s) x0 + s e, and its velocity is e - x0. So the rules for flow models
 * (`paired.ts`) hold for diffusion models without a second form of each; for a paired step with kappa 0 this is virtual inversion as
 * published (arXiv 2312.04965, algorithm 2, eta 1).
 */
export interface FlowView {
  /** Levels of the steps and 0 behind them. */
  readonly sigmas: Float32Array;
  /** What the network is given at a step: z -> x. */
  state(step: number, flow: Float32Array): Float32Array;
  /** e - x0 from the network's output at the state x. */
  velocity(step: number, state: Float32Array, output: Float32Array): Float32Array;
}

export function flowView(plan: SamplingPlan): FlowView {
  const alphaOf = (step: number) => plan.alphas?.[plan.timesteps[step] ?? 0] ?? 0;
  const scaleOf = (alpha: number) => Math.sqrt(alpha) + Math.sqrt(1 - alpha);
  const sigmas = new Float32Array(plan.timesteps.length + 1);
  for (let step = 0; step < plan.timesteps.length; step++)
    sigmas[step] = Math.sqrt(1 - alphaOf(step)) / scaleOf(alphaOf(step));
  return {
    sigmas,
    state: (step, flow) => flow.map((value) => value * scaleOf(alphaOf(step))),
    velocity(step, state, output) {
      const alpha = alphaOf(step);
      const [signal, spread] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
      const { clean } = plan.step(step, state, output, { noise: new Float32Array(state.length) });
      return clean.map((value, i) => ((state[i] ?? 0) - signal * value) / spread - value);
    },
  };
}
