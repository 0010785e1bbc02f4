import type { FrameSpool } from '../ports.ts';
import type { LatentSize } from './size.ts';
import type { OpenSpool } from './tiles.ts';

/** A latent [frames, ...] of any length, of which some frames are in memory at a time. */
export interface LatentFrames {
  readonly frames: number;
  /** Numbers of one frame. */
  readonly frameLength: number;
  /** Frames start .. start + count, one behind the other; to be read alone. */
  read(start: number, count: number): Promise<Float32Array>;
}

export interface LatentStore extends LatentFrames {
  /** Whole frames, the first of them in place of frame `start`. */
  write(start: number, data: Float32Array): Promise<void>;
}

/** A latent that is in memory as a whole. */
export function latentInMemory(data: Float32Array, frames: number): LatentStore {
  const frameLength = data.length / frames;
  return {
    frames,
    frameLength,
    read: async (start, count) => data.subarray(start * frameLength, (start + count) * frameLength),
    write: async (start, part) => data.set(part, start * frameLength),
  };
}

/** A latent of this size that is in memory as a whole. */
export function latentOf({ totalFrames }: Pick<LatentSize, 'totalFrames'>, data: Float32Array): LatentStore {
  return latentInMemory(data, totalFrames);
}

/** Bytes up to which a store is held in memory: some seconds of a large video, and all of most. */
export const IN_MEMORY_BYTES = 2 ** 24;

/** Where a run keeps what grows with the length of its video: in memory while it is small, else in one spool, opened when first needed. */
export class TempStore {
  readonly #openSpool: OpenSpool | undefined;
  readonly #inMemoryBytes: number;
  #spool: Promise<FrameSpool> | undefined;

  constructor(openSpool: OpenSpool | undefined, inMemoryBytes = IN_MEMORY_BYTES) {
    this.#openSpool = openSpool;
    this.#inMemoryBytes = inMemoryBytes;
  }

  /**
   * Room for frames of so many numbers, or for other rows of one length. Frames must be written before they are read.
   * @param name no two stores of a run have the same
   */
  store(name: string, frames: number, frameLength: number): LatentStore {
    const open = this.#openSpool;
    if (open === undefined || frames * frameLength * Float32Array.BYTES_PER_ELEMENT <= this.#inMemoryBytes)
      return latentInMemory(new Float32Array(frames * frameLength), frames);
    const spool = () => {
      this.#spool ??= open();
      return this.#spool;
    };
    return {
      frames,
      frameLength,
      async read(start, count) {
        const read = new Float32Array(count * frameLength);
        const bytes = new Uint8Array(read.buffer);
        for (let i = 0; i < count; i++)
          bytes.set(await (await spool()).read(`${name}.${start + i}`), i * frameLength * read.BYTES_PER_ELEMENT);
        return read;
      },
      async write(start, { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT }) {
        const bytes = new Uint8Array(buffer, byteOffset, byteLength);
        const size = frameLength * BYTES_PER_ELEMENT;
        for (let at = 0; at < bytes.length; at += size)
          await (await spool()).put(`${name}.${start + at / size}`, bytes.subarray(at, at + size));
      },
    };
  }

  /** Gives the room back; stores are not to be used afterwards. */
  async close(): Promise<void> {
    await (await this.#spool)?.close();
  }
}
