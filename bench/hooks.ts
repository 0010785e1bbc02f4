import type { DenoiserSizes } from '../engine/index.ts';
import { createOnnxRuntime } from '../native/runtime.ts';
import type { BenchContext, Benchmark, Figure } from './benchmark.ts';
import { compileFor, encodeHooked, encodePlain, type Hooks, MEDIUM, openDenoiser, openStep } from './denoisers.ts';
import { forkHooks, routeHooks, wordHooks } from './hookplans.ts';
import { alternate, ratioFigure, timeFigure } from './measure.ts';
import { sd3Medium } from './networks.ts';

export const hooks: Benchmark = {
  name: 'hooks',
  title: 'a step with attention hooks against the plain step; SD3 medium, 4 layers, 64 x 64 cells, 1357 tokens, f32',
  async run(context) {
    const { folder } = context.workspace.random('sd3-medium-4', sd3Medium(4), 'F32');
    const denoiser = openDenoiser(folder);
    const nothing = encodeHooked(denoiser, MEDIUM, compileFor(denoiser, MEDIUM, []));
    const isSame = Buffer.compare(nothing.bytes, encodePlain(denoiser, MEDIUM).bytes) === 0;
    const two = { ...MEDIUM, batch: 2 };
    return [
      {
        label: 'hooks off: graphs that differ from the plain one',
        unit: 'count',
        values: [isSame ? 0 : 1],
        bar: { atMost: 0, by: 'wall' },
      },
      ...(await against(context, folder, MEDIUM, 7, { 'word maps + weights + mask': wordHooks() }, 1.05)),
      ...(await against(context, folder, MEDIUM, 3, { 'fork with other weights': forkHooks() })),
      ...(await against(context, folder, two, 2, { 'words and layout routed, 2 rows': routeHooks(MEDIUM.textTokens) })),
    ];
  },
};

/** Hooked steps against the plain step of the same sizes. */
async function against(
  { threads, say }: BenchContext,
  folder: string,
  sizes: DenoiserSizes,
  rounds: number,
  hooked: Readonly<Record<string, Hooks>>,
  atMost?: number,
): Promise<readonly Figure[]> {
  say(`${Object.keys(hooked).join(', ')}: ${rounds} rounds`);
  const runtime = createOnnxRuntime({ threads });
  const denoiser = openDenoiser(folder);
  const plain = await openStep(runtime, denoiser, sizes);
  const steps = await Promise.all(
    Object.entries(hooked).map(async ([name, plan]) => ({
      name,
      step: await openStep(runtime, denoiser, sizes, { hooks: plan }),
    })),
  );
  const base = sizes.batch === 1 ? 'plain step' : `plain step, ${sizes.batch} rows`;
  try {
    const samples = await alternate(
      [{ name: base, run: plain.run }, ...steps.map(({ name, step }) => ({ name, run: step.run }))],
      rounds,
    );
    const of = (name: string) => samples.get(name) ?? [];
    return [
      timeFigure(base, of(base)),
      ...steps.flatMap(({ name }) => [
        timeFigure(name, of(name)),
        ratioFigure(`${name} / plain`, of(name), of(base), atMost === undefined ? undefined : { atMost, by: 'cpu' }),
      ]),
    ];
  } finally {
    for (const { session } of [plain, ...steps.map(({ step }) => step)]) await session.release();
  }
}
