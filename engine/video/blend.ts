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
 * that is visited twice counts twice.
 */
export class WindowBlend {
  readonly #frames: number;
  readonly #frameLength: number;
  readonly #sum: Float32Array<ArrayBuffer>;
  readonly #weight: Float64Array;

  /** @param frameLength values of one frame, channels * height * width */
  constructor(frames: number, frameLength: number) {
    this.#frames = frames;
    this.#frameLength = frameLength;
    this.#sum = new Float32Array(frames * frameLength);
    this.#weight = new Float64Array(frames);
  }

  /** Adds one visit of the window that begins at frame `start`; `clean` [weights.length, ...]. */
  add(start: number, clean: Float32Array, weights: ArrayLike<number>): void {
    const length = this.#frameLength;
    if (clean.length !== weights.length * length)
      throw new RangeError(`a window of ${weights.length} frames has ${clean.length} values`);
    if (start < 0 || start + weights.length > this.#frames)
      throw new RangeError(`a window at ${start} is beyond ${this.#frames} frames`);
    for (let frame = 0; frame < weights.length; frame++) {
      const weight = weights[frame] ?? 0;
      const to = (start + frame) * length;
      for (let i = 0; i < length; i++)
        this.#sum[to + i] = (this.#sum[to + i] ?? 0) + weight * (clean[frame * length + i] ?? 0);
      this.#weight[start + frame] = (this.#weight[start + frame] ?? 0) + weight;
    }
  }

  /** The blended estimate [frames, ...]; to be asked for once, after all visits. */
  finish(): Float32Array<ArrayBuffer> {
    for (let frame = 0; frame < this.#frames; frame++) {
      const weight = this.#weight[frame] ?? 0;
      if (weight === 0) throw new RangeError(`no window has visited frame ${frame}`);
      for (let i = frame * this.#frameLength; i < (frame + 1) * this.#frameLength; i++)
        this.#sum[i] = (this.#sum[i] ?? 0) / weight;
    }
    return this.#sum;
  }
}
