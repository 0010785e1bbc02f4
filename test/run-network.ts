import { floatTensor, GraphBuilder, type Tensor, type Value } from '../engine/index.ts';
import { createOnnxRuntime } from '../native/runtime.ts';

/** Builds one graph, runs it once and gives its named results. For tests. */
export async function runGraph(
  build: (g: GraphBuilder) => Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const g = new GraphBuilder();
  for (const [name, value] of Object.entries(build(g))) g.output(name, value);
  const session = await createOnnxRuntime().createSession(g.build(), { weights: 'mapped' });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** Values of a smooth, irregular curve, of order one; `phase` gives another draw. */
export function wavy(dims: readonly number[], phase = 0): Tensor {
  const count = dims.reduce((product, extent) => product * extent, 1);
  return floatTensor(
    Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + 0.3 * phase + 0.01 * i * i)),
    dims,
  );
}

/** The values of a float32 tensor as plain numbers; anything else is an error. */
export function numbersOf(tensor: Tensor | undefined): number[] {
  if (tensor?.dtype !== 'float32') throw new Error(`${tensor?.dtype ?? 'nothing'} where float32 is expected`);
  return Array.from(tensor.data);
}
