import type { SessionOptions } from '../engine/index.ts';
import type { BenchContext, Benchmark, Figure } from './benchmark.ts';
import { runChild, seesPrivateMemory } from './child.ts';
import { ratioFigure, type Sample, timeFigure } from './measure.ts';
import { type StoredFloat, sd3Medium } from './networks.ts';
import type { WrittenNetwork } from './workspace.ts';

const TREATMENTS = ['mapped', 'private'] as const;
const ROUNDS = 2;
/** The promise: private memory at most this share of a mapped checkpoint. */
const SHARE = 0.15;

export const loading: Benchmark = {
  name: 'loading',
  title: 'mapped against private loading; SD3 medium, file in the page cache, a process each',
  async run(context) {
    const figures: Figure[] = [];
    for (const dtype of ['F32', 'F16'] as const) figures.push(...(await compare(context, dtype)));
    return [...figures, ...(await fullSize(context))];
  },
};

/** What loading-child.ts sends when it has ended. */
interface Loaded {
  readonly load: Sample;
  readonly second: Sample;
  readonly before: number;
  readonly after: number;
  readonly peak: number;
}

async function load(
  { threads }: BenchContext,
  { folder }: WrittenNetwork,
  treatment: SessionOptions['weights'],
): Promise<Loaded> {
  const module = new URL('./loading-child.ts', import.meta.url);
  const { messages, peakPrivate } = await runChild(module, [folder, treatment, String(threads)]);
  // The second message of loading-child.ts is this object without the peak.
  return { ...(messages[1] as Omit<Loaded, 'peak'>), peak: peakPrivate };
}

async function compare(context: BenchContext, dtype: StoredFloat): Promise<readonly Figure[]> {
  const network = context.workspace.random('sd3-medium-4', sd3Medium(4), dtype);
  const name = `${dtype.toLowerCase()}, 4 layers`;
  const seen: Record<SessionOptions['weights'], Loaded[]> = { mapped: [], private: [] };
  for (let round = 0; round < ROUNDS; round += 1)
    for (const treatment of TREATMENTS) {
      context.say(`${name} ${treatment}, round ${round + 1} of ${ROUNDS}`);
      seen[treatment].push(await load(context, network, treatment));
    }
  const samples = (treatment: keyof typeof seen, part: 'load' | 'second') =>
    seen[treatment].map((loaded) => loaded[part]);
  return [
    { label: `${name}: weights`, unit: 'MiB', values: [network.weightBytes / 2 ** 20] },
    ...TREATMENTS.map((treatment) => timeFigure(`${name}, ${treatment}: time to session`, samples(treatment, 'load'))),
    ratioFigure(`${name}: time to session, mapped / private`, samples('mapped', 'load'), samples('private', 'load')),
    ...TREATMENTS.map((treatment) =>
      timeFigure(`${name}, ${treatment}: step at 141 tokens`, samples(treatment, 'second')),
    ),
    ...TREATMENTS.flatMap((treatment) => memory(`${name}, ${treatment}`, seen[treatment], network.weightBytes)),
  ];
}

/**
 * The promise on memory, at the size it is made for: what a step needs beside the weights (one layer widened from 16 bits, the
 * activations) does not grow with the layers. A hole serves as well as weights here.
 */
async function fullSize(context: BenchContext): Promise<readonly Figure[]> {
  context.say('f16, 24 layers mapped');
  const network = context.workspace.hollow('sd3-medium-24', sd3Medium(24), 'F16');
  const name = 'f16, 24 layers, mapped';
  const loaded = await load(context, network, 'mapped');
  return [
    { label: `${name}: weights`, unit: 'MiB', values: [network.weightBytes / 2 ** 20] },
    timeFigure(`${name}: time to session`, [loaded.load]),
    ...memory(name, [loaded], network.weightBytes, { atMost: SHARE, by: 'wall' }),
  ];
}

function memory(name: string, seen: readonly Loaded[], weightBytes: number, bar?: Figure['bar']): readonly Figure[] {
  if (!seesPrivateMemory) return [];
  const growth = (part: 'after' | 'peak') => seen.map((loaded) => (loaded[part] - loaded.before) / weightBytes);
  const judged = bar === undefined ? {} : { bar };
  return [
    { label: `${name}: private memory / weights, loaded`, unit: 'share', values: growth('after'), ...judged },
    { label: `${name}: private memory / weights, most in a step`, unit: 'share', values: growth('peak'), ...judged },
  ];
}
