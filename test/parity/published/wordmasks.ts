/**
 * From captured attention maps to masks: pure functions over dense row-major planes. A map is [height, width] with one value
 * a cell; a mask is the same with 0 and 1. Used by the blends of Prompt-to-Prompt (arXiv 2208.01626) and InfEdit (arXiv 2312.04965).
 */

export interface Grid {
  readonly height: number;
  readonly width: number;
}

/** A stack of maps [layers, heads, cells, words], as captured at the sites of a network. */
export interface WordMapStack {
  readonly data: Float32Array;
  readonly layers: number;
  readonly heads: number;
  readonly cells: number;
  readonly words: number;
}

/**
 * One map from a stack: the selected words' maps, averaged over layers and a range of heads, are combined over words by their
 * sum (Prompt-to-Prompt) or their maximum (InfEdit).
 * @param weights one value a word; 0 leaves the word out
 */
export function aggregateWords(
  stack: WordMapStack,
  weights: ArrayLike<number>,
  combine: 'sum' | 'max',
  heads: readonly [from: number, to: number] = [0, stack.heads],
): Float32Array<ArrayBuffer> {
  const { layers, cells, words, data } = stack;
  const out = new Float32Array(cells);
  const count = layers * (heads[1] - heads[0]);
  for (let cell = 0; cell < cells; cell++) {
    let result = 0;
    for (let word = 0; word < words; word++) {
      const weight = weights[word] ?? 0;
      if (weight === 0) continue;
      let sum = 0;
      for (let layer = 0; layer < layers; layer++) {
        for (let head = heads[0]; head < heads[1]; head++) {
          sum += data[((layer * stack.heads + head) * cells + cell) * words + word] ?? 0;
        }
      }
      const mean = (weight * sum) / count;
      result = combine === 'sum' ? result + mean : Math.max(result, mean);
    }
    out[cell] = result;
  }
  return out;
}

/** The largest value in the square of cells within `radius`; radius 1 is a 3 x 3 max pool of stride 1. On a mask: dilation. */
export function dilate(map: Float32Array, height: number, width: number, radius = 1): Float32Array<ArrayBuffer> {
  const alongRows = new Float32Array(map.length);
  const out = new Float32Array(map.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let most = Number.NEGATIVE_INFINITY;
      for (let at = Math.max(0, x - radius); at <= Math.min(width - 1, x + radius); at++)
        most = Math.max(most, map[y * width + at] ?? most);
      alongRows[y * width + x] = most;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let most = Number.NEGATIVE_INFINITY;
      for (let at = Math.max(0, y - radius); at <= Math.min(height - 1, y + radius); at++)
        most = Math.max(most, alongRows[at * width + x] ?? most);
      out[y * width + x] = most;
    }
  }
  return out;
}

/** Nearest-neighbour resize, the cell of floor(index * from / to) (torch `interpolate`, mode `nearest`). */
export function resizeNearest(map: Float32Array, from: Grid, to: Grid): Float32Array<ArrayBuffer> {
  const out = new Float32Array(to.height * to.width);
  for (let y = 0; y < to.height; y++) {
    const row = Math.floor((y * from.height) / to.height) * from.width;
    for (let x = 0; x < to.width; x++) out[y * to.width + x] = map[row + Math.floor((x * from.width) / to.width)] ?? 0;
  }
  return out;
}

/** Divided by its own largest value; a map without a positive value becomes zeros. */
export function normaliseByMax(map: Float32Array): Float32Array<ArrayBuffer> {
  const most = map.reduce((a, b) => Math.max(a, b), 0);
  return Float32Array.from(map, (value) => (most > 0 ? value / most : 0));
}

/** 1 where the value is strictly greater than the limit. */
function threshold(map: Float32Array, limit: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(map, (value) => (value > limit ? 1 : 0));
}

export function union(a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(a, (value, i) => Math.max(value, b[i] ?? 0));
}

/** `a` where `b` is 0. */
export function without(a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(a, (value, i) => ((b[i] ?? 0) > 0 ? 0 : value));
}

/** One map made into a mask of the latent: optional 3 x 3 pooling, nearest resize, division by its maximum, threshold. */
export function wordMask(
  map: Float32Array,
  from: Grid,
  to: Grid,
  limit: number,
  pooled: boolean,
): Float32Array<ArrayBuffer> {
  const smooth = pooled ? dilate(map, from.height, from.width, 1) : map;
  return threshold(normaliseByMax(resizeNearest(smooth, from, to)), limit);
}

/**
 * InfEdit's threshold, which rises with the noise so that early, diffuse maps do not open everything:
 * max(limit, 0.15 / signal), signal = sqrt(a) for diffusion and 1 - s for flow models, at most 0.95.
 */
export function noiseAwareLimit(limit: number, signal: number, temperature = 0.15): number {
  return Math.min(Math.max(limit, temperature / signal), 0.95);
}

/** Where a blended latent cell comes from. */
const BLEND_TARGET = 1;
const BLEND_LAYOUT = 2;
const BLEND_SOURCE = 3;

export interface LayoutBlend {
  /** Edited words; absent: the target everywhere. */
  readonly edited?: Float32Array;
  /** Words of the source that must stay. */
  readonly kept?: Float32Array;
  /** Words both edited and kept, which come from the layout branch. */
  readonly mutual?: Float32Array;
}

/**
 * InfEdit's choice among the three branches, cell by cell: the target where an edited word is, else the layout branch; then
 * the source where a kept word is; then the layout where a mutual word is.
 */
export function chooseBranches({ edited, kept, mutual }: LayoutBlend, cells: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: cells }, (_, cell) => {
    if ((mutual?.[cell] ?? 0) > 0) return BLEND_LAYOUT;
    if ((kept?.[cell] ?? 0) > 0) return BLEND_SOURCE;
    return edited === undefined || (edited[cell] ?? 0) > 0 ? BLEND_TARGET : BLEND_LAYOUT;
  });
}
