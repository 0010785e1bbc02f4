import { valueAt } from '../base/tensor.ts';
import { checkField, type Field, fieldAt } from './field.ts';
import { renoise } from './steps.ts';

/**
 * Paired editing of flow models without inversion: a source branch that is x0 plus known noise, and other branches that
 * carry an offset u = x_branch - x_source through the levels. One rule covers the published methods:
 *
 *   dv = v_branch - v_source
 *   y  = x0 + u - s dv                                            (corrected clean estimate)
 *   u' = (1-s') (u - s dv) + s' kappa (u + (1-s) dv)
 *
 *   kappa = 1, noise redrawn at every step      FlowEdit (arXiv 2412.08629)
 *   kappa = 1, noise kept                       deterministic paired Euler step (direct inversion, ViMAEdit without variance)
 *   kappa = 0, noise renewed by a share eta     InfEdit's virtual inversion (DDCM, arXiv 2312.04965); eta = 1 is its default;
 *                                               below 1 the source's noise follows the target's estimate (`noiseFrom: 'target'`)
 *
 * kappa may be a field, one value a latent cell.
 */

/** y - x0 = u - s dv: what the edit changes, as the present step sees it. */
export function cleanOffset(offset: Float32Array, difference: Float32Array, sigma: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(offset.length);
  for (let i = 0; i < out.length; i++) out[i] = valueAt(offset, i) - sigma * valueAt(difference, i);
  return out;
}

/** u + (1-s) dv: how the branch's noise estimate differs from the source's. */
export function noiseOffset(offset: Float32Array, difference: Float32Array, sigma: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(offset.length);
  for (let i = 0; i < out.length; i++) out[i] = valueAt(offset, i) + (1 - sigma) * valueAt(difference, i);
  return out;
}

/** The next offset u' of the rule above; `difference` is dv. */
export function advanceOffset(
  offset: Float32Array,
  difference: Float32Array,
  sigma: number,
  sigmaNext: number,
  kappa: Field,
): Float32Array<ArrayBuffer> {
  if (offset.length !== difference.length) throw new RangeError('offset and velocity difference differ in length');
  checkField(kappa, offset.length);
  const out = new Float32Array(offset.length);
  for (let i = 0; i < out.length; i++) {
    const u = valueAt(offset, i);
    const dv = valueAt(difference, i);
    const share = fieldAt(kappa, i);
    // kappa = 1 in its short form: equal velocities then keep the offset to the last bit.
    out[i] =
      share === 1
        ? u + (sigmaNext - sigma) * dv
        : (1 - sigmaNext) * (u - sigma * dv) + sigmaNext * share * (u + (1 - sigma) * dv);
  }
  return out;
}

/** The source's next noise: sqrt(1-eta) e + sqrt(eta) z. 0 keeps the noise, 1 replaces it; `fresh` is unused at 0. */
export function renewNoise(noise: Float32Array, fresh: Float32Array, eta: number): Float32Array {
  if (eta === 0) return noise;
  if (eta === 1) return fresh;
  const kept = Math.sqrt(1 - eta);
  const added = Math.sqrt(eta);
  const out = new Float32Array(noise.length);
  for (let i = 0; i < out.length; i++) out[i] = kept * valueAt(noise, i) + added * valueAt(fresh, i);
  return out;
}

export interface PairedStates {
  /** Clean source latent x0. */
  readonly clean: Float32Array;
  /** Noise of the source branch: x_source = (1-s) x0 + s e. */
  readonly noise: Float32Array;
  /** u = x_branch - x_source for every branch besides the source. */
  readonly offsets: readonly Float32Array[];
}

/** The latents the network sees at a level: the source first, then the branches. */
export function pairedLatents({ clean, noise, offsets }: PairedStates, sigma: number): Float32Array[] {
  const source = renoise(clean, noise, sigma);
  return [source, ...offsets.map((offset) => addTo(source, offset))];
}

/** x0 + u for every branch: the clean latent once the levels have reached 0. */
export function addTo(base: Float32Array, offset: Float32Array): Float32Array<ArrayBuffer> {
  if (base.length !== offset.length) throw new RangeError('latent and offset differ in length');
  const out = new Float32Array(base.length);
  for (let i = 0; i < out.length; i++) out[i] = valueAt(base, i) + valueAt(offset, i);
  return out;
}
