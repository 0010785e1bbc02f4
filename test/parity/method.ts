import { join } from 'node:path';
import { Comparison, type Tolerance } from './compare.ts';
import { field, isRecord, list, number, text } from './manifest.ts';
import { readFixtureTensors, take, takeFloats } from './safetensors.ts';
import type { FixtureArray, FixtureFolder, ParityContext, ParityResult } from './types.ts';

/** One case of a method fixture: its inputs by name, its parameters, and where results are compared. */
export interface MethodCase {
  readonly name: string;
  readonly params: unknown;
  readonly context: ParityContext;
  /** Input tensor without its `in.` prefix. */
  input(name: string): FixtureArray;
  floats(name: string): Float32Array;
  has(name: string): boolean;
  /** Compares with the output tensor of this name (without `out.`). */
  check(name: string, actual: ArrayLike<number>): void;
  /** Records a comparison of another kind than numbers within a tolerance; `fault` says what is wrong. */
  judge(name: string, fault: string | undefined): void;
  /** The expected tensor, for results that are compared in parts. */
  expected(name: string): FixtureArray;
}

/** Runs one case; returns false where the product has no code for it. */
export type CaseRunner = (testCase: MethodCase) => Promise<void> | void;

/**
 * Finds a case's runner: by the longest key that the case's name begins with. Cases of other seeds and sizes keep these
 * names, with other numbers in them.
 */
export async function runMethodCases(
  { directory, path, manifest }: FixtureFolder,
  context: ParityContext,
  runners: Readonly<Record<string, CaseRunner>>,
): Promise<ParityResult> {
  const comparison = new Comparison(path);
  const without: string[] = [];
  const judged: string[] = [];
  let ran = 0;
  for (const entry of list(manifest, 'cases')) {
    const name = field(entry, 'case') === undefined ? text(entry, 'name') : text(entry, 'case');
    const key = Object.keys(runners)
      .filter((candidate) => name.startsWith(candidate))
      .sort((a, b) => b.length - a.length)[0];
    const runner = key === undefined ? undefined : runners[key];
    if (runner === undefined) {
      without.push(name);
      continue;
    }
    ran += 1;
    const checked = new Set<string>();
    const tensors = await readFixtureTensors(join(directory, text(entry, 'file')));
    const tolerance = toleranceOf(entry);
    const input = (tensor: string) => take(tensors, `in.${tensor}`);
    await runner({
      name,
      params: field(entry, 'params'),
      context,
      input,
      floats: (tensor) => takeFloats(tensors, `in.${tensor}`),
      has: (tensor) => tensors.has(`in.${tensor}`),
      expected: (tensor) => take(tensors, `out.${tensor}`),
      judge: (tensor, fault) => {
        checked.add(`out.${tensor}`);
        judged.push(`${name}: ${tensor}`);
        if (fault !== undefined) comparison.fail(`${name}: ${tensor} ${fault}`);
      },
      check: (tensor, actual) => {
        checked.add(`out.${tensor}`);
        comparison.check(`${name}: ${tensor}`, actual, take(tensors, `out.${tensor}`).data, tolerance);
      },
    });
    const missed = [...tensors.keys()].filter((tensor) => tensor.startsWith('out.') && !checked.has(tensor));
    if (missed.length > 0) comparison.fail(`${name}: not compared: ${missed.join(', ')}`);
  }
  if (without.length > 0 && ran === 0) return { path, status: 'SKIP', detail: `no code yet for ${without.join(', ')}` };
  if (without.length > 0) comparison.fail(`no code for the case ${without.join(', ')}`);
  return comparison.result(judged.length === 0 ? undefined : `not by numbers: ${judged.join(', ')}`);
}

function toleranceOf(entry: unknown): Tolerance {
  const stored = field(entry, 'tolerance');
  if (isRecord(stored)) return { abs: number(stored, 'abs'), rel: number(stored, 'rel') };
  return { abs: number(entry, 'tolerance_abs'), rel: 0 };
}
