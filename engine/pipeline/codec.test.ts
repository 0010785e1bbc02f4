import { afterAll, describe, expect, it } from 'vitest';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { apart, discOf, openTestEngine } from '../../test/embedded.ts';
import type { Autoencoder } from '../family.ts';
import type { GraphBuilder, Value } from '../graph/builder.ts';
import type { Pixels } from '../ports.ts';
import { decodeLatent, encodePicture } from './codec.ts';
import type { Model } from './model.ts';
import { SessionCache } from './sessions.ts';

const engine = openTestEngine();
const embedded = engine.model('embedded/image');
afterAll(() => engine.close());

const D = 8;

/** Each block of 8 x 8 pixels by itself: a mean a colour, plus what a coder that looks at its whole input would add. */
function blockCoder(look: (g: GraphBuilder, x: Value) => Value): Autoencoder {
  return {
    ...embedded.autoencoder,
    latentChannels: 3,
    downscale: D,
    scalingFactor: 1.5,
    shiftFactor: 0.25,
    buildEncoder(g, { batch, height, width }) {
      const image = g.input('image', 'float32', [batch, 3, height, width]);
      const blocks = g.reshape(image, [batch, 3, height / D, D, width / D, D]);
      const mean = g.add(
        g.reshape(g.reduceMean(blocks, [3, 5], true), [batch, 3, height / D, width / D]),
        look(g, image),
      );
      return { mean, logVariance: mean };
    },
    buildDecoder(g, { batch, height, width }) {
      const latent = g.input('latent', 'float32', [batch, 3, height, width]);
      const cells = g.expand(g.reshape(latent, [batch, 3, height, 1, width, 1]), [batch, 3, height, D, width, D]);
      return g.add(g.reshape(cells, [batch, 3, height * D, width * D]), look(g, latent));
    },
  };
}

const modelOf = (autoencoder: Autoencoder, folder: string): Model => ({
  ...embedded,
  folder,
  autoencoder,
  sessions: new SessionCache(createOnnxRuntime({ threads: 1 })),
});
/** Nothing crosses a block: tiles must give what the whole gives. */
const closed = modelOf(
  blockCoder((g) => g.scalar(0)),
  'closed',
);
/** As a group norm would, tiles of other brightness get another offset. */
const looking = modelOf(
  blockCoder((g, x) => g.mul(g.reduceMean(x, [1, 2, 3], true), g.scalar(0.5))),
  'looking',
);
afterAll(async () => {
  await closed.sessions.release();
  await looking.sessions.release();
});

const tilings = [
  { cells: 4, overlap: 1 },
  { cells: 5, overlap: 2 },
  { cells: 8, overlap: 4 },
  { cells: 6, overlap: 0 },
];

function ramp(width: number, height: number): Pixels {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      data.fill(Math.round((200 * x) / width + (40 * y) / height), (y * width + x) * 3, (y * width + x) * 3 + 3);
  return { width, height, channels: 3, data };
}

describe('coding in tiles', () => {
  it.each(tilings)('equals coding at once where nothing crosses: $cells cells, $overlap shared', async (tiling) => {
    const picture = discOf(15 * D, 11 * D);
    const whole = await encodePicture(closed, picture);
    expect([whole.channels, whole.height, whole.width]).toEqual([3, 11, 15]);
    const tiled = await encodePicture(closed, picture, tiling);
    expect(apart(tiled.data, whole.data)).toBeLessThan(1e-4);
    const [at, again] = [await decodeLatent(closed, whole), await decodeLatent(closed, whole, tiling)];
    expect(apart(again.data, at.data)).toBeLessThanOrEqual(1);
  });

  it('uses the scale and shift of the autoencoder: latent = (mean - shift) scale, and back', async () => {
    const grey: Pixels = { width: 16, height: 8, channels: 3, data: new Uint8Array(16 * 8 * 3).fill(204) };
    const latent = await encodePicture(closed, grey);
    for (const value of latent.data) expect(value).toBeCloseTo((204 / 127.5 - 1 - 0.25) * 1.5, 5);
    expect(apart((await decodeLatent(closed, latent)).data, grey.data)).toBe(0);
  });

  it.each(tilings.filter(({ overlap }) => overlap > 0))(
    'hides its seams: no step at a border beyond the ramp across the overlap, $cells cells, $overlap shared',
    async (tiling) => {
      const latent = await encodePicture(closed, ramp(16 * D, 16 * D));
      const steps = (picture: Pixels) => {
        let most = 0;
        const { width, data } = picture;
        for (let at = 3; at < data.length; at += 3)
          if ((at / 3) % width !== 0) most = Math.max(most, Math.abs((data[at] ?? 0) - (data[at - 3] ?? 0)));
        return most;
      };
      const inCells = steps(await decodeLatent(closed, latent));
      const seamless = steps(await decodeLatent(looking, latent, tiling));
      const hard = steps(await decodeLatent(looking, latent, { ...tiling, overlap: 0 }));
      // Offsets of neighbouring tiles differ by at most 120 grey levels; each pixel of the overlap takes its share.
      expect(seamless).toBeLessThanOrEqual(inCells + 120 / (tiling.overlap * D + 1) + 1);
      expect(seamless).toBeLessThan(hard);
    },
  );

  it('stays near the whole with the shipped autoencoder, and codes small pictures at once', async () => {
    const picture = discOf(128, 128);
    const whole = await encodePicture(embedded, picture);
    const tiled = await encodePicture(embedded, picture, { cells: 8, overlap: 2 });
    const scale = Math.sqrt(whole.data.reduce((sum, value) => sum + value ** 2, 0) / whole.data.length);
    expect(apart(tiled.data, whole.data)).toBeLessThan(0.05 * scale);
    const same = await encodePicture(embedded, picture, { cells: 16, overlap: 4 });
    expect(same.data).toEqual(whole.data);
  });

  it('refuses a picture that was not padded, and tiles that share everything', async () => {
    await expect(encodePicture(closed, ramp(17, 8))).rejects.toThrow('not padded');
    await expect(encodePicture(closed, ramp(64, 64), { cells: 4, overlap: 4 })).rejects.toThrow('cannot share');
  });
});
