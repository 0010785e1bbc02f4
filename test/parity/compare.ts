import { isRecord, number } from './manifest.ts';
import type { FixtureArray, ParityResult } from './types.ts';

/**
 * How far a tensor may be off.
 * `atol` and `relRms`: max|x-ref| <= atol and rms(x-ref)/rms(ref) <= relRms, both (the model fixtures).
 * `abs` and `rel`: |x-ref| <= abs + rel*|ref| for every element (the method fixtures).
 * `exact`: equal.
 */
export type Tolerance =
  | { readonly atol: number; readonly relRms: number }
  | { readonly abs: number; readonly rel: number }
  | 'exact';

/** The tolerance stored in an `outputs` entry of a model fixture's manifest. */
export function storedTolerance(entry: unknown): Tolerance {
  if (isRecord(entry) && entry.exact === true) return 'exact';
  return { atol: number(entry, 'atol'), relRms: number(entry, 'rel_rms_tol') };
}

/** The error of `actual` as a share of its tolerance; infinite where a length or a NaN makes it meaningless. */
export function errorShare(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: Tolerance): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  let squaredError = 0;
  let squaredReference = 0;
  for (let i = 0; i < expected.length; i++) {
    const reference = expected[i] ?? Number.NaN;
    const value = actual[i] ?? Number.NaN;
    if (Number.isNaN(value) !== Number.isNaN(reference)) return Number.POSITIVE_INFINITY;
    const difference = value === reference || Number.isNaN(value) ? 0 : Math.abs(value - reference);
    squaredError += difference * difference;
    squaredReference += reference * reference;
    if (difference === 0) continue;
    if (tolerance === 'exact') return Number.POSITIVE_INFINITY;
    if ('abs' in tolerance) {
      worst = Math.max(worst, difference / (tolerance.abs + tolerance.rel * Math.abs(reference)));
    } else {
      worst = Math.max(worst, difference / tolerance.atol);
    }
  }
  if (tolerance !== 'exact' && 'relRms' in tolerance) {
    const relative = squaredError === 0 ? 0 : Math.sqrt(squaredError / squaredReference);
    worst = Math.max(worst, relative / tolerance.relRms);
  }
  return worst;
}

/** Collects the comparisons of one printed line, in the order of execution. */
export class Comparison {
  readonly path: string;
  #worst = 0;
  #compared = 0;
  #failure: string | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Compares values; `name` is what a failure is reported under. */
  check(name: string, actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: Tolerance): void {
    const share = errorShare(actual, expected, tolerance);
    this.#compared += 1;
    this.#worst = Math.max(this.#worst, share);
    if (share > 1 && this.#failure === undefined) {
      this.#failure =
        actual.length === expected.length
          ? `${name} at ${formatShare(share)} of its tolerance`
          : `${name} has ${actual.length} values instead of ${expected.length}`;
    }
  }

  /** As `check`, with the shape compared as well. */
  checkTensor(
    name: string,
    actual: { dims: readonly number[]; data: ArrayLike<number> },
    expected: FixtureArray,
    tolerance: Tolerance,
  ): void {
    if (actual.dims.join() !== expected.shape.join()) {
      this.fail(`${name} has shape [${actual.dims}] instead of [${expected.shape}]`);
    } else {
      this.check(name, actual.data, expected.data, tolerance);
    }
  }

  /** Something other than a number is wrong. */
  fail(reason: string): void {
    this.#worst = Number.POSITIVE_INFINITY;
    this.#failure ??= reason;
  }

  get compared(): number {
    return this.#compared;
  }

  result(detail?: string): ParityResult {
    if (this.#compared === 0) this.fail('nothing was compared');
    if (this.#failure !== undefined) {
      return { path: this.path, status: 'FAIL', worst: this.#worst, detail: this.#failure };
    }
    return detail === undefined
      ? { path: this.path, status: 'PASS', worst: this.#worst }
      : { path: this.path, status: 'PASS', worst: this.#worst, detail };
  }
}

export function formatShare(share: number): string {
  return Number.isFinite(share) ? share.toPrecision(3) : 'inf';
}
