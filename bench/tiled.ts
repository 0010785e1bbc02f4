import type { BenchContext, Benchmark, Figure } from './benchmark.ts';
import { runChild, seesPrivateMemory } from './child.ts';
import { ratioFigure, type Sample, timeFigure } from './measure.ts';
import { sd3Autoencoder } from './networks.ts';

const CELLS = 64;
const WAYS = {
  whole: { cells: CELLS, overlap: 0 },
  tiles: { cells: 32, overlap: 8 },
} as const;
const ROUNDS = 1;

export const tiled: Benchmark = {
  name: 'tiled',
  title: "decoding 512 x 512 pixels at once and in 9 tiles of 256; SD3's autoencoder, f16, a process each",
  async run(context) {
    const whole: Decoded[] = [];
    const tiles: Decoded[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      whole.push(await decode(context, 'whole'));
      tiles.push(await decode(context, 'tiles'));
    }
    const times = (decoded: readonly Decoded[]) => decoded.map(({ time }) => time);
    const memory = (way: string, decoded: readonly Decoded[]): Figure[] =>
      seesPrivateMemory
        ? [
            {
              label: `${way}: most private memory beside the weights`,
              unit: 'MiB',
              values: decoded.map(({ peak }) => peak / 2 ** 20),
            },
            {
              label: `${way}: that / estimated before`,
              unit: 'ratio',
              values: decoded.map(({ peak, estimate }) => peak / estimate),
              bar: { atMost: 1.2, by: 'wall' } as const,
            },
          ]
        : [];
    return [
      timeFigure('whole', times(whole)),
      timeFigure('tiles', times(tiles)),
      ratioFigure('tiles / whole', times(tiles), times(whole)),
      ...memory('whole', whole),
      ...memory('tiles', tiles),
    ];
  },
};

interface Decoded {
  readonly time: Sample;
  readonly estimate: number;
  /** Bytes beyond those there are when the weights have been loaded. */
  readonly peak: number;
}

async function decode({ workspace, threads, say }: BenchContext, way: keyof typeof WAYS): Promise<Decoded> {
  say(way);
  const { folder } = workspace.random('sd3-vae', sd3Autoencoder(), 'F16');
  const { cells, overlap } = WAYS[way];
  const args = [folder, ...[CELLS, cells, overlap, threads].map(String)];
  const { messages, peakPrivate } = await runChild(new URL('./tiled-child.ts', import.meta.url), args);
  // What tiled-child.ts sends: private bytes once loaded, then time and estimate.
  const [loaded, decoded] = messages as [number, Pick<Decoded, 'time' | 'estimate'>];
  return { ...decoded, peak: peakPrivate - loaded };
}
