import type { Probe, TensorRuntime } from '../../engine/index.ts';
import { type FloatTensor, floatTensor, GraphBuilder, indexTensor, type Tensor } from '../../engine/index.ts';
import type { FixtureArray } from './types.ts';

/** One graph of a case and what it is fed with. */
export interface CaseGraph {
  readonly feeds: Readonly<Record<string, Tensor>>;
  build(g: GraphBuilder, probe: Probe): void;
}

/** What a denoiser is fed with. */
export interface DenoiserFeeds extends Readonly<Record<string, Tensor>> {
  readonly latent: Tensor;
  readonly text: Tensor;
}

/** The fixture's input of a name, `undefined` where the case has none. */
export type CaseInput = (name: string) => FixtureArray | undefined;

/** What one case comes to, by the fixtures' names. */
export type CaseRun = (input: CaseInput, runtime: TensorRuntime) => Promise<Map<string, Tensor>>;

/** Runs graphs that know nothing of each other. */
export function runGraphs(graphs: (input: CaseInput) => readonly CaseGraph[]): CaseRun {
  return async (input, runtime) => {
    const results = new Map<string, Tensor>();
    for (const graph of graphs(input))
      for (const [probe, value] of Object.entries(await runProbed(graph, runtime))) results.set(probe, value);
    return results;
  };
}

/** Runs a graph whose every probed value is an output. */
export async function runProbed({ feeds, build }: CaseGraph, runtime: TensorRuntime): Promise<Record<string, Tensor>> {
  const g = new GraphBuilder();
  build(g, (name, value) => g.output(name, value));
  const session = await runtime.createSession(g.build(), { weights: 'mapped' });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

export function floats(array: FixtureArray | undefined): FloatTensor {
  if (array === undefined) throw new Error('the fixture lacks an input of this kind of network');
  return floatTensor(Float32Array.from(array.data), array.shape);
}

export function integers(array: FixtureArray | undefined): Tensor {
  if (array === undefined) throw new Error('the fixture lacks an input of this kind of network');
  return indexTensor(array.data, array.shape);
}
