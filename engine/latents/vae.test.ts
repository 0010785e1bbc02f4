import { afterAll, describe, expect, it } from 'vitest';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { apart, openTestEngine } from '../../test/embedded.ts';
import type { Autoencoder, FrameSizes } from '../family.ts';
import type { GraphBuilder, Value } from '../graph/builder.ts';
import { fromPlanar } from '../media/pixels.ts';
import { SessionCache } from '../model/sessions.ts';
import type { FrameSpool, Pixels } from '../ports.ts';
import type { CodingModel } from './batches.ts';
import { decodeFramePlanes, decodeFrames, decodeOneFrame } from './decode.ts';
import { encodeFrames } from './encode.ts';
import { latentOf } from './frames.ts';
import { latentSizeOfFrames, type SizedModel } from './size.ts';

const engine = openTestEngine();
const embedded = engine.model('embedded/image');
const sessions = new SessionCache(createOnnxRuntime({ threads: 1 }));
afterAll(async () => {
  await sessions.release();
  await engine.close();
});

const D = 4;
const CHANNELS = 3;

/** Frames of latent ones: two of each, of an odd number one of the first. */
function grown(g: GraphBuilder, x: Value): Value {
  const frames = Array.from({ length: x.shape[2] ?? 0 }, (_, at) => g.slice(x, 2, at, at + 1));
  const odd = frames.length % 2;
  return g.concat(
    frames.flatMap((frame, at) => (odd === 1 && at === 0 ? [frame] : [frame, frame])),
    2,
  );
}

/** Each latent pixel by itself, plus half of what it was in all batches before: tiles must give what the whole gives. */
const coder: Autoencoder = {
  latentChannels: CHANNELS,
  spatialCompression: D,
  scalingFactor: 1.5,
  shiftFactor: 0.25,
  temporalCompression: 2,
  independentFrames: false,
  tiling: { size: 64, overlap: 2 },
  encoderBatches: (frames) => batches(frames, 4),
  decoderBatches: (frames) => batches(frames, 2),
  encoderActivationBytes: () => 0,
  decoderActivationBytes: () => 0,
  buildEncoder(g, { batch, frames, height, width }: FrameSizes) {
    const pixels = g.input('frames', 'float32', [batch, CHANNELS, frames, height, width]);
    const blocks = g.reshape(pixels, [batch, CHANNELS, frames, height / D, D, width / D, D]);
    const means = g.reshape(g.reduceMean(blocks, [4, 6], true), [batch, CHANNELS, frames, height / D, width / D]);
    // The last frame of each pair, and of an odd number the first besides.
    const taken = Array.from({ length: frames }, (_, at) => at).filter((at) => (frames - 1 - at) % 2 === 0);
    const mean = g.concat(
      taken.map((at) => g.slice(means, 2, at, at + 1)),
      2,
    );
    return { mean, logVariance: mean, after: new Map() };
  },
  buildDecoder(g, { batch, frames, height, width, follows }: FrameSizes) {
    const shape = [batch, CHANNELS, frames, height, width];
    const latent = g.input('latent', 'float32', shape);
    const single = shape.with(2, 1);
    const before = follows ? g.input('before.sum', 'float32', single) : undefined;
    const own = before === undefined ? latent : g.add(latent, g.expand(g.mul(before, g.scalar(0.5)), shape));
    const clip = grown(g, own);
    const count = clip.shape[2] ?? 0;
    const blocks = g.expand(g.reshape(clip, [batch, CHANNELS, count, height, 1, width, 1]), [
      batch,
      CHANNELS,
      count,
      height,
      D,
      width,
      D,
    ]);
    const last = g.slice(own, 2, frames - 1, frames);
    return {
      frames: g.reshape(blocks, [batch, CHANNELS, count, height * D, width * D]),
      after: new Map([['sum', last]]),
    };
  },
};

function batches(frames: number, size: number): readonly number[] {
  const count = Math.max(Math.floor(frames / size), 1);
  return Array.from({ length: count }, (_, i) => (i === 0 ? frames - (count - 1) * size : size));
}

const modelOf = (autoencoder: Autoencoder): CodingModel & SizedModel => ({
  name: 'test',
  folder: autoencoder.independentFrames ? 'pictures' : 'video',
  autoencoder,
  sessions,
  loading: embedded.loading,
  denoiser: { patchSize: 1, temporalPatchSize: 2, latentChannels: autoencoder.latentChannels, maxLatentSide: 64 },
});
const video = modelOf(coder);
const pictures = modelOf(embedded.autoencoder);

const noise = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898) * 0.6);

async function all<T>(generator: AsyncIterable<T>): Promise<readonly T[]> {
  const items: T[] = [];
  for await (const item of generator) items.push(item);
  return items;
}

describe('decoding', () => {
  it.each([1, 3, 5, 7])(
    '%s latent frames by tiles gives what the whole plane gives, each tile with what it carries',
    async (coded) => {
      const size = latentSizeOfFrames(video, { width: 11 * D, height: 9 * D }, coded);
      const latent = noise(size.length);
      const whole = await all(
        decodeFramePlanes(video, size, latentOf(size, latent), { tiling: { size: 64, overlap: 2 } }),
      );
      const tiled = await all(
        decodeFramePlanes(video, size, latentOf(size, latent), { tiling: { size: 4, overlap: 2 } }),
      );
      expect(whole).toHaveLength(2 * (coded - 1) + 1);
      expect(tiled).toHaveLength(whole.length);
      // Pieces wait as bytes.
      for (const [at, planes] of whole.entries()) {
        const clipped = planes.map((value) => Math.min(1, Math.max(-1, value)));
        expect(apart(tiled[at] ?? [], clipped)).toBeLessThanOrEqual(1 / 255 + 1e-6);
      }
    },
  );

  it('drops the leading latent frames, and frames that were not asked for', async () => {
    const size = latentSizeOfFrames(video, { width: 3 * D - 1, height: 2 * D }, 3, 4);
    expect(size.paddingFrames).toBe(1);
    const latent = noise(size.length);
    const other = latent.slice();
    other.fill(9, 0, size.length / 4);
    const [one, two] = [
      await all(decodeFrames(video, size, latentOf(size, latent))),
      await all(decodeFrames(video, size, latentOf(size, other))),
    ];
    expect(one.map(({ width, height }) => [width, height])).toEqual(Array.from({ length: 4 }, () => [11, 8]));
    expect(two).toEqual(one);
  });

  it('takes every piece out of the spool it was given', async () => {
    const waiting = new Map<string, Uint8Array>();
    let [most, isClosed] = [0, false];
    const spool: FrameSpool = {
      async put(key, data) {
        waiting.set(key, data);
        most = Math.max(most, waiting.size);
      },
      read: async () => Promise.reject(new Error('a piece of a tile is read once')),
      async take(key) {
        const data = waiting.get(key);
        if (data === undefined) throw new Error(`nothing waits as ${key}`);
        waiting.delete(key);
        return data;
      },
      async close() {
        isClosed = true;
      },
    };
    const size = latentSizeOfFrames(video, { width: 6 * D, height: 4 * D }, 3);
    await all(
      decodeFrames(video, size, latentOf(size, noise(size.length)), {
        tiling: { size: 4, overlap: 2 },
        openSpool: async () => spool,
      }),
    );
    expect([most, waiting.size, isClosed]).toEqual([2 * 5, 0, true]);
  });

  it('of frames that are coded by themselves is that of each frame alone', async () => {
    const size = latentSizeOfFrames(pictures, { width: 32, height: 16 }, 4);
    const latent = noise(size.length);
    const frames = await all(decodeFramePlanes(pictures, size, latentOf(size, latent)));
    expect(frames).toHaveLength(4);
    const { frameLength } = size;
    const single = latentSizeOfFrames(
      { ...pictures, denoiser: { ...pictures.denoiser, temporalPatchSize: 1 } },
      size,
      1,
    );
    const third = latentOf(single, latent.subarray(2 * frameLength, 3 * frameLength));
    expect(await all(decodeFramePlanes(pictures, single, third))).toEqual([frames[2]]);
  });

  it('of one frame is the first frame of a video that begins with it', async () => {
    const size = latentSizeOfFrames(pictures, { width: 32, height: 16 }, 4);
    const latent = noise(size.length);
    const frames = await all(decodeFrames(pictures, size, latentOf(size, latent)));
    expect(await decodeOneFrame(pictures, size, latentOf(size, latent), 2)).toEqual(frames[2]);
    const clip = latentSizeOfFrames(video, { width: 4 * D, height: 3 * D }, 5);
    const noisy = noise(clip.length);
    const { frameLength } = clip;
    const alone = noisy
      .slice(4 * frameLength, 5 * frameLength)
      .map((value) => value / coder.scalingFactor + coder.shiftFactor);
    const shown = await decodeOneFrame(video, clip, latentOf(clip, noisy), 3);
    const corner = fromPlanar(Float32Array.of(alone[0] ?? 0, alone[12] ?? 0, alone[24] ?? 0), 1, 1);
    expect([...shown.data.subarray(0, 3)]).toEqual([...corner.data]);
  });
});

describe('encoding', () => {
  const frameOf = (value: number, width: number, height: number): Pixels => ({
    width,
    height,
    channels: 3,
    data: new Uint8Array(width * height * 3).fill(value),
  });

  it('is scaled, in the order of the frames, with the first one in front where tokens span frames', async () => {
    const size = latentSizeOfFrames(video, { width: 2 * D, height: D }, 5);
    const clip = Array.from({ length: 9 }, (_, at) => frameOf(20 * at, 2 * D, D));
    const latent = await encodeFrames(video, size, clip);
    const { frameLength } = size;
    const values = Array.from({ length: 6 }, (_, frame) => latent[frame * frameLength] ?? 0);
    const expected = [0, 0, 40, 80, 120, 160].map((value) => (value / 127.5 - 1 - 0.25) * 1.5);
    for (const [at, value] of values.entries()) expect(value).toBeCloseTo(expected[at] ?? 0, 5);
  });

  it('repeats the last frame of a clip that is shorter than its latent', async () => {
    const size = latentSizeOfFrames(video, { width: D, height: D }, 3, 4);
    const clip = Array.from({ length: 4 }, (_, at) => frameOf(50 * at, D, D));
    const latent = await encodeFrames(video, size, clip);
    expect(latent.at(-1)).toBeCloseTo((150 / 127.5 - 1 - 0.25) * 1.5, 5);
  });

  it('by tiles gives what the whole plane gives', async () => {
    const size = latentSizeOfFrames(video, { width: 11 * D, height: 9 * D }, 4);
    const clip = Array.from({ length: 7 }, (_, at) => {
      const data = Uint8Array.from({ length: 11 * D * 9 * D * 3 }, (__, i) => (i * 37 + at * 91 + (i % 7) * 13) % 256);
      return { width: 11 * D, height: 9 * D, channels: 3 as const, data };
    });
    const whole = await encodeFrames(video, size, clip, { size: 64, overlap: 2 });
    const tiled = await encodeFrames(video, size, clip, { size: 4, overlap: 2 });
    expect(new Set(whole).size).toBeGreaterThan(100);
    expect(apart(tiled, whole)).toBeLessThan(1e-5);
  });

  it('refuses frames of another size', async () => {
    const size = latentSizeOfFrames(video, { width: D, height: D }, 1);
    await expect(encodeFrames(video, size, [frameOf(0, D, 2 * D)])).rejects.toThrow(/4x8 where 4x4/);
  });
});
