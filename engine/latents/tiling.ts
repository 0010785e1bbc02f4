import { valueAt } from '../base/tensor.ts';
import type { Tiling } from '../family.ts';

/** Tiles of a plane that is too large to be decoded at once, and the weights that hide their seams. Pure functions. */

/**
 * Starts of tiles of `tile` latent pixels that cover `length` with at least `overlap` shared by neighbours.
 * The last tile is moved back to end exactly at `length`, so that every tile has the same static size.
 */
export function tileStarts(length: number, tile: number, overlap: number): readonly number[] {
  if (tile < 1 || overlap < 0 || overlap >= tile)
    throw new RangeError(`tiles of ${tile} latent pixels cannot share ${overlap}`);
  if (length <= tile) return [0];
  const stride = tile - overlap;
  const starts: number[] = [];
  for (let start = 0; start + tile < length; start += stride) starts.push(start);
  starts.push(length - tile);
  return starts;
}

/**
 * Weight of each of `size` pixels of a tile along one axis: 1 inside, a linear ramp over the overlap towards a neighbour.
 * Never 0, so that the sum of weights can be divided by.
 */
export function seamWeights(size: number, rampBefore: number, rampAfter: number): Float32Array {
  const weights = new Float32Array(size).fill(1);
  for (let i = 0; i < rampBefore; i++) weights[i] = Math.min(weights[i] ?? 1, (i + 1) / (rampBefore + 1));
  for (let i = 0; i < rampAfter; i++) {
    const at = size - 1 - i;
    weights[at] = Math.min(weights[at] ?? 1, (i + 1) / (rampAfter + 1));
  }
  return weights;
}

/** One tile along one axis. */
interface TileSpan {
  readonly start: number;
  readonly size: number;
  /** Seam weights of its `scale` values a latent pixel. */
  weights(scale: number): Float32Array;
}

/** Tiles that cover a plane, row by row of tiles. */
export function tileGrid(
  height: number,
  width: number,
  { size, overlap }: Tiling,
): readonly { readonly rows: TileSpan; readonly columns: TileSpan }[] {
  const across = tileSpans(width, size, overlap);
  return tileSpans(height, size, overlap).flatMap((rows) => across.map((columns) => ({ rows, columns })));
}

function tileSpans(length: number, tile: number, overlap: number): readonly TileSpan[] {
  const size = Math.min(tile, length);
  const starts = tileStarts(length, tile, overlap);
  /** Latent pixels that tile `at` and the next one share; 0 at the borders. */
  const shared = (at: number) => {
    const [start, next] = [starts[at], starts[at + 1]];
    return start === undefined || next === undefined ? 0 : start + size - next;
  };
  return starts.map((start, at) => ({
    start,
    size,
    weights: (scale) => seamWeights(size * scale, shared(at - 1) * scale, shared(at) * scale),
  }));
}

/** Accumulates tiles [channels, tileHeight, tileWidth] into a plane [channels, height, width] by weighted mean. */
export class SeamBlender {
  readonly #sum: Float32Array;
  readonly #weight: Float32Array;
  readonly #channels: number;
  readonly #height: number;
  readonly #width: number;

  constructor(channels: number, height: number, width: number) {
    this.#channels = channels;
    this.#height = height;
    this.#width = width;
    this.#sum = new Float32Array(channels * height * width);
    this.#weight = new Float32Array(height * width);
  }

  /** `rows` and `columns` are the tile's seam weights; their lengths are the tile's size. */
  add(tile: Float32Array, top: number, left: number, rows: Float32Array, columns: Float32Array): void {
    const [tileHeight, tileWidth] = [rows.length, columns.length];
    for (let y = 0; y < tileHeight; y++) {
      const target = (top + y) * this.#width + left;
      for (let x = 0; x < tileWidth; x++) {
        const weight = valueAt(rows, y) * valueAt(columns, x);
        this.#weight[target + x] = valueAt(this.#weight, target + x) + weight;
        for (let channel = 0; channel < this.#channels; channel++) {
          const at = channel * this.#height * this.#width + target + x;
          const value = valueAt(tile, (channel * tileHeight + y) * tileWidth + x);
          this.#sum[at] = valueAt(this.#sum, at) + weight * value;
        }
      }
    }
  }

  /** The blended plane; every place must have been covered. */
  result(): Float32Array {
    const plane = this.#height * this.#width;
    return this.#sum.map((value, index) => value / (this.#weight[index % plane] ?? 1));
  }
}
