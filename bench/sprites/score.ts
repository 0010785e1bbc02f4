import type { Marks } from './tasks/task.ts';

/** Means over cases. */
export interface Score {
  readonly cases: number;
  readonly success: number;
  /** Success by the second judge. */
  readonly second: number;
  /** Mean PSNR in dB of what must stay; absent where the task keeps nothing. */
  readonly preservedDb?: number;
  /** min(1, (PSNR - 15) / 20), the mean over the cases. */
  readonly preservation?: number;
  /**
   * Harmonic mean of success and preservation, so that changing nothing and repainting all both score near 0; success alone where the
   * task keeps nothing.
   */
  readonly score: number;
  readonly figures: Readonly<Record<string, number>>;
}

export function scoreOf(marks: readonly Marks[]): Score {
  const success = mean(marks.map((one) => one.success));
  const kept = marks.map((one) => one.preservedDb).filter((value) => value !== undefined);
  const names = new Set(marks.flatMap((one) => Object.keys(one.figures)));
  const figures = Object.fromEntries(
    [...names].map((name) => [
      name,
      mean(marks.map((one) => one.figures[name]).filter((value) => value !== undefined)),
    ]),
  );
  const base = { cases: marks.length, success, second: mean(marks.map((one) => one.second)), figures };
  if (kept.length === 0) return { ...base, score: success };
  const preservation = mean(kept.map((db) => Math.min(1, Math.max(0, (db - 15) / 20))));
  return { ...base, preservedDb: mean(kept), preservation, score: harmonic(success, preservation) };
}

const harmonic = (a: number, b: number): number => (a + b === 0 ? 0 : (2 * a * b) / (a + b));

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
