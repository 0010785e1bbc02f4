import { philox4x32 } from '../../engine/index.ts';

/** Uniform integers from a seed and a stream of their own, unrelated to any noise an edit draws. */
export class Dice {
  readonly #key: readonly [number, number];
  #block = 0;
  #stream: number;

  constructor(seed: number, stream: number) {
    this.#key = [seed, 0x5ce9e];
    this.#stream = stream;
  }

  below(count: number): number {
    const words = Uint32Array.of(this.#block++, this.#stream, 0, 0);
    philox4x32(words, this.#key);
    return Math.floor(((words[0] ?? 0) / 2 ** 32) * count);
  }

  pick<T>(list: readonly T[]): T {
    const value = list[this.below(list.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }
}
