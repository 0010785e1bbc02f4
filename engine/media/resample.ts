import { valueAt } from '../base/tensor.ts';
import type { Pixels } from '../ports.ts';

/**
 * A picture at another size, by a triangle filter as wide as a source pixel (enlarging) or a target pixel (reducing), on the bytes as
 * they are. For pictures that somebody asked to be scaled; nothing is scaled silently. Besides the result a strip of rows is in memory.
 */
export function resample(picture: Pixels, width: number, height: number): Pixels {
  if (picture.width === width && picture.height === height) return picture;
  const { channels, data: source } = picture;
  const [across, down] = [tapsOf(picture.width, width), tapsOf(picture.height, height)];
  const rowLength = width * channels;
  const rows = new Map<number, Float32Array>();
  const rowAt = (y: number): Float32Array => {
    const known = rows.get(y);
    if (known !== undefined) return known;
    const made = narrowed(
      source.subarray(y * picture.width * channels, (y + 1) * picture.width * channels),
      across,
      channels,
    );
    rows.set(y, made);
    return made;
  };
  const data = new Uint8Array(height * rowLength);
  const sum = new Float32Array(rowLength);
  for (let y = 0; y < height; y++) {
    const [from, to] = [valueAt(down.starts, y), valueAt(down.starts, y + 1)];
    for (const row of rows.keys()) if (row < valueAt(down.places, from)) rows.delete(row);
    sum.fill(0);
    const total = valueAt(down.totals, y);
    for (let tap = from; tap < to; tap++) {
      const weight = valueAt(down.weights, tap);
      const row = rowAt(valueAt(down.places, tap));
      for (let i = 0; i < rowLength; i++) sum[i]! += (row[i]! * weight) / total;
    }
    for (let i = 0; i < rowLength; i++) data[y * rowLength + i] = Math.min(255, Math.max(0, Math.round(sum[i]!)));
  }
  return { width, height, channels, data };
}

/** For each target place its source places and their weights: those of place `x` from `starts[x]` to `starts[x + 1]`. */
interface Taps {
  readonly starts: Int32Array;
  readonly places: Int32Array;
  readonly weights: Float64Array;
  /** Sum of the weights of each place. */
  readonly totals: Float64Array;
}

function tapsOf(from: number, to: number): Taps {
  const scale = from / to;
  const reach = Math.max(1, scale);
  const starts = new Int32Array(to + 1);
  const totals = new Float64Array(to);
  const [places, weights]: [number[], number[]] = [[], []];
  for (let x = 0; x < to; x++) {
    const centre = (x + 0.5) * scale - 0.5;
    let total = 0;
    for (let at = Math.ceil(centre - reach); at <= Math.floor(centre + reach); at++) {
      const weight = 1 - Math.abs(at - centre) / reach;
      places.push(Math.min(from - 1, Math.max(0, at)));
      weights.push(weight);
      total += weight;
    }
    starts[x + 1] = places.length;
    totals[x] = total;
  }
  return { starts, places: Int32Array.from(places), weights: Float64Array.from(weights), totals };
}

/** A row of pixels at the taps' target width. */
function narrowed(row: Uint8Array, { starts, places, weights, totals }: Taps, channels: number): Float32Array {
  const out = new Float32Array(totals.length * channels);
  for (let x = 0; x < totals.length; x++)
    for (let tap = starts[x]!; tap < starts[x + 1]!; tap++) {
      const [at, weight, total] = [places[tap]! * channels, weights[tap]!, totals[x]!];
      for (let c = 0; c < channels; c++) out[x * channels + c]! += (row[at + c]! * weight) / total;
    }
  return out;
}
