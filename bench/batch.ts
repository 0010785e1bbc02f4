import { join } from 'node:path';
import type { DenoiserSizes, SessionOptions } from '../engine/index.ts';
import { createOnnxRuntime } from '../native/runtime.ts';
import type { BenchContext, Benchmark, Figure } from './benchmark.ts';
import { MEDIUM, openDenoiser, openStep } from './denoisers.ts';
import { EMBEDDED } from './embedded.ts';
import { alternate, ratioFigure, timeFigure } from './measure.ts';
import { sd3Medium } from './networks.ts';

export const batch: Benchmark = {
  name: 'batch',
  title: 'a step of source and target as rows of one batch against two runs',
  async run(context) {
    const medium = context.workspace.random('sd3-medium-4', sd3Medium(4), 'F32');
    return [
      ...(await compare(context, {
        name: 'embedded, 256 image tokens',
        folder: join(EMBEDDED, 'image', 'transformer'),
        sizes: { frames: 1, height: 16, width: 16, textTokens: 26 },
        weights: 'private',
        rounds: 25,
      })),
      ...(await compare(context, {
        name: 'SD3 medium, 4 layers',
        folder: medium.folder,
        sizes: MEDIUM,
        weights: 'mapped',
        rounds: 2,
      })),
    ];
  },
};

interface Network {
  readonly name: string;
  readonly folder: string;
  readonly sizes: Omit<DenoiserSizes, 'batch'>;
  /** As the engine loads it. */
  readonly weights: SessionOptions['weights'];
  readonly rounds: number;
}

async function compare(
  { threads, say }: BenchContext,
  { name, folder, sizes, weights, rounds }: Network,
): Promise<readonly Figure[]> {
  say(`${name}: ${rounds} rounds`);
  const runtime = createOnnxRuntime({ threads });
  const denoiser = openDenoiser(folder);
  const single = await openStep(runtime, denoiser, { ...sizes, batch: 1 }, { weights });
  const both = await openStep(runtime, denoiser, { ...sizes, batch: 2 }, { weights });
  const twice = async () => {
    await single.run();
    await single.run();
  };
  try {
    const samples = await alternate(
      [
        { name: 'two runs', run: twice },
        { name: 'one batch', run: both.run },
      ],
      rounds,
    );
    const [two = [], one = []] = ['two runs', 'one batch'].map((way) => samples.get(way));
    return [
      timeFigure(`${name}: two runs`, two),
      timeFigure(`${name}: one batch`, one),
      ratioFigure(`${name}: one batch / two runs`, one, two),
    ];
  } finally {
    await single.session.release();
    await both.session.release();
  }
}
