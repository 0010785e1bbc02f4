import { massValues } from '../attention/capture.ts';
import type { CaptureOp } from '../attention/ops.ts';
import type { HookValues } from '../attention/values.ts';
import { type FloatTensor, valueAt } from '../base/tensor.ts';
import { type Conditioning, type PromptingModel, wordsOf } from '../conditioning/conditioning.ts';
import { type Influence, influenceOfWord } from '../conditioning/influence.ts';
import type { LatentSize } from '../latents/size.ts';
import type { Pixels } from '../ports.ts';
import type { BranchLayout } from './layout.ts';

/** A word whose place in the picture is read out at one branch. */
export interface WatchedWord {
  readonly word: string;
  readonly influence: Influence;
}

export interface WatchedBranch {
  readonly branch: string;
  readonly words: readonly WatchedWord[];
}

/** The words of a prompt with what they wrote into the text. */
export async function watchWords(
  model: PromptingModel,
  branch: string,
  condition: Conditioning,
): Promise<WatchedBranch> {
  const words: WatchedWord[] = [];
  for (const word of wordsOf(condition))
    words.push({ word: word.text, influence: await influenceOfWord(model, condition, word) });
  return { branch, words };
}

/**
 * Where the network looks while it writes a word: the share of an image token's text attention that falls on what the word wrote into
 * the text (`conditioning/influence.ts`), averaged over heads, layers and steps. Both sums are further value columns of the fused kernel; no score
 * matrix is built.
 */
export class WordMaps {
  readonly operation: CaptureOp;
  readonly values: HookValues;
  readonly #watched: readonly WatchedBranch[];
  readonly #layout: BranchLayout;
  /** Value columns: the words, and last the whole text. */
  readonly #count: number;
  /** Sum over the recorded steps of [image tokens, count], by branch. */
  readonly #sums = new Map<string, Float32Array>();

  constructor(layout: BranchLayout, watched: readonly WatchedBranch[], id = 'words') {
    this.#layout = layout;
    this.#watched = watched;
    this.#count = 1 + Math.max(...watched.map(({ words }) => words.length));
    this.operation = {
      op: 'capture',
      id,
      what: 'mass',
      rows: 'image',
      cols: 'text',
      count: this.#count,
      layers: 'all',
      sites: 'joint',
    };
    const textTokens = layout.sizes.tokens.text.length;
    const packed = layout.rows.map(() => new Float32Array(textTokens * this.#count));
    for (const { branch, words } of watched) {
      const columns = Array.from(
        { length: this.#count - 1 },
        (_, at) => words[at]?.influence.columns ?? new Float32Array(textTokens),
      );
      packed[layout.row(branch)]?.set(interleave([...columns, new Float32Array(textTokens).fill(1)], textTokens));
    }
    this.values = massValues(this.operation, layout.sizes, packed);
  }

  /** Adds what one run captured. */
  record(captures: Readonly<Record<string, FloatTensor>>): void {
    const tensor = captures[this.operation.id];
    if (tensor === undefined) throw new RangeError(`the run captured no ${this.operation.id}`);
    const size = this.#tokens * this.#count;
    for (const { branch } of this.#watched) {
      const row = this.#layout.row(branch);
      const sum = this.#sums.get(branch) ?? new Float32Array(size);
      for (let i = 0; i < size; i++) sum[i] = valueAt(sum, i) + valueAt(tensor.data, row * size + i);
      this.#sums.set(branch, sum);
    }
  }

  /** Share of one word on the token grid [frames, rows, columns], 0..1. */
  tokenMap(branch: string, word: number): Float32Array {
    const sum = this.#sums.get(branch) ?? new Float32Array(this.#tokens * this.#count);
    return Float32Array.from({ length: this.#tokens }, (_, token) => {
      const at = token * this.#count;
      return valueAt(sum, at + word) / Math.max(valueAt(sum, at + this.#count - 1), 1e-9);
    });
  }

  /** Maps of all watched words of a branch as pictures of one latent frame, each scaled to its own largest value. */
  pictures(
    branch: string,
    size: MapSize,
    latentFrame: number,
  ): readonly { readonly word: string; readonly image: Pixels }[] {
    const words = this.#watched.find((watched) => watched.branch === branch)?.words ?? [];
    const { height, width } = this.#layout.sizes.tokens.image;
    return words.map(({ word }, at) => {
      const map = this.frameMap(branch, at, size, latentFrame);
      return { word, image: tokenMapPicture(map, width, height, size) };
    });
  }

  /** As `tokenMap`, of one latent frame: [rows, columns]. */
  frameMap(
    branch: string,
    word: number,
    { latentFrames, paddingFrames }: Pick<LatentSize, 'latentFrames' | 'paddingFrames'>,
    latentFrame: number,
  ): Float32Array {
    const { frames, height, width } = this.#layout.sizes.tokens.image;
    // Some networks join several latent frames to one token.
    const frame = Math.floor(((paddingFrames + latentFrame + 0.5) / (paddingFrames + latentFrames)) * frames);
    const plane = height * width;
    return this.tokenMap(branch, word).subarray(frame * plane, (frame + 1) * plane);
  }

  get #tokens(): number {
    return this.#layout.sizes.tokens.image.length;
  }
}

/** What maps are drawn on. */
type MapSize = Pick<LatentSize, 'width' | 'height' | 'paddedWidth' | 'paddedHeight' | 'latentFrames' | 'paddingFrames'>;

/** Columns of weights as [length, count]. */
export function interleave(columns: readonly Float32Array[], length: number): Float32Array {
  const packed = new Float32Array(length * columns.length);
  columns.forEach((column, at) => {
    for (let i = 0; i < length; i++) packed[i * columns.length + at] = valueAt(column, i);
  });
  return packed;
}

/** A token map as a one-channel picture of the frame's size: bilinear between token centres, from the least value to the largest. */
function tokenMapPicture(map: Float32Array, columns: number, rows: number, size: MapSize): Pixels {
  const lowest = map.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const highest = map.reduce((most, value) => Math.max(most, value), 0);
  const range = highest - lowest || 1;
  const at = (x: number, y: number) =>
    (valueAt(map, Math.min(rows - 1, Math.max(0, y)) * columns + Math.min(columns - 1, Math.max(0, x))) - lowest) /
    range;
  const data = new Uint8Array(size.width * size.height);
  for (let y = 0; y < size.height; y++)
    for (let x = 0; x < size.width; x++) {
      const [u, v] = [((x + 0.5) / size.paddedWidth) * columns - 0.5, ((y + 0.5) / size.paddedHeight) * rows - 0.5];
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const [fu, fv] = [u - left, v - top];
      const upper = at(left, top) * (1 - fu) + at(left + 1, top) * fu;
      const lower = at(left, top + 1) * (1 - fu) + at(left + 1, top + 1) * fu;
      data[y * size.width + x] = Math.round(255 * (upper * (1 - fv) + lower * fv));
    }
  return { width: size.width, height: size.height, channels: 1, data };
}
