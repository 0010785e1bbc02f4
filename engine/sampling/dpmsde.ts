import { combine } from './steps.ts';

/** Levels of one transition, as cumulative products of 1 - beta. */
export interface SdeLevels {
  readonly alpha: number;
  readonly alphaNext: number;
  /** Level of the step before; absent at the first step. */
  readonly alphaBefore?: number;
}

export interface SdeInputs {
  /** Standard noise. */
  readonly noise: Float32Array;
  /** Clean estimate of the step before; without it the step is of first order. */
  readonly previousClean?: Float32Array;
}

/** log of sqrt(a / (1-a)): -Infinity at a = 0, Infinity at a = 1. */
function logSignalToNoise(alpha: number): number {
  return Math.log(Math.sqrt(alpha / (1 - alpha)));
}

/**
 * One step of the second-order stochastic DPM-Solver++ on the clean estimate (arXiv 2211.01095, SDE-DPM-Solver++(2M); the sampler of
 * CogVideoX and of DiTCtrl). With l = log sqrt(a/(1-a)), h = l' - l, r = (l - l_before)/h, D = (1 + 1/2r) x0 - 1/2r x0_before:
 *
 *     x' = sqrt((1-a')/(1-a)) exp(-h) x + (1 - exp(-2h)) sqrt(a') D + sqrt(1-a') sqrt(1 - exp(-2h)) e
 *
 * At both ends of a zero-SNR table h is infinite; the formulas survive because only exp(-Infinity) = 0 and 1/(2 Infinity) = 0 occur.
 */
export function dpmSdeStep(
  { alpha, alphaNext, alphaBefore }: SdeLevels,
  sample: Float32Array,
  clean: Float32Array,
  { noise, previousClean }: SdeInputs,
): Float32Array<ArrayBuffer> {
  const lambda = logSignalToNoise(alpha);
  const gap = logSignalToNoise(alphaNext) - lambda;
  const keep = Math.sqrt((1 - alphaNext) / (1 - alpha)) * Math.exp(-gap);
  const pull = -Math.expm1(-2 * gap) * Math.sqrt(alphaNext);
  const spread = Math.sqrt(1 - alphaNext) * Math.sqrt(1 - Math.exp(-2 * gap));
  let drift = clean;
  if (previousClean !== undefined && alphaBefore !== undefined) {
    const weight = 1 / ((2 * (lambda - logSignalToNoise(alphaBefore))) / gap);
    drift = combine(clean, 1 + weight, previousClean, -weight);
  }
  return combine(combine(sample, keep, drift, pull), 1, noise, spread);
}
