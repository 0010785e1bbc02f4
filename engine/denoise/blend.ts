import { valueAt } from '../base/tensor.ts';

/**
 * Weights of the frames of a window, a triangle that is 1 in the middle: min(2(i+1/2)/n, 2 - 2(i+1/2)/n) (DiTCtrl, official code
 * VPSDEDPMPP2MSampler_MultiPrompt). None is 0, so every frame has a weight somewhere.
 */
export function triangleWeights(frames: number): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: frames }, (_, i) => {
    const place = (2 * (i + 0.5)) / frames;
    return Math.min(place, 2 - place);
  });
}

/**
 * The clean estimate of a long latent [frames, ...] from estimates of its windows: sum of w x0 over sum of w, over all visits. A window
 * that is visited twice counts twice. Only frames that were visited and not yet asked for are held.
 */
export class WindowBlend {
  readonly #frames: number;
  readonly #frameLength: number;
  readonly #sums = new Map<number, { readonly values: Float32Array; weight: number }>();
  /** The first frame that was not asked for. */
  #next = 0;

  /** @param frameLength values of one frame, channels * height * width */
  constructor(frames: number, frameLength: number) {
    this.#frames = frames;
    this.#frameLength = frameLength;
  }

  /** Adds one visit of the window that begins at frame `start`; `clean` [weights.length, ...]. */
  add(start: number, clean: Float32Array, weights: ArrayLike<number>): void {
    const length = this.#frameLength;
    if (clean.length !== weights.length * length)
      throw new RangeError(`a window of ${weights.length} frames has ${clean.length} values`);
    if (start < this.#next || start + weights.length > this.#frames)
      throw new RangeError(`a window at ${start} is beyond frames ${this.#next} to ${this.#frames}`);
    for (let frame = 0; frame < weights.length; frame++) {
      const weight = valueAt(weights, frame);
      const sum = this.#sums.get(start + frame) ?? { values: new Float32Array(length), weight: 0 };
      const { values } = sum;
      for (let i = 0; i < length; i++) values[i] = valueAt(values, i) + weight * valueAt(clean, frame * length + i);
      sum.weight += weight;
      this.#sums.set(start + frame, sum);
    }
  }

  /** The blended estimate [frames, ...] of all frames before `until` (default: all) that were not asked for, which no further visit may touch. */
  finish(until = this.#frames): Float32Array<ArrayBuffer> {
    const length = this.#frameLength;
    const blended = new Float32Array(Math.max(0, until - this.#next) * length);
    for (let to = 0; this.#next < until; to += length) {
      const sum = this.#sums.get(this.#next);
      if (sum === undefined || sum.weight === 0) throw new RangeError(`no window has visited frame ${this.#next}`);
      for (let i = 0; i < length; i++) blended[to + i] = valueAt(sum.values, i) / sum.weight;
      this.#sums.delete(this.#next++);
    }
    return blended;
  }
}
