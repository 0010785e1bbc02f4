import type { ProviderFigure } from '../../contract/index.ts';
import { GraphBuilder, gaussianNoise } from '../../engine/index.ts';
import { type Measured, type MeasureOptions, measureProvider } from '../../native/measure.ts';
import { listProviders, type ProviderInfo } from '../../native/providers.ts';

const SIDE = 256;
const RUNS = 7;
/** A kernel that differs more than this from the CPU's is wrong, not merely rounded otherwise. */
const MAX_ERROR = 1e-2;

/** Two products and a softmax, as in attention: what a provider must compute rightly. */
function smallGraph(): MeasureOptions {
  const g = new GraphBuilder();
  const shape = [SIDE, SIDE];
  const [a, b] = [g.input('a', 'float32', shape), g.input('b', 'float32', shape)];
  g.output('out', g.matmul(g.softmax(g.matmul(a, b), 1), b));
  const noise = (seed: number) => ({ dtype: 'float32', dims: shape, data: gaussianNoise(SIDE * SIDE, seed) }) as const;
  return { graph: g.build(), feeds: { a: noise(1), b: noise(2) }, runs: RUNS };
}

/** Runs the small graph on every provider that the installed runtime has code for. */
export async function measureProviders(): Promise<readonly ProviderFigure[]> {
  const options = smallGraph();
  const cpu = await measureProvider('cpu', options);
  const figures: ProviderFigure[] = [];
  for (const provider of listProviders()) figures.push(await measureOne(provider, options, cpu));
  return figures;
}

async function measureOne(
  { name, bundled, usable }: ProviderInfo,
  options: MeasureOptions,
  cpu: Measured,
): Promise<ProviderFigure> {
  const about = { name, isBundled: bundled };
  if (name === 'cpu') return { ...about, isUsable: usable, ms: cpu.ms, worstError: 0 };
  if (!bundled)
    return { ...about, isUsable: false, note: `${name} needs libraries of its own, which are not installed.` };
  try {
    const { ms, output } = await measureProvider(name, options);
    const worstError = differenceOf(output, cpu.output);
    const figure = { ...about, ms, ...(Number.isFinite(worstError) ? { worstError } : {}) };
    if (!(worstError <= MAX_ERROR))
      return { ...figure, isUsable: false, note: `${name} computes wrong numbers on this machine; use cpu.` };
    return usable
      ? { ...figure, isUsable: true }
      : {
          ...figure,
          isUsable: false,
          note: `${name} computes rightly here, but Attune runs no jobs on it yet; use cpu.`,
        };
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { ...about, isUsable: false, note: `${name} does not run on this machine: ${reason}` };
  }
}

/** Largest difference relative to the largest value; NaN where there is one. */
function differenceOf(output: Float32Array, expected: Float32Array): number {
  let [difference, largest] = [0, 0];
  for (const [index, value] of expected.entries()) {
    const here = Math.abs((output[index] ?? Number.NaN) - value);
    if (Number.isNaN(here)) return Number.NaN;
    difference = Math.max(difference, here);
    largest = Math.max(largest, Math.abs(value));
  }
  return difference / largest;
}
