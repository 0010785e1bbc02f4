import { expect } from 'vitest';
import type { EncodedModel } from '../engine/index.ts';
import { createOnnxRuntime } from '../native/runtime.ts';

/** Small arrays of plain numbers, to say in a line what an operator should give, and a real session to hold it against. */

export interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const runtime = createOnnxRuntime({ threads: 1 });
const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Uniform in -2..2, float32 values. */
export function random(shape: readonly number[], seed: number): Numbers {
  let state = seed;
  const data = Array.from({ length: count(shape) }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.fround((state / 2 ** 32) * 4 - 2);
  });
  return { shape, data };
}

/** The array of `shape` whose element at each index is `element(index)`. */
export function fill(shape: readonly number[], element: (index: readonly number[]) => number): Numbers {
  const data = Array.from({ length: count(shape) }, (_, flat) => {
    const index: number[] = [];
    let rest = flat;
    for (const extent of shape.toReversed()) {
      index.unshift(rest % extent);
      rest = Math.floor(rest / extent);
    }
    return element(index);
  });
  return { shape, data };
}

/** The element at an index; axes of extent 1 and missing leading axes broadcast; outside is 0. */
export function at({ shape, data }: Numbers, index: readonly number[]): number {
  let flat = 0;
  for (const [axis, extent] of shape.entries()) {
    const i = index[index.length - shape.length + axis] ?? Number.NaN;
    if (extent !== 1 && (i < 0 || i >= extent)) return 0;
    flat = flat * extent + (extent === 1 ? 0 : i);
  }
  return data[flat] ?? Number.NaN;
}

/** The output `y` of a model whose inputs are x0, x1, ... in float32. */
export async function runModel(model: EncodedModel, inputs: readonly Numbers[]): Promise<Numbers> {
  const session = await runtime.createSession(model, { weights: 'mapped' });
  const feeds = inputs.map(({ shape, data }, i) => {
    const tensor = { dtype: 'float32' as const, dims: shape, data: Float32Array.from(data) };
    return [`x${i}`, tensor] as const;
  });
  const { y } = await session.run(Object.fromEntries(feeds));
  await session.release();
  return { shape: y?.dims ?? [], data: Array.from(y?.data ?? [], Number) };
}

/** Float32 arithmetic may differ from that in doubles. */
export function expectClose(actual: Numbers, expected: Numbers): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.data.length).toBe(expected.data.length);
  for (const [i, value] of expected.data.entries()) {
    expect(Math.abs((actual.data[i] ?? Number.NaN) - value)).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(value)));
  }
}
