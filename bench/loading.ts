import type { BenchContext, Benchmark, Figure } from './benchmark.ts';
import { runChild, seesPrivateMemory } from './child.ts';
import { ratioFigure, type Sample, timeFigure } from './measure.ts';
import { type StoredFloat, sd3Medium } from './networks.ts';

const TREATMENTS = ['mapped', 'private'] as const;
const ROUNDS = 3;
/** The promise: private memory at most this share of a mapped checkpoint. */
const SHARE = 0.15;

export const loading: Benchmark = {
  name: 'loading',
  title: 'mapped against private loading; SD3 medium, 4 layers, file in the page cache, a process each',
  async run(context) {
    const figures: Figure[] = [];
    for (const dtype of ['F32', 'F16'] as const) figures.push(...(await compare(context, dtype)));
    return figures;
  },
};

/** What loading-child.ts sends when it has ended. */
interface Loaded {
  readonly load: Sample;
  readonly first: Sample;
  readonly second: Sample;
  readonly before: number;
  readonly after: number;
  readonly peak: number;
}

async function compare({ workspace, threads, say }: BenchContext, dtype: StoredFloat): Promise<readonly Figure[]> {
  const { folder, weightBytes } = workspace.random('sd3-medium-4', sd3Medium(4), dtype);
  const seen = { mapped: [] as Loaded[], private: [] as Loaded[] };
  for (let round = 0; round < ROUNDS; round += 1)
    for (const treatment of TREATMENTS) {
      say(`${dtype} ${treatment}, round ${round + 1} of ${ROUNDS}`);
      const { messages, peakPrivate } = await runChild(new URL('./loading-child.ts', import.meta.url), [
        folder,
        treatment,
        String(threads),
      ]);
      // The second message of loading-child.ts is this object without the peak.
      seen[treatment].push({ ...(messages[1] as Omit<Loaded, 'peak'>), peak: peakPrivate });
    }
  const name = dtype.toLowerCase();
  const samples = (treatment: keyof typeof seen, part: 'load' | 'first' | 'second') =>
    seen[treatment].map((loaded) => loaded[part]);
  const memory = (treatment: keyof typeof seen): Figure[] => {
    if (!seesPrivateMemory) return [];
    const growth = (part: 'after' | 'peak') =>
      seen[treatment].map((loaded) => (loaded[part] - loaded.before) / weightBytes);
    const bar = treatment === 'mapped' ? { bar: { atMost: SHARE, by: 'wall' } as const } : {};
    return [
      {
        label: `${name} ${treatment}: private memory / weights, loaded`,
        unit: 'share',
        values: growth('after'),
        ...bar,
      },
      {
        label: `${name} ${treatment}: private memory / weights, most in a step`,
        unit: 'share',
        values: growth('peak'),
        ...bar,
      },
    ];
  };
  return [
    { label: `${name}: weights`, unit: 'MiB', values: [weightBytes / 2 ** 20] },
    ...TREATMENTS.map((treatment) => timeFigure(`${name} ${treatment}: time to session`, samples(treatment, 'load'))),
    ratioFigure(`${name}: time to session, mapped / private`, samples('mapped', 'load'), samples('private', 'load')),
    ...TREATMENTS.map((treatment) => timeFigure(`${name} ${treatment}: second step`, samples(treatment, 'second'))),
    ...TREATMENTS.flatMap(memory),
  ];
}
