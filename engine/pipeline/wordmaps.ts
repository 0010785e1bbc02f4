import type { FloatTensor } from '../base/tensor.ts';
import type { CaptureOp } from '../attention/ops.ts';
import { massValues } from '../attention/capture.ts';
import type { HookValues } from '../attention/values.ts';
import type { Pixels } from '../ports.ts';
import type { BranchLayout } from './branches.ts';
import type { Canvas } from './canvas.ts';
import type { WatchedWord } from './condition.ts';

/** Words whose share of the attention is read out at one branch. */
export interface WatchedWords {
  readonly branch: string;
  readonly words: readonly WatchedWord[];
}

/**
 * Where the network looks while it writes a word: the mass of the word's columns at every image token, averaged over heads and layers,
 * read out as further value columns of the fused kernel (no score matrix is built).
 */
export class WordMaps {
  readonly operation: CaptureOp;
  readonly values: HookValues;
  readonly #watched: readonly WatchedWords[];
  readonly #layout: BranchLayout;
  readonly #count: number;
  /** Sum over the recorded steps of [image tokens, words], by branch. */
  readonly #sums = new Map<string, Float32Array>();

  constructor(layout: BranchLayout, watched: readonly WatchedWords[], layers: 'all' | readonly number[], id = 'words') {
    this.#layout = layout;
    this.#watched = watched;
    this.#count = Math.max(1, ...watched.map(({ words }) => words.length));
    this.operation = { op: 'capture', id, what: 'mass', rows: 'image', cols: 'text', count: this.#count, layers, sites: 'joint' };
    const textTokens = layout.sizes.tokens.text.length;
    const indicators = layout.rows.map((): Float32Array[] => []);
    for (const { branch, words } of watched) indicators[layout.row(branch)]?.push(...words.map((word) => indicatorOf(word.columns, textTokens)));
    this.values = massValues(this.operation, layout.sizes, indicators.map((row) => interleave(row, textTokens, this.#count)));
  }

  /** Adds what one run captured. */
  record(captures: Readonly<Record<string, FloatTensor>>): void {
    const tensor = captures[this.operation.id];
    if (tensor === undefined) throw new RangeError(`the run captured no ${this.operation.id}`);
    const size = this.#tokens * this.#count;
    for (const { branch } of this.#watched) {
      const row = this.#layout.row(branch);
      const sum = this.#sums.get(branch) ?? new Float32Array(size);
      for (let i = 0; i < size; i++) sum[i] = (sum[i] ?? 0) + (tensor.data[row * size + i] ?? 0);
      this.#sums.set(branch, sum);
    }
  }

  /** Summed map of one word on the token grid [rows, columns], row-major. */
  tokenMap(branch: string, word: number): Float32Array {
    const sum = this.#sums.get(branch) ?? new Float32Array(this.#tokens * this.#count);
    return Float32Array.from({ length: this.#tokens }, (_, token) => sum[token * this.#count + word] ?? 0);
  }

  /** Maps of all watched words of a branch as pictures, each scaled to its own largest value. */
  pictures(branch: string, canvas: Canvas): readonly { readonly word: string; readonly image: Pixels }[] {
    const words = this.#watched.find((watched) => watched.branch === branch)?.words ?? [];
    const { height, width } = this.#layout.sizes.tokens.image;
    return words.map((word, at) => ({ word: word.text, image: tokenMapPicture(this.tokenMap(branch, at), width, height, canvas) }));
  }

  get #tokens(): number {
    return this.#layout.sizes.tokens.image.length;
  }
}

/** 1 at the given columns, 0 elsewhere. */
export function indicatorOf(columns: readonly number[], length: number): Float32Array {
  const indicator = new Float32Array(length);
  for (const column of columns) indicator[column] = 1;
  return indicator;
}

/** Indicators as [length, count], the last ones zero where fewer are given. */
export function interleave(indicators: readonly Float32Array[], length: number, count: number): Float32Array {
  const packed = new Float32Array(length * count);
  indicators.forEach((indicator, at) => {
    for (let i = 0; i < length; i++) packed[i * count + at] = indicator[i] ?? 0;
  });
  return packed;
}

/** A token map as a one-channel picture of the canvas' size: bilinear between token centres, from the least value to the largest. */
export function tokenMapPicture(map: Float32Array, columns: number, rows: number, canvas: Canvas): Pixels {
  const lowest = map.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const highest = map.reduce((most, value) => Math.max(most, value), 0);
  const range = highest - lowest || 1;
  const at = (x: number, y: number) =>
    ((map[Math.min(rows - 1, Math.max(0, y)) * columns + Math.min(columns - 1, Math.max(0, x))] ?? 0) - lowest) / range;
  const data = new Uint8Array(canvas.width * canvas.height);
  for (let y = 0; y < canvas.height; y++)
    for (let x = 0; x < canvas.width; x++) {
      const [u, v] = [((x + 0.5) / canvas.paddedWidth) * columns - 0.5, ((y + 0.5) / canvas.paddedHeight) * rows - 0.5];
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const [fu, fv] = [u - left, v - top];
      const upper = at(left, top) * (1 - fu) + at(left + 1, top) * fu;
      const lower = at(left, top + 1) * (1 - fu) + at(left + 1, top + 1) * fu;
      data[y * canvas.width + x] = Math.round(255 * (upper * (1 - fv) + lower * fv));
    }
  return { width: canvas.width, height: canvas.height, channels: 1, data };
}
