import { throwIfCancelled } from '../../../engine/index.ts';

/**
 * Virtual inversion (DDCM) in its diffusion form: InfEdit, arXiv 2312.04965, algorithm 2 and its reference loop. Diffusion
 * states are x = sqrt(a) x0 + sqrt(1-a) e. For flow models the same rule is `runPairedLoop` with kappa = 0,
 * eta and, below eta = 1, `noiseFrom: 'target'`.
 */

export interface VirtualInversionStates {
  /** Clean source latent x0. */
  readonly clean: Float32Array;
  /** Noisy source. */
  readonly source: Float32Array;
  /** The other branches (target, layout). */
  readonly branches: readonly Float32Array[];
}

export interface VirtualInversionStep {
  /** Cumulative product at this level and at the next. */
  readonly alpha: number;
  readonly alphaNext: number;
  /** Share of fresh noise in the variance: 1 (the method's default) leaves only fresh noise. */
  readonly eta: number;
  /** Predicted noise of the source and of every branch. */
  readonly sourceNoise: Float32Array;
  readonly branchNoises: readonly Float32Array[];
  /** Standard noise, the same for all branches. */
  readonly fresh: Float32Array;
}

export interface VirtualInversionResult {
  readonly source: Float32Array;
  readonly branches: readonly Float32Array[];
  /** Corrected clean estimates of the branches. */
  readonly cleans: readonly Float32Array[];
}

/**
 * pred = x0 + ((x_t - x_s) - sqrt(1-a)(e_t - e_s)) / sqrt(a);  e_c = (x_s - sqrt(a) x0) / sqrt(1-a)
 * n = sqrt(1-eta)((e_t - e_s) + e_c) + sqrt(eta) z;  x_t' = sqrt(a') pred + sqrt(1-a') n;  x_s' = sqrt(a') x0 + sqrt(1-a') n
 * The source takes the n of the first branch, as the reference does.
 */
export function virtualInversionStep(
  states: VirtualInversionStates,
  step: VirtualInversionStep,
): VirtualInversionResult {
  const { clean } = states;
  const signal = Math.sqrt(step.alpha);
  const spread = Math.sqrt(1 - step.alpha);
  const signalNext = Math.sqrt(step.alphaNext);
  const spreadNext = Math.sqrt(1 - step.alphaNext);
  const kept = Math.sqrt(1 - step.eta);
  const added = Math.sqrt(step.eta);
  const advance = (state: Float32Array, noise: Float32Array) => {
    const estimate = new Float32Array(clean.length);
    const next = new Float32Array(clean.length);
    const sourceNext = new Float32Array(clean.length);
    for (let i = 0; i < next.length; i++) {
      const base = clean[i] ?? 0;
      const source = states.source[i] ?? 0;
      const difference = (noise[i] ?? 0) - (step.sourceNoise[i] ?? 0);
      const predicted = base + ((state[i] ?? 0) - source - spread * difference) / signal;
      const consistent = (source - signal * base) / spread;
      estimate[i] = predicted;
      const shared = spreadNext * (kept * (difference + consistent) + added * (step.fresh[i] ?? 0));
      next[i] = signalNext * predicted + shared;
      sourceNext[i] = signalNext * base + shared;
    }
    return { estimate, next, sourceNext };
  };
  const results = states.branches.map((branch, i) => advance(branch, step.branchNoises[i] ?? step.sourceNoise));
  return {
    source: results[0]?.sourceNext ?? states.source,
    branches: results.map((result) => result.next),
    cleans: results.map((result) => result.estimate),
  };
}

export interface VirtualInversionLoop {
  readonly clean: Float32Array;
  /** State all branches start from. */
  readonly start: Float32Array;
  /** Cumulative products of the steps, from noise to clean. */
  readonly alphas: ArrayLike<number>;
  readonly eta: number;
  /** Branches besides the source; the first is the result. */
  readonly branches: number;
  /** Predicted noise of all branches, the source first. */
  readonly predict: (call: {
    readonly step: number;
    readonly latents: readonly Float32Array[];
  }) => Promise<readonly Float32Array[]>;
  readonly noise: (draw: number) => Float32Array;
  /** Blends the branches after a step. */
  readonly adjust?: (step: number, result: VirtualInversionResult) => readonly Float32Array[];
  readonly onStep?: (step: number, result: VirtualInversionResult) => void;
  readonly signal?: AbortSignal;
}

/**
 * The reference loop. At the last of several steps it keeps the level (a' = a); the picture is the clean estimate. A run of
 * one step goes straight to the clean estimate. Returns the clean estimates of the branches.
 */
export async function runVirtualInversion(loop: VirtualInversionLoop): Promise<readonly Float32Array[]> {
  const steps = loop.alphas.length;
  let source = loop.start;
  let branches: readonly Float32Array[] = Array.from({ length: loop.branches }, () => loop.start);
  let cleans = branches;
  for (let step = 0; step < steps; step++) {
    throwIfCancelled(loop.signal);
    const alpha = loop.alphas[step] ?? 0;
    const [sourceNoise, ...branchNoises] = await loop.predict({ step, latents: [source, ...branches] });
    if (sourceNoise === undefined || branchNoises.length !== branches.length) {
      throw new RangeError('one prediction a branch is needed');
    }
    const result = virtualInversionStep(
      { clean: loop.clean, source, branches },
      {
        alpha,
        alphaNext: steps === 1 ? 1 : (loop.alphas[step + 1] ?? alpha),
        eta: loop.eta,
        sourceNoise,
        branchNoises,
        fresh: loop.noise(step),
      },
    );
    loop.onStep?.(step, result);
    source = result.source;
    branches = loop.adjust?.(step, result) ?? result.branches;
    cleans = result.cleans;
  }
  return cleans;
}
