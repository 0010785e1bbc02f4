import { describe, it } from 'vitest';
import { at, expectClose, fill, type Numbers, random, runModel } from '../../test/numbers.ts';
import { GraphBuilder, type Value } from './builder.ts';

/** What acts on single elements and what moves them, in a real session, against plain TypeScript in doubles. */

interface Case {
  readonly name: string;
  readonly inputs: readonly (readonly number[])[];
  readonly build: (g: GraphBuilder, ...values: readonly [Value, Value, Value]) => Value;
  readonly reference: (...arrays: readonly [Numbers, Numbers, Numbers]) => Numbers;
}

function check(cases: readonly Case[]): void {
  it.each(cases)('$name', async ({ inputs, build, reference }) => {
    const arrays = inputs.map((shape, i) => random(shape, i + 1));
    const g = new GraphBuilder();
    const values = arrays.map(({ shape }, i) => g.input(`x${i}`, 'float32', shape));
    // A case takes as many operands as it lists shapes for.
    const result = build(g, ...(values as unknown as [Value, Value, Value]));
    g.output('y', g.cast(result, 'float32'));
    expectClose(await runModel(g.build(), arrays), reference(...(arrays as unknown as [Numbers, Numbers, Numbers])));
  });
}

const map = (x: Numbers, f: (value: number) => number): Numbers => ({ shape: x.shape, data: x.data.map(f) });
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** Its Taylor series; the arguments are small. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

describe('of one operand', () => {
  const positive = (g: GraphBuilder, x: Value): Value => g.add(g.mul(x, x), g.scalar(0.1));
  const up = (x: number): number => x * x + 0.1;
  const unary: readonly [string, (g: GraphBuilder, x: Value) => Value, (x: number) => number][] = [
    ['neg', (g, x) => g.neg(x), (x) => -x],
    ['sqrt', (g, x) => g.sqrt(positive(g, x)), (x) => Math.sqrt(up(x))],
    ['exp', (g, x) => g.exp(x), Math.exp],
    ['log', (g, x) => g.log(positive(g, x)), (x) => Math.log(up(x))],
    ['sin', (g, x) => g.sin(x), Math.sin],
    ['cos', (g, x) => g.cos(x), Math.cos],
    ['tanh', (g, x) => g.tanh(x), Math.tanh],
    ['erf', (g, x) => g.erf(x), erf],
    ['sigmoid', (g, x) => g.sigmoid(x), sigmoid],
    ['reciprocal', (g, x) => g.reciprocal(positive(g, x)), (x) => 1 / up(x)],
    ['gelu erf', (g, x) => g.gelu(x, 'erf'), (x) => (x / 2) * (1 + erf(x / Math.SQRT2))],
    [
      'gelu tanh',
      (g, x) => g.gelu(x, 'tanh'),
      (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    ],
    ['gelu quick', (g, x) => g.gelu(x, 'quick'), (x) => x * sigmoid(1.702 * x)],
    ['silu', (g, x) => g.silu(x), (x) => x * sigmoid(x)],
    ['cast to int and back', (g, x) => g.cast(g.cast(x, 'int32'), 'float32'), Math.trunc],
    ['cast to half and back', (g, x) => g.cast(g.cast(x, 'float16'), 'float32'), Math.f16round],
  ];
  check(unary.map(([name, build, f]) => ({ name, inputs: [[3, 5]], build, reference: (x) => map(x, f) })));
});

describe('of two operands, broadcast', () => {
  const binary: readonly [string, (g: GraphBuilder, a: Value, b: Value) => Value, (a: number, b: number) => number][] =
    [
      ['add', (g, a, b) => g.add(a, b), (a, b) => a + b],
      ['sub', (g, a, b) => g.sub(a, b), (a, b) => a - b],
      ['mul', (g, a, b) => g.mul(a, b), (a, b) => a * b],
      ['div', (g, a, b) => g.div(a, b), (a, b) => a / b],
      ['pow', (g, a, b) => g.pow(g.exp(a), b), (a, b) => Math.exp(a) ** b],
      ['min', (g, a, b) => g.min(a, b), Math.min],
      ['max', (g, a, b) => g.max(a, b), Math.max],
      ['integers', (g, a, b) => g.add(g.cast(a, 'int64'), g.cast(b, 'int64')), (a, b) => Math.trunc(a) + Math.trunc(b)],
      [
        'where equal',
        (g, a, b) => g.where(g.equal(g.cast(a, 'int64'), g.cast(b, 'int64')), a, b),
        (a, b) => (Math.trunc(a) === Math.trunc(b) ? a : b),
      ],
    ];
  const shapes = [
    [2, 1, 3],
    [4, 1],
  ];
  check(
    binary.map(([name, build, f]) => ({
      name,
      inputs: shapes,
      build,
      reference: (a, b) => fill([2, 4, 3], (i) => f(at(a, i), at(b, i))),
    })),
  );
});

describe('layout', () => {
  const x = [2, 3, 4];
  const pick = (
    name: string,
    build: Case['build'],
    shape: readonly number[],
    from: (i: number[]) => number[],
  ): Case => ({
    name,
    inputs: [x],
    build,
    reference: (a) => fill(shape, (i) => at(a, from([...i]))),
  });
  const flat = (a: Numbers, shape: readonly number[]): Numbers => ({ shape, data: a.data });
  check([
    { name: 'reshape', inputs: [x], build: (g, a) => g.reshape(a, [4, -1]), reference: (a) => flat(a, [4, 6]) },
    {
      name: 'reshape of nothing',
      inputs: [[2, 0, 3]],
      build: (g, a) => g.reshape(a, [0, 6]),
      reference: (a) => flat(a, [0, 6]),
    },
    { name: 'squeeze', inputs: [[1, 6, 1]], build: (g, a) => g.squeeze(a, [0, -1]), reference: (a) => flat(a, [6]) },
    { name: 'unsqueeze', inputs: [[6]], build: (g, a) => g.unsqueeze(a, [0, 2]), reference: (a) => flat(a, [1, 6, 1]) },
    pick(
      'transpose',
      (g, a) => g.transpose(a, [2, 0, 1]),
      [4, 2, 3],
      ([k = 0, i = 0, j = 0]) => [i, j, k],
    ),
    pick(
      'slice',
      (g, a) => g.slice(a, -1, 1, 3),
      [2, 3, 2],
      ([i = 0, j = 0, k = 0]) => [i, j, k + 1],
    ),
    pick(
      'slice by steps',
      (g, a) => g.slice(a, 2, 1, 4, 2),
      [2, 3, 2],
      ([i = 0, j = 0, k = 0]) => [i, j, 2 * k + 1],
    ),
    pick(
      'slice from the end',
      (g, a) => g.slice(a, 1, -2, -1),
      [2, 1, 4],
      ([i = 0, , k = 0]) => [i, 1, k],
    ),
    pick(
      'slice of nothing',
      (g, a) => g.slice(a, 1, 2, 2),
      [2, 0, 4],
      (i) => i,
    ),
    pick(
      'split, equal parts',
      (g, a) => g.split(a, 2, 2)[1] ?? a,
      [2, 3, 2],
      ([i = 0, j = 0, k = 0]) => [i, j, k + 2],
    ),
    pick(
      'split, lengths',
      (g, a) => g.split(a, 1, [1, 2])[1] ?? a,
      [2, 2, 4],
      ([i = 0, j = 0, k = 0]) => [i, j + 1, k],
    ),
    pick(
      'gather',
      (g, a) => g.gather(a, g.constant('int64', [2, 2], [2, 0, 1, 2]), 1),
      [2, 2, 2, 4],
      ([i = 0, p = 0, q = 0, k = 0]) => [i, [2, 0, 1, 2][2 * p + q] ?? 0, k],
    ),
    pick(
      'expand',
      (g, a) => g.expand(g.slice(a, 1, 2, 3), [2, 5, 4]),
      [2, 5, 4],
      ([i = 0, , k = 0]) => [i, 2, k],
    ),
    pick(
      'pad',
      (g, a) => g.pad(a, [0, 1, 0, 0, 0, 2]),
      [2, 4, 6],
      ([i = 0, j = 0, k = 0]) => [i, j - 1, k],
    ),
    {
      name: 'concat',
      inputs: [x, [2, 1, 4]],
      build: (g, a, b) => g.concat([a, b], 1),
      reference: (a, b) => fill([2, 4, 4], ([i = 0, j = 0, k = 0]) => (j < 3 ? at(a, [i, j, k]) : at(b, [i, 0, k]))),
    },
  ]);
});
