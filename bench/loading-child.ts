import { createOnnxRuntime } from '../native/runtime.ts';
import { privateBytes, tell } from './child.ts';
import { encodePlain, openDenoiser, stepFeeds } from './denoisers.ts';
import { timed } from './measure.ts';
import { warmRuntime } from './warmup.ts';

/** The measured process of loading.ts. Arguments: component folder, how its weights are treated, threads. */
const [folder = '', treatment, threads] = process.argv.slice(2);
/** 128 x 128 pixels: what a step needs beside the weights stays small. */
const sizes = { batch: 1, frames: 1, height: 16, width: 16, textTokens: 77 };

const runtime = createOnnxRuntime({ threads: Number(threads) });
await warmRuntime(runtime);
const before = privateBytes();
await tell('ready');
const loaded = await timed(async () => {
  const denoiser = openDenoiser(folder);
  const weights = treatment === 'private' ? 'private' : 'mapped';
  return { denoiser, session: await runtime.createSession(encodePlain(denoiser, sizes), { weights }) };
});
const { denoiser, session } = loaded.result;
const after = privateBytes();
const feeds = stepFeeds(denoiser, sizes);
await session.run(feeds);
const second = await timed(() => session.run(feeds));
await tell({
  load: { wall: loaded.wall, cpu: loaded.cpu },
  second: { wall: second.wall, cpu: second.cpu },
  before,
  after,
});
process.disconnect();
