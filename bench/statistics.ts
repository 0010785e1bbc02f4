/** What is said of a row of measurements. */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** (max - min) / median: how far a single measurement may be off. */
  readonly spread: number;
}

/** Throws RangeError for no values at all, or one that is no number. */
export function summarise(values: readonly number[]): Summary {
  if (values.length === 0 || values.some((value) => !Number.isFinite(value)))
    throw new RangeError(`[${values.join(', ')}] cannot be summarised`);
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  const median = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
  const [min, max] = [at(0), at(sorted.length - 1)];
  return { count: sorted.length, min, median, max, spread: median === 0 ? 0 : (max - min) / median };
}

/** Quotients of what was measured in the same round: a slow phase of the machine meets both sides. */
export function ratios(values: readonly number[], base: readonly number[]): readonly number[] {
  if (values.length !== base.length) throw new RangeError(`${values.length} values against ${base.length}`);
  return values.map((value, round) => value / (base[round] ?? Number.NaN));
}
