import type { Pixels } from '../ports.ts';

/** A channel that differs by so much of 255 is seen; what an autoencoder loses is mostly less. */
const SEEN = 32;
/** Share of the pixels that differ most, whose least difference is the strength. */
const STRONGEST = 0.01;

/** How much of an area changed, and how strongly; over the frames of an edit. */
export class ChangeTally {
  /** Pixels by the largest difference of their colours. */
  readonly #counts = new Float64Array(256);
  #pixels = 0;

  /** Adds a frame. Pictures of one size; only pixels that the mask lets change count. */
  add(before: Pixels, after: Pixels, mask: Pixels | undefined): void {
    const [from, to] = [before.channels, after.channels];
    const colours = Math.min(from, to, 3);
    const pixels = before.width * before.height;
    for (let pixel = 0; pixel < pixels; pixel++) {
      if (mask?.data[pixel] === 0) continue;
      let apart = 0;
      for (let colour = 0; colour < colours; colour++)
        apart = Math.max(apart, Math.abs(before.data[pixel * from + colour]! - after.data[pixel * to + colour]!));
      this.#counts[apart]! += 1;
      this.#pixels += 1;
    }
  }

  /** Share of the area that looks changed, 0..1; undefined where there is no area. */
  get share(): number | undefined {
    return this.#pixels === 0 ? undefined : this.#from(SEEN) / this.#pixels;
  }

  /** The difference that the hundredth part of the area reaches that changed most, 0..1; undefined where there is no area. */
  get strength(): number | undefined {
    if (this.#pixels === 0) return undefined;
    let apart = 255;
    while (apart > 0 && this.#from(apart) < STRONGEST * this.#pixels) apart--;
    return apart / 255;
  }

  #from(apart: number): number {
    return this.#counts.subarray(apart).reduce((sum, count) => sum + count, 0);
  }
}
