import type { FrameSpool } from '../ports.ts';
import type { VideoCanvas } from './videocanvas.ts';
import type { OpenSpool } from './videotiles.ts';

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
export function heldLatent(data: Float32Array, frames: number): LatentStore {
  const frameLength = data.length / frames;
  return {
    frames,
    frameLength,
    read: async (start, count) => data.subarray(start * frameLength, (start + count) * frameLength),
    write: async (start, part) => data.set(part, start * frameLength),
  };
}

/** A latent of a canvas that is in memory as a whole. */
export function latentOn({ leadingFrames, codedFrames }: VideoCanvas, data: Float32Array): LatentFrames {
  return heldLatent(data, leadingFrames + codedFrames);
}

/** Bytes up to which a store is held in memory: some seconds of a large video, and all of most. */
export const HELD_BYTES = 2 ** 24;

/** Where a run keeps what grows with the length of its video: in memory while it is small, else in one spool, opened when first needed. */
export class Scratch {
  readonly #openSpool: OpenSpool | undefined;
  readonly #heldBytes: number;
  #spool: Promise<FrameSpool> | undefined;

  constructor(openSpool: OpenSpool | undefined, heldBytes = HELD_BYTES) {
    this.#openSpool = openSpool;
    this.#heldBytes = heldBytes;
  }

  /**
   * Room for frames of so many numbers, or for other rows of one length. Frames must be written before they are read.
   * @param name no two stores of a run have the same
   */
  store(name: string, frames: number, frameLength: number): LatentStore {
    const open = this.#openSpool;
    if (open === undefined || frames * frameLength * Float32Array.BYTES_PER_ELEMENT <= this.#heldBytes)
      return heldLatent(new Float32Array(frames * frameLength), frames);
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
