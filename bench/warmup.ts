import { floatTensor, GraphBuilder, type TensorRuntime } from '../engine/index.ts';

/** Runs the smallest graph there is: what the runtime keeps for itself is then no part of what is measured next. */
export async function warmRuntime(runtime: TensorRuntime): Promise<void> {
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', [64, 64]);
  g.output('y', g.matmul(x, x));
  const session = await runtime.createSession(g.build(), { weights: 'mapped' });
  await session.run({ x: floatTensor(new Float32Array(64 * 64), [64, 64]) });
  await session.release();
}
