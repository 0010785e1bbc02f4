import { cpuUsage } from 'node:process';
import {
  decodeFrames,
  gaussianNoise,
  latentOf,
  latentSizeOf,
  openComponent,
  SessionCache,
  type TensorRuntime,
} from '../engine/index.ts';
import { autoencoderKl } from '../models/vae/autoencoder-kl.ts';
import { createOnnxRuntime } from '../native/runtime.ts';
import { privateBytes, tell } from './child.ts';
import { sampleSince } from './measure.ts';

/** The measured process of tiled.ts. Arguments: component folder, latent pixels a side, of a tile, of an overlap, threads. */
const [folder = '', ...numbers] = process.argv.slice(2);
const [side = 0, tile = 0, overlap = 0, threads = 1] = numbers.map(Number);

const autoencoder = autoencoderKl.open(openComponent(folder));
const runtime = createOnnxRuntime({ threads });
let start = performance.now();
let cpuStart = cpuUsage();
/** Time and memory are counted from where the weights are loaded: one session serves the whole plane or every tile. */
const counting: TensorRuntime = {
  ...runtime,
  async createSession(model, options) {
    const session = await runtime.createSession(model, options);
    await tell(privateBytes());
    start = performance.now();
    cpuStart = cpuUsage();
    return session;
  },
};
// SD3's autoencoder is below the size from which the engine maps weights.
const loading = { denoiser: { weights: 'mapped' }, autoencoder: { weights: 'private' } } as const;
const { latentChannels, spatialCompression } = autoencoder;
const model = { name: 'tiled', folder, autoencoder, sessions: new SessionCache(counting), loading };
const pixels = side * spatialCompression;
const size = latentSizeOf(
  { ...model, denoiser: { latentChannels, patchSize: 1, temporalPatchSize: 1, maxLatentSide: side } },
  { width: pixels, height: pixels, frames: 1 },
);
const latent = latentOf(size, gaussianNoise(size.length, 1));
for await (const _frame of decodeFrames(model, size, latent, { tiling: { size: tile, overlap } }));
const time = sampleSince(start, cpuStart);
const decoded = Math.min(side, tile);
const estimate = autoencoder.decoderActivationBytes({
  ...{ batch: 1, frames: 1, follows: false },
  ...{ height: decoded, width: decoded },
});
await tell({ time, estimate });
process.disconnect();
