import { cpuUsage } from 'node:process';
import { decodeLatent, gaussianNoise, openComponent, SessionCache, type TensorRuntime } from '../engine/index.ts';
import { autoencoderKl } from '../models/autoencoder-kl.ts';
import { createOnnxRuntime } from '../native/runtime.ts';
import { privateBytes, tell } from './child.ts';
import { sampleSince } from './measure.ts';

/** The measured process of tiled.ts. Arguments: component folder, latent cells a side, cells of a tile, overlap, threads. */
const [folder = '', ...numbers] = process.argv.slice(2);
const [side = 0, cells = 0, overlap = 0, threads = 1] = numbers.map(Number);

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
const channels = autoencoder.latentChannels;
await decodeLatent(
  { folder, autoencoder, sessions: new SessionCache(counting), loading },
  { data: gaussianNoise(channels * side * side, 1), channels, height: side, width: side },
  { cells, overlap },
);
const time = sampleSince(start, cpuStart);
const decoded = Math.min(side, cells);
const estimate = autoencoder.decoderActivationBytes({ batch: 1, height: decoded, width: decoded });
await tell({ time, estimate });
process.disconnect();
