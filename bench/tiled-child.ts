import { decodeLatent, gaussianNoise, openComponent, SessionCache } from '../engine/index.ts';
import { autoencoderKl } from '../models/autoencoder-kl.ts';
import { createOnnxRuntime } from '../native/runtime.ts';
import { privateBytes, tell } from './child.ts';
import { timed } from './measure.ts';

/** The measured process of tiled.ts. Arguments: component folder, latent cells a side, cells of a tile, overlap, threads. */
const [folder = '', ...numbers] = process.argv.slice(2);
const [side = 0, cells = 0, overlap = 0, threads = 1] = numbers.map(Number);

const autoencoder = autoencoderKl.open(openComponent(folder));
const runtime = createOnnxRuntime({ threads });
const sessions = new SessionCache(runtime);
// SD3's autoencoder is below the size from which the engine maps weights.
const loading = { denoiser: { weights: 'mapped' }, autoencoder: { weights: 'private' } } as const;
const model = { folder, autoencoder, sessions, loading };
const decode = (size: number) => {
  const channels = autoencoder.latentChannels;
  const data = gaussianNoise(channels * size * size, 1);
  return decodeLatent(model, { data, channels, height: size, width: size }, { cells, overlap });
};
// Loads the weights; the session of one cell is kept, as those of an edit are.
await decode(1);
await tell(privateBytes());
const { wall, cpu } = await timed(() => decode(side));
const estimate = autoencoder.decoderActivationBytes({
  batch: 1,
  height: Math.min(side, cells),
  width: Math.min(side, cells),
});
await tell({ time: { wall, cpu }, estimate });
process.disconnect();
