import type { Pixels } from '../ports.ts';

/** Soft edges of masks by exact Euclidean distances; pure functions. */

const FAR = 1e20;

/**
 * Distance in pixels from each pixel's centre to the nearest pixel where `isSeed`; Infinity if there is none.
 * Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", section 2: linear time, exact.
 */
export function distanceTo(width: number, height: number, isSeed: (pixel: number) => boolean): Float32Array {
  const squared = Float64Array.from({ length: width * height }, (_, pixel) => (isSeed(pixel) ? 0 : FAR));
  for (let x = 0; x < width; x++) lowerEnvelope(squared, x, width, height);
  for (let y = 0; y < height; y++) lowerEnvelope(squared, y * width, 1, width);
  return Float32Array.from(squared, (value) => (value >= FAR ? Number.POSITIVE_INFINITY : Math.sqrt(value)));
}

/** Replaces one line of squared distances by the lower envelope of the parabolas that stand on them. */
function lowerEnvelope(squared: Float64Array, offset: number, stride: number, length: number): void {
  const heights = Float64Array.from({ length }, (_, at) => squared[offset + at * stride]!);
  const feet = new Int32Array(length);
  const starts = new Float64Array(length + 1);
  let count = 0;
  for (let at = 0; at < length; at++) {
    if (heights[at]! >= FAR) continue;
    let start = Number.NEGATIVE_INFINITY;
    while (count > 0) {
      const foot = feet[count - 1]!;
      start = (heights[at]! + at * at - heights[foot]! - foot * foot) / (2 * (at - foot));
      if (start > starts[count - 1]!) break;
      count--;
      start = Number.NEGATIVE_INFINITY;
    }
    feet[count] = at;
    starts[count] = start;
    count++;
  }
  if (count === 0) return;
  let current = 0;
  for (let at = 0; at < length; at++) {
    while (current + 1 < count && starts[current + 1]! < at) current++;
    const foot = feet[current]!;
    squared[offset + at * stride] = (at - foot) * (at - foot) + heights[foot]!;
  }
}

/** How much of the edit each pixel takes, 0..1: the mask's own value, rising from its edge over `radius` pixels, and 0 outside. */
export function featherWeights(mask: Pixels, radius: number): Float32Array {
  const weights = Float32Array.from(mask.data, (value) => value / 255);
  // A mask without an edge has no distance to one.
  if (radius <= 0 || !mask.data.includes(0)) return weights;
  const distance = distanceTo(mask.width, mask.height, (pixel) => mask.data[pixel] === 0);
  return weights.map((weight, pixel) => weight * Math.min(1, distance[pixel]! / (radius + 1)));
}
