import { throwIfCancelled } from '../base/errors.ts';
import { valueAt } from '../base/tensor.ts';
import { checkField, type Field } from './field.ts';
import { addTo, advanceOffset, cleanOffset, noiseOffset, pairedLatents, renewNoise } from './paired.ts';
import { eulerStep, renoise } from './steps.ts';

/** One request to the network: the latents of all branches at a level. */
export interface BranchCall {
  /** Index into the schedule. */
  readonly step: number;
  readonly sigma: number;
  /** One latent a branch; branch 0 is the source. In the plain tail only the last branch stands here. */
  readonly latents: readonly Float32Array[];
  /** `paired`: all branches. `tail`: the target alone (FlowEdit's last n_min steps). */
  readonly phase: 'paired' | 'tail';
}

/** Predicted velocities, guidance applied, in the order of `latents`. */
export type BranchVelocities = (call: BranchCall) => Promise<readonly Float32Array[]>;

/** What a step did to the branches besides the source. */
export interface PairedTransition {
  readonly step: number;
  readonly sigma: number;
  readonly sigmaNext: number;
  /** Next offsets u', one a branch. */
  readonly offsets: readonly Float32Array[];
  /** y - x0: corrected clean estimates relative to the source. */
  readonly cleanOffsets: readonly Float32Array[];
}

export interface PairedLoop {
  /** Clean source latent x0. */
  readonly clean: Float32Array;
  /** Levels s_0 > ... > s_n = 0. */
  readonly sigmas: Float32Array;
  /** First step that runs: n - n_max for FlowEdit's n_max active steps. */
  readonly start: number;
  /** Branches besides the source (1: target; 2: target and layout). The last branch is the result. */
  readonly branches?: number;
  /** Share of the noise difference that is carried on; see paired.ts. Default 1. */
  readonly kappa?: Field | ((step: number) => Field);
  /** Share of the source's noise that is redrawn before every step after the first. Default 1. */
  readonly eta?: number;
  /**
   * What the unrenewed share of the source's noise continues from: its own noise, or the first branch's noise estimate
   * e + u + (1-s) dv, as published virtual inversion does (with kappa 0). No difference at eta 1. Default `source`.
   */
  readonly noiseFrom?: 'source' | 'target';
  /** Velocity differences averaged over this many noise draws a step (FlowEdit's n_avg). Default 1. */
  readonly nAvg?: number;
  /** Last steps that sample the target alone with Euler (FlowEdit's n_min). Default 0. */
  readonly tail?: number;
  /** Draws of standard noise, numbered in the order of use. */
  readonly noise: (draw: number) => Float32Array;
  readonly velocities: BranchVelocities;
  /** May replace the next offsets (blends by mask: multiply by 0 where the source must stay). */
  readonly adjust?: (transition: PairedTransition) => readonly Float32Array[];
  /** Called after every step with the branches' clean estimates: previews, progress. */
  readonly onStep?: (report: PairedReport) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

export interface PairedReport {
  readonly step: number;
  readonly sigma: number;
  readonly sigmaNext: number;
  /** Clean estimates of the branches besides the source. */
  readonly cleans: readonly Float32Array[];
  /** Next latents without the source's noise: x0 + u' (paired phase) or the sampled state (tail). */
  readonly states: readonly Float32Array[];
}

/**
 * The loop of FlowEdit, of the deterministic paired step and of virtual inversion on flow models. Returns the edited clean
 * latents, one a branch besides the source. With equal velocities in all branches the result is x0 exactly.
 * @throws AttuneError 'cancelled' between steps
 */
export async function runPairedLoop(loop: PairedLoop): Promise<Float32Array[]> {
  const { clean, sigmas, kappa = 1, eta = 1, nAvg = 1, tail = 0 } = loop;
  const steps = sigmas.length - 1;
  let offsets: readonly Float32Array[] = Array.from(
    { length: loop.branches ?? 1 },
    () => new Float32Array(clean.length),
  );
  let draws = 0;
  let noise: Float32Array | undefined;
  const nextNoise = (): Float32Array => {
    if (noise === undefined || eta > 0) {
      const fresh = loop.noise(draws++);
      noise = noise === undefined ? fresh : renewNoise(noise, fresh, eta);
    }
    return noise;
  };

  const pairedEnd = Math.max(loop.start, steps - tail);
  for (let step = loop.start; step < pairedEnd; step++) {
    throwIfCancelled(loop.signal);
    const sigma = valueAt(sigmas, step);
    const sigmaNext = valueAt(sigmas, step + 1);
    const differences = offsets.map(() => new Float32Array(clean.length));
    for (let draw = 0; draw < nAvg; draw++) {
      const latents = pairedLatents({ clean, noise: nextNoise(), offsets }, sigma);
      accumulate(differences, await loop.velocities({ step, sigma, latents, phase: 'paired' }), 1 / nAvg);
    }
    const share = typeof kappa === 'function' ? kappa(step) : kappa;
    checkField(share, clean.length);
    if (loop.noiseFrom === 'target' && eta < 1 && noise !== undefined) {
      const [offset, difference] = [offsets[0], differences[0]];
      if (offset !== undefined && difference !== undefined)
        noise = addTo(noise, noiseOffset(offset, difference, sigma));
    }
    const cleanOffsets = offsets.map((offset, i) => cleanOffset(offset, valueAt(differences, i), sigma));
    const next = offsets.map((offset, i) => advanceOffset(offset, valueAt(differences, i), sigma, sigmaNext, share));
    offsets = loop.adjust?.({ step, sigma, sigmaNext, offsets: next, cleanOffsets }) ?? next;
    await loop.onStep?.({
      step,
      sigma,
      sigmaNext,
      cleans: cleanOffsets.map((offset) => addTo(clean, offset)),
      states: offsets.map((offset) => addTo(clean, offset)),
    });
  }
  const target = offsets[offsets.length - 1];
  if (pairedEnd >= steps || target === undefined) return offsets.map((offset) => addTo(clean, offset));
  return [await runTail(loop, pairedEnd, addTo(renoise(clean, nextNoise(), valueAt(sigmas, pairedEnd)), target))];
}

/** FlowEdit's last n_min steps: plain Euler sampling of the target from x_source + u. */
async function runTail(loop: PairedLoop, start: number, entry: Float32Array): Promise<Float32Array> {
  let state = entry;
  for (let step = start; step < loop.sigmas.length - 1; step++) {
    throwIfCancelled(loop.signal);
    const sigma = valueAt(loop.sigmas, step);
    const sigmaNext = valueAt(loop.sigmas, step + 1);
    const velocities = await loop.velocities({ step, sigma, latents: [state], phase: 'tail' });
    const velocity = velocities[0];
    if (velocity === undefined) throw new RangeError('the tail call must return one velocity');
    const cleanState = eulerStep(state, velocity, sigma, 0);
    state = eulerStep(state, velocity, sigma, sigmaNext);
    await loop.onStep?.({ step, sigma, sigmaNext, cleans: [cleanState], states: [state] });
  }
  return state;
}

function accumulate(sums: readonly Float32Array[], velocities: readonly Float32Array[], weight: number): void {
  const source = velocities[0];
  if (source === undefined || velocities.length !== sums.length + 1) {
    throw new RangeError(`${velocities.length} velocities for ${sums.length + 1} branches`);
  }
  sums.forEach((sum, branch) => {
    const velocity = valueAt(velocities, branch + 1);
    for (let i = 0; i < sum.length; i++)
      sum[i] = valueAt(sum, i) + weight * (valueAt(velocity, i) - valueAt(source, i));
  });
}

/** Index of the first active step for n_max of n steps. */
export function firstActiveStep(steps: number, active: number): number {
  return Math.max(0, steps - active);
}
