import { afterAll, describe, expect, it } from 'vitest';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { apart, discOf, openTestEngine } from '../../test/embedded.ts';
import type { Autoencoder, Tiling } from '../family.ts';
import type { GraphBuilder, Value } from '../graph/builder.ts';
import type { Model } from '../model/model.ts';
import { SessionCache } from '../model/sessions.ts';
import type { Pixels } from '../ports.ts';
import { decodeFrames } from './decode.ts';
import { encodeFrames } from './encode.ts';
import { latentOf } from './frames.ts';
import { type LatentSize, latentSizeOf } from './size.ts';

const engine = openTestEngine();
const embedded = engine.model('embedded/image');
afterAll(() => engine.close());

const D = 8;

/** Each block of 8 x 8 pixels by itself: a mean a colour, plus what a coder that looks at its whole input would add. */
function blockCoder(look: (g: GraphBuilder, x: Value) => Value): Autoencoder {
  return {
    ...embedded.autoencoder,
    latentChannels: 3,
    spatialCompression: D,
    scalingFactor: 1.5,
    shiftFactor: 0.25,
    encoderBatches: (frames) => Array.from({ length: frames }, () => 1),
    decoderBatches: (frames) => Array.from({ length: frames }, () => 1),
    buildEncoder(g, { batch, height, width }) {
      const frames = g.input('frames', 'float32', [batch, 3, 1, height, width]);
      const blocks = g.reshape(frames, [batch, 3, 1, height / D, D, width / D, D]);
      const mean = g.add(
        g.reshape(g.reduceMean(blocks, [4, 6], true), [batch, 3, 1, height / D, width / D]),
        look(g, frames),
      );
      return { mean, logVariance: mean, after: new Map() };
    },
    buildDecoder(g, { batch, height, width }) {
      const latent = g.input('latent', 'float32', [batch, 3, 1, height, width]);
      const blocks = g.expand(g.reshape(latent, [batch, 3, height, 1, width, 1]), [batch, 3, height, D, width, D]);
      const frames = g.add(g.reshape(blocks, [batch, 3, 1, height * D, width * D]), look(g, latent));
      return { frames, after: new Map() };
    },
  };
}

const modelOf = (autoencoder: Autoencoder, folder: string): Model => ({
  ...embedded,
  folder,
  autoencoder,
  denoiser: { ...embedded.denoiser, latentChannels: autoencoder.latentChannels, patchSize: 1, maxLatentSide: 64 },
  sessions: new SessionCache(createOnnxRuntime({ threads: 1 })),
});
/** Nothing crosses a block: tiles must give what the whole gives. */
const closed = modelOf(
  blockCoder((g) => g.scalar(0)),
  'closed',
);
/** As a group norm would, tiles of other brightness get another offset. */
const looking = modelOf(
  blockCoder((g, x) => g.mul(g.reduceMean(x, [1, 2, 3, 4], true), g.scalar(0.5))),
  'looking',
);
afterAll(async () => {
  await closed.sessions.release();
  await looking.sessions.release();
});

const tilings = [
  { size: 4, overlap: 1 },
  { size: 5, overlap: 2 },
  { size: 8, overlap: 4 },
  { size: 6, overlap: 0 },
];

const sizeOf = (model: Model, { width, height }: Pick<Pixels, 'width' | 'height'>) =>
  latentSizeOf(model, { width, height, frames: 1 });
const encode = (model: Model, picture: Pixels, tiling?: Tiling) =>
  encodeFrames(model, sizeOf(model, picture), [picture], tiling);
async function decode(model: Model, size: LatentSize, latent: Float32Array, tiling?: Tiling): Promise<Pixels> {
  for await (const frame of decodeFrames(model, size, latentOf(size, latent), tiling === undefined ? {} : { tiling }))
    return frame;
  throw new Error('no frame was decoded');
}

function ramp(width: number, height: number): Pixels {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      data.fill(Math.round((200 * x) / width + (40 * y) / height), (y * width + x) * 3, (y * width + x) * 3 + 3);
  return { width, height, channels: 3, data };
}

describe('coding in tiles', () => {
  it.each(tilings)(
    'equals coding at once where nothing crosses: $size latent pixels, $overlap shared',
    async (tiling) => {
      const picture = discOf(15 * D, 11 * D);
      const size = sizeOf(closed, picture);
      expect([size.rows, size.columns, size.length]).toEqual([11, 15, 3 * 11 * 15]);
      const [whole, tiled] = [await encode(closed, picture), await encode(closed, picture, tiling)];
      expect(apart(tiled, whole)).toBeLessThan(1e-4);
      const [at, again] = [await decode(closed, size, whole), await decode(closed, size, whole, tiling)];
      expect(apart(again.data, at.data)).toBeLessThanOrEqual(1);
    },
  );

  it('uses the scale and shift of the autoencoder: latent = (mean - shift) scale, and back', async () => {
    const grey: Pixels = { width: 16, height: 8, channels: 3, data: new Uint8Array(16 * 8 * 3).fill(204) };
    const latent = await encode(closed, grey);
    for (const value of latent) expect(value).toBeCloseTo((204 / 127.5 - 1 - 0.25) * 1.5, 5);
    expect(apart((await decode(closed, sizeOf(closed, grey), latent)).data, grey.data)).toBe(0);
  });

  it.each(tilings.filter(({ overlap }) => overlap > 0))(
    'hides its seams: no step at a border beyond the ramp across the overlap, $size latent pixels, $overlap shared',
    async (tiling) => {
      const picture = ramp(16 * D, 16 * D);
      const [latent, size] = [await encode(closed, picture), sizeOf(closed, picture)];
      const steps = (picture: Pixels) => {
        let most = 0;
        const { width, data } = picture;
        for (let at = 3; at < data.length; at += 3)
          if ((at / 3) % width !== 0) most = Math.max(most, Math.abs((data[at] ?? 0) - (data[at - 3] ?? 0)));
        return most;
      };
      const inBlocks = steps(await decode(closed, size, latent));
      const seamless = steps(await decode(looking, size, latent, tiling));
      const hard = steps(await decode(looking, size, latent, { ...tiling, overlap: 0 }));
      // Offsets of neighbouring tiles differ by at most 120 grey levels; each pixel of the overlap takes its share.
      expect(seamless).toBeLessThanOrEqual(inBlocks + 120 / (tiling.overlap * D + 1) + 1);
      expect(seamless).toBeLessThan(hard);
    },
  );

  it('stays near the whole with the shipped autoencoder, and codes small pictures at once', async () => {
    const picture = discOf(128, 128);
    const whole = await encode(embedded, picture);
    const tiled = await encode(embedded, picture, { size: 8, overlap: 2 });
    const scale = Math.sqrt(whole.reduce((sum, value) => sum + value ** 2, 0) / whole.length);
    expect(apart(tiled, whole)).toBeLessThan(0.05 * scale);
    const same = await encode(embedded, picture, { size: 16, overlap: 4 });
    expect(same).toEqual(whole);
  });

  it('pads a picture to whole latent pixels, and refuses tiles that share everything', async () => {
    expect(await encode(closed, ramp(17, 8))).toHaveLength(3 * 3);
    await expect(encode(closed, ramp(64, 64), { size: 4, overlap: 4 })).rejects.toThrow('cannot share');
  });
});
