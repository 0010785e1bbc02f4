import { valueAt } from '../base/tensor.ts';
import { checkField, type Field, fieldAt } from './field.ts';

/**
 * Single transitions of flow models on one latent, dense float32 of any shape. Convention: x_s = (1-s) x0 + s e with s from
 * 1 (noise) to 0 (clean), and the network predicts v = e - x0. Everything returns a new array.
 */

/** x_s from a clean latent: (1-s) x0 + s e. */
export function renoise(clean: Float32Array, noise: Float32Array, sigma: number): Float32Array<ArrayBuffer> {
  return combine(clean, 1 - sigma, noise, sigma);
}

/** Clean estimate x - s v. */
export function cleanEstimate(state: Float32Array, velocity: Float32Array, sigma: number): Float32Array<ArrayBuffer> {
  return combine(state, 1, velocity, -sigma);
}

/** Noise estimate x + (1-s) v. */
export function noiseEstimate(state: Float32Array, velocity: Float32Array, sigma: number): Float32Array<ArrayBuffer> {
  return combine(state, 1, velocity, 1 - sigma);
}

/** Euler step of the probability flow: x + (s' - s) v (FlowMatchEulerDiscreteScheduler.step). */
export function eulerStep(
  state: Float32Array,
  velocity: Float32Array,
  sigma: number,
  sigmaNext: number,
): Float32Array<ArrayBuffer> {
  return combine(state, 1, velocity, sigmaNext - sigma);
}

/** a * x + b * y. */
export function combine(x: Float32Array, a: number, y: Float32Array, b: number): Float32Array<ArrayBuffer> {
  if (x.length !== y.length) throw new RangeError(`latents of ${x.length} and ${y.length} values cannot be combined`);
  const out = new Float32Array(x.length);
  for (let i = 0; i < out.length; i++) out[i] = a * valueAt(x, i) + b * valueAt(y, i);
  return out;
}

/**
 * Classifier-free guidance: negative + scale * (positive - negative) (Ho & Salimans, arXiv 2207.12598). A scale of 1 returns
 * the positive prediction unchanged.
 */
export function guide(negative: Float32Array, positive: Float32Array, scale: number): Float32Array<ArrayBuffer> {
  if (scale === 1) return Float32Array.from(positive);
  if (negative.length !== positive.length) throw new RangeError('the two predictions differ in length');
  const out = new Float32Array(positive.length);
  for (let i = 0; i < out.length; i++) {
    const base = valueAt(negative, i);
    out[i] = base + scale * (valueAt(positive, i) - base);
  }
  return out;
}

/** outside + mask * (inside - outside): mask 1 takes `inside`. On latents or on clean estimates alike. */
export function blend(inside: Float32Array, outside: Float32Array, mask: Field): Float32Array<ArrayBuffer> {
  if (inside.length !== outside.length) throw new RangeError('the blended latents differ in length');
  checkField(mask, inside.length);
  const out = new Float32Array(inside.length);
  for (let i = 0; i < out.length; i++) {
    const weight = fieldAt(mask, i);
    // 0 and 1 pick a value as it is, so that what a mask protects stays bit for bit.
    out[i] =
      weight === 0
        ? valueAt(outside, i)
        : weight === 1
          ? valueAt(inside, i)
          : (1 - weight) * valueAt(outside, i) + weight * valueAt(inside, i);
  }
  return out;
}

/**
 * A step in estimate form, (1-s') X0 + s' E, with the clean estimate replaced on the way; equal to the Euler step when
 * `replaceClean` returns its argument. This is where a blend on clean estimates acts (inpainting: X0 outside the mask is the
 * source's clean latent).
 */
export function estimateStep(
  state: Float32Array,
  velocity: Float32Array,
  sigma: number,
  sigmaNext: number,
  replaceClean: (clean: Float32Array) => Float32Array,
): { readonly next: Float32Array<ArrayBuffer>; readonly clean: Float32Array } {
  const clean = replaceClean(cleanEstimate(state, velocity, sigma));
  return { clean, next: renoise(clean, noiseEstimate(state, velocity, sigma), sigmaNext) };
}
