import { renoise, valueAt } from '../../../engine/index.ts';

/**
 * Variance-preserving guided step for flow models (HD-Painter's RASG slot, carried over to flows):
 * x' = (1-s') X0 + s' (sqrt(1-rho^2) E + rho g), g standardised to mean 0 and unbiased standard deviation 1.
 * rho = 0 is the Euler step.
 */
export function guidedStep(
  state: Float32Array,
  velocity: Float32Array,
  direction: Float32Array,
  sigma: number,
  sigmaNext: number,
  rho: number,
): Float32Array<ArrayBuffer> {
  const clean = state.map((x, i) => x - sigma * valueAt(velocity, i));
  const noise = state.map((x, i) => x + (1 - sigma) * valueAt(velocity, i));
  const standard = standardise(direction);
  const kept = Math.sqrt(1 - rho * rho);
  for (let i = 0; i < noise.length; i++) noise[i] = kept * valueAt(noise, i) + rho * valueAt(standard, i);
  return renoise(clean, noise, sigmaNext);
}

/** Zero mean, unit standard deviation (divisor n - 1); a constant array becomes zeros. */
export function standardise(values: Float32Array): Float32Array<ArrayBuffer> {
  const count = values.length;
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / count;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / Math.max(count - 1, 1));
  return Float32Array.from(values, (value) => (deviation === 0 ? 0 : (value - mean) / deviation));
}
