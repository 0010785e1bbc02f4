import type { TokenAlignment, Window } from '../../../engine/index.ts';

/** What the published edits of a U-Net's cross-attention make of two prompts and a schedule. */

/**
 * InfEdit's repair of substitutions: every maximal run of unmatched target tokens that faces an unmatched source run gets
 * its single most similar pair linked.
 * @param similarity of a source and a target token, usually the cosine of their encoder states
 */
export function linkInsertedRuns(
  alignment: TokenAlignment,
  sourceLength: number,
  similarity: (source: number, target: number) => number,
): TokenAlignment {
  const linked = Int32Array.from(alignment);
  for (let start = 0; start < alignment.length; start++) {
    if (alignment[start] !== -1) continue;
    let end = start;
    while (end < alignment.length && alignment[end] === -1) end++;
    const firstSource = start === 0 ? 0 : (alignment[start - 1] ?? 0) + 1;
    const sourceEnd = end === alignment.length ? sourceLength : (alignment[end] ?? 0);
    let best = Number.NEGATIVE_INFINITY;
    let pair: readonly [number, number] | undefined;
    for (let target = start; target < end; target++) {
      for (let source = firstSource; source < sourceEnd; source++) {
        const value = similarity(source, target);
        if (value > best) {
          best = value;
          pair = [source, target];
        }
      }
    }
    if (pair !== undefined) linked[pair[1]] = pair[0];
    start = end;
  }
  return linked;
}

/** Cosine of two rows of a [rows, width] table of encoder states. */
export function cosine(a: Float32Array, rowA: number, b: Float32Array, rowB: number, width: number): number {
  let product = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < width; i++) {
    const x = a[rowA * width + i] ?? 0;
    const y = b[rowB * width + i] ?? 0;
    product += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  return product / Math.max(Math.sqrt(squaresA * squaresB), 1e-8);
}

/** Refinement: which source column serves a target column, and with what weight. */
export interface RefineMap {
  /** Source token, or -1. */
  readonly index: Int32Array;
  /** 1 where the source serves, 0 for the target's own columns. */
  readonly weight: Float32Array;
}

/**
 * An alignment as a column map over `length` padded positions; positions behind the target's tokens map to themselves, as
 * published. For routing joint attention prefer `paddingWeight` 0: there padding columns carry content.
 */
export function refineMap(alignment: TokenAlignment, length: number, paddingWeight: 0 | 1 = 1): RefineMap {
  const index = Int32Array.from({ length }, (_, j) => (j < alignment.length ? (alignment[j] ?? -1) : j));
  const weight = Float32Array.from(index, (source, j) =>
    j >= alignment.length ? paddingWeight : source === -1 ? 0 : 1,
  );
  return { index, weight };
}

/** A source word and the target word in its place, each as its tokens' positions. */
export interface WordPair {
  readonly source: readonly number[];
  readonly target: readonly number[];
}

/**
 * Prompt-to-Prompt's word mapper [length source, length target], row-major, for prompts with the same number of words. A
 * word of n tokens replaced by one of m puts 1 (n = m, on the diagonal) or 1/m (in the whole block) in the map.
 * @param changed replaced words, in order
 * @param tail where source and target have different lengths, the positions behind the last changed word: `aligned` counts on
 *   in both, `published` maps each target position to the same source position, as the reference does
 */
export function replaceMatrix(
  changed: readonly WordPair[],
  length: number,
  tail: 'aligned' | 'published' = 'aligned',
): Float32Array {
  const matrix = new Float32Array(length * length);
  const pending = [...changed];
  let i = 0;
  let j = 0;
  while (i < length && j < length) {
    const word = pending[0];
    if (word !== undefined && word.source[0] === i) {
      pending.shift();
      const even = word.source.length === word.target.length;
      word.source.forEach((row, a) => {
        word.target.forEach((column, b) => {
          if (even && a !== b) return;
          matrix[row * length + column] = even ? 1 : 1 / word.target.length;
        });
      });
      i += word.source.length;
      j += word.target.length;
    } else {
      const row = word === undefined && tail === 'published' ? j : i;
      matrix[row * length + j] = 1;
      i++;
      j++;
    }
  }
  return matrix;
}

/**
 * Positions of the wanted ids in a sequence, each the first at or behind the place of the one before; ids that do not
 * follow are left out. How the published methods find the tokens of a blend word.
 */
export function selectInOrder(ids: ArrayLike<number>, wanted: ArrayLike<number>): number[] {
  const found: number[] = [];
  let from = 0;
  for (const id of Array.from(wanted)) {
    const position = Array.from(ids).indexOf(id, from);
    if (position === -1) break;
    found.push(position);
    from = position + 1;
  }
  return found;
}

/** A window for all tokens and others for the tokens of some words. */
export interface WordSchedule {
  readonly everywhere: Window;
  readonly words: readonly { readonly tokens: readonly number[]; readonly window: Window }[];
}

/**
 * Prompt-to-Prompt's per-word schedule: [steps + 1, length] of 0 and 1, row-major; row t says which columns are edited at
 * step t. A bound b stands for step floor(b (steps + 1)).
 */
export function wordScheduleTable({ everywhere, words }: WordSchedule, steps: number, length: number): Float32Array {
  const rows = steps + 1;
  const table = new Float32Array(rows * length);
  const fill = (column: number, [start, end]: Window) => {
    const first = Math.floor(start * rows);
    const last = Math.floor(end * rows);
    for (let row = 0; row < rows; row++) table[row * length + column] = row >= first && row < last ? 1 : 0;
  };
  for (let column = 0; column < length; column++) fill(column, everywhere);
  for (const { tokens, window } of words) for (const token of tokens) fill(token, window);
  return table;
}
