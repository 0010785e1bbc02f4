import { isOpen, splitWords, type Window } from '../../engine/index.ts';
import { field, list, number, numbers, record } from './manifest.ts';
import { type MethodCase, runMethodCases } from './method.ts';
import {
  refineProbabilities,
  replaceProbabilities,
  reweightProbabilities,
  scheduleProbabilities,
} from './published/published.ts';
import { wordScheduleTable } from './published/tokenmaps.ts';
import { aggregateWords, union, without, wordMask } from './published/wordmasks.ts';
import type { FixtureRunner } from './types.ts';

/** Prompt-to-Prompt's controls of a U-Net's attention, its word schedule and its local blend. */
export const runPromptToPrompt: FixtureRunner = async (fixture, context) => {
  const prompts = list(fixture.manifest, 'cases').flatMap((entry) => {
    const found = field(entry, 'params', 'prompts');
    return Array.isArray(found) ? found.map(String) : [];
  });
  return [
    await runMethodCases(fixture, context, {
      replace_: (testCase) => cross(testCase, (base) => replaced(testCase, base)),
      refine_: (testCase) => cross(testCase, (base, own) => refined(testCase, base, own)),
      reweight_: (testCase) =>
        cross(testCase, (base) =>
          reweightProbabilities(replaced(testCase, base), testCase.floats('equalizer'), columnsOf(testCase)),
        ),
      self_replace: selfReplace,
      local_blend: localBlend,
      word_schedule: (testCase) => wordSchedule(testCase, prompts),
    }),
  ];
};

const columnsOf = (testCase: MethodCase) => testCase.input('probs').shape[2] ?? 0;

const replaced = (testCase: MethodCase, base: Float32Array) =>
  replaceProbabilities(base, testCase.floats('mapper'), columnsOf(testCase));

const refined = (testCase: MethodCase, base: Float32Array, own: Float32Array) =>
  refineProbabilities(base, own, columnsOf(testCase), {
    index: testCase.input('mapper').data,
    weight: testCase.floats('alphas'),
  });

/** Batch: unconditional a, b, conditional a, b; only the conditional b is edited. */
function editTarget(testCase: MethodCase, edit: (base: Float32Array, own: Float32Array) => Float32Array): void {
  const probabilities = testCase.floats('probs');
  const quarter = probabilities.length / 4;
  const out = Float32Array.from(probabilities);
  out.set(edit(probabilities.subarray(2 * quarter, 3 * quarter), probabilities.subarray(3 * quarter)), 3 * quarter);
  testCase.check('probs', out);
}

function cross(testCase: MethodCase, edit: (base: Float32Array, own: Float32Array) => Float32Array): void {
  const columns = columnsOf(testCase);
  const row = number(testCase.params, 'step') * columns;
  const weights = testCase.floats('word_alpha').subarray(row, row + columns);
  editTarget(testCase, (base, own) => scheduleProbabilities(edit(base, own), own, weights, columns));
}

function selfReplace(testCase: MethodCase): void {
  const { params } = testCase;
  const open = isOpen(windowOf(numbers(params, 'self_replace')), number(params, 'step'), number(params, 'num_steps'));
  editTarget(testCase, (base, own) => (open ? base : own));
}

function localBlend(testCase: MethodCase): void {
  const { params } = testCase;
  const [layers = 0, stackHeads = 0, cells = 0, words = 0] = testCase.input('maps').shape;
  const stack = { data: testCase.floats('maps'), layers, heads: stackHeads, cells, words };
  const heads = number(params, 'heads');
  const side = number(params, 'grid');
  const [limit = 0, limitOut = 0] = numbers(params, 'th');
  const [height = 0, width = 0] = testCase.expected('edit_mask').shape;
  const mask = (selection: string, prompt: number, most: number, pooled: boolean) => {
    const weights = testCase.floats(selection).subarray(prompt * words, (prompt + 1) * words);
    const map = aggregateWords(stack, weights, 'sum', [prompt * heads, (prompt + 1) * heads]);
    return wordMask(map, { height: side, width: side }, { height, width }, most, pooled);
  };
  const both = (selection: string, most: number, pooled: boolean) =>
    union(mask(selection, 0, most, pooled), mask(selection, 1, most, pooled));
  const actual = without(both('alpha', limit, true), both('alpha_sub', limitOut, false));
  testCase.judge('edit_mask', thinnedMaskFault(actual, testCase.expected('edit_mask').data, { height, width }, side));
}

/**
 * The stored mask is thinned. It was read off the blended latent as the pixels where x_a + (x_b - x_a) is x_b to the last bit
 * in all channels: within the true mask that is so for about one pixel in five (199 of 1072 in the developers' case), at
 * random, and the latents are not stored. What can be held: no stored pixel lies outside our mask, and of the map's cells
 * inside our mask no more are empty than chance allows.
 */
function thinnedMaskFault(
  actual: Float32Array,
  stored: ArrayLike<number>,
  { height, width }: { readonly height: number; readonly width: number },
  side: number,
): string | undefined {
  const stray = Array.from(stored).filter((value, i) => value !== 0 && actual[i] === 0).length;
  if (stray > 0) return `has ${stray} pixels outside our mask`;
  const cells = new Map<number, number>();
  let pixels = 0;
  let hits = 0;
  for (let i = 0; i < actual.length; i++) {
    if (actual[i] === 0) continue;
    const cell = Math.floor((Math.floor(i / width) * side) / height) * side + Math.floor(((i % width) * side) / width);
    const hit = stored[i] === 0 ? 0 : 1;
    cells.set(cell, (cells.get(cell) ?? 0) + hit);
    pixels += 1;
    hits += hit;
  }
  const empty = [...cells.values()].filter((count) => count === 0).length;
  const expected = cells.size * (1 - hits / Math.max(pixels, 1)) ** (pixels / Math.max(cells.size, 1));
  return hits === 0 || empty > expected + 4 * Math.sqrt(expected) + 1
    ? `leaves ${empty} of our mask's ${cells.size} cells empty, ${expected.toFixed(1)} by chance`
    : undefined;
}

function wordSchedule(testCase: MethodCase, prompts: readonly string[]): void {
  const schedule = record(testCase.params, 'schedule');
  const [rows = 0, columns = 0] = testCase.expected('alpha').shape;
  const length = testCase.input('tgt_ids').shape[0] ?? 0;
  const words = Object.entries(schedule)
    .filter(([word]) => word !== 'default_')
    .map(([word, window]) => ({ tokens: [tokenOf(word, length, prompts)], window: windowOf(window) }));
  testCase.check('alpha', wordScheduleTable({ everywhere: windowOf(schedule.default_), words }, rows - 1, columns));
}

/**
 * The case gives ids and a word, but not which id the word is: a prompt of the folder's other cases says so, best one with as
 * many words as the case has ids between the marks.
 */
function tokenOf(word: string, length: number, prompts: readonly string[]): number {
  const candidates = prompts
    .map((prompt) => splitWords(prompt).map((entry) => entry.text))
    .filter((words) => words.includes(word));
  const best = candidates.find((words) => words.length + 2 === length) ?? candidates[0];
  if (best === undefined) throw new Error(`no prompt of this folder has the word "${word}"`);
  return best.indexOf(word) + 1;
}

function windowOf(value: unknown): Window {
  if (typeof value === 'number') return [0, value];
  if (Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'number') return [value[0], value[1]];
  throw new Error('a window is a number or two');
}
