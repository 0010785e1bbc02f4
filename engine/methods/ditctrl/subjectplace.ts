import { valueAt } from '../../base/tensor.ts';
/**
 * Where a word stands in each frame, from the share of attention that falls on its tokens (DiTCtrl, official code
 * `aggregate_cross_attn_map`): each frame stretched to 0..1 by its own least and largest value. The stretch always finds something,
 * even where the word shows nowhere.
 * @param mass summed over the word's tokens, averaged over heads and layers: [frames, rows * columns]
 */
export function stretchFrames(mass: Float32Array, frames: number): Float32Array<ArrayBuffer> {
  if (mass.length % frames !== 0) throw new RangeError(`${mass.length} values are not ${frames} frames`);
  const size = mass.length / frames;
  const out = new Float32Array(mass.length);
  for (let frame = 0; frame < frames; frame++) {
    const values = mass.subarray(frame * size, (frame + 1) * size);
    let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of values) {
      least = Math.min(least, value);
      largest = Math.max(largest, value);
    }
    for (let i = 0; i < size; i++) out[frame * size + i] = (valueAt(values, i) - least) / (largest - least + 1e-6);
  }
  return out;
}

/** 1 where a stretched map reaches `threshold`, else 0. */
export function thresholdMap(map: Float32Array, threshold: number): Float32Array<ArrayBuffer> {
  // A value stored as float32 is compared with a threshold of the same kind.
  const limit = Math.fround(threshold);
  return map.map((value) => (value >= limit ? 1 : 0));
}
