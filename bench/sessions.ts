import { createOnnxRuntime } from '../native/runtime.ts';
import type { Benchmark } from './benchmark.ts';
import { compileFor, encodeHooked, encodePlain, MEDIUM, openDenoiser } from './denoisers.ts';
import { routeHooks, wordHooks } from './hookplans.ts';
import { alternate, timed, timeFigure } from './measure.ts';
import { sd3Medium } from './networks.ts';

const ROUNDS = 5;

export const sessions: Benchmark = {
  name: 'sessions',
  title: 'a session for new hooks over a mapped checkpoint; SD3 medium, 24 layers, 2 billion f16 weights, 1357 tokens',
  async run({ workspace, threads }) {
    // Loading reads no weights, so the file has none: it is a hole of its full size.
    const { folder, weightBytes } = workspace.hollow('sd3-medium-24', sd3Medium(24), 'F16');
    const runtime = createOnnxRuntime({ threads });
    const opened = await timed(async () => openDenoiser(folder));
    const denoiser = opened.result;
    // An edit's checkpoint is open already, with the plain step in the cache.
    const plain = await runtime.createSession(encodePlain(denoiser, MEDIUM), { weights: 'mapped' });
    const two = { ...MEDIUM, batch: 2 };
    const plans = {
      plain: () => encodePlain(denoiser, MEDIUM),
      'word maps + weights + mask': () =>
        encodeHooked(denoiser, MEDIUM, compileFor(denoiser, MEDIUM, wordHooks().operations)),
      'words and layout routed, 2 rows': () =>
        encodeHooked(denoiser, two, compileFor(denoiser, two, routeHooks(MEDIUM.textTokens).operations)),
    };
    const encoded = await alternate(
      Object.entries(plans).map(([name, encode]) => ({ name, run: async () => encode() })),
      ROUNDS,
    );
    const created = await alternate(
      Object.entries(plans).map(([name, encode]) => ({
        name,
        run: async () => (await runtime.createSession(encode(), { weights: 'mapped' })).release(),
      })),
      ROUNDS,
    );
    await plain.release();
    return [
      { label: 'weights', unit: 'MiB', values: [weightBytes / 2 ** 20] },
      timeFigure('opening the folder: headers, every shape', [opened]),
      ...[...encoded].map(([name, samples]) => timeFigure(`${name}: graph built and encoded`, samples)),
      ...[...created].map(([name, samples]) =>
        timeFigure(`${name}: that and session created`, samples, { atMost: 1, by: 'wall' }),
      ),
    ];
  },
};
