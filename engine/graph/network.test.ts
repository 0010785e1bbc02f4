import { describe, it } from 'vitest';
import { at, expectClose, fill, type Numbers, random, runModel } from '../../test/numbers.ts';
import { GraphBuilder, type Value } from './builder.ts';

/** Reductions, norms and what meets weights, in a real session, against plain TypeScript in doubles. */

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

describe('reductions and norms', () => {
  const x = [2, 6, 4];
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const mean = (values: readonly number[]): number => sum(values) / values.length;
  const row = (a: Numbers, i = 0, j = 0): number[] => [0, 1, 2, 3].map((k) => at(a, [i, j, k]));
  const normed = (value: number, over: readonly number[]): number =>
    (value - mean(over)) / Math.sqrt(mean(over.map((other) => (other - mean(over)) ** 2)) + 1e-3);
  const column = (a: Numbers, i = 0, k = 0): number[] => [0, 1, 2, 3, 4, 5].map((j) => at(a, [i, j, k]));
  const reduce = (name: 'reduceMean' | 'reduceSum' | 'reduceMax', f: (values: readonly number[]) => number): Case[] => [
    {
      name,
      inputs: [x],
      build: (g, a) => g[name](a, [-1], false),
      reference: (a) => fill([2, 6], ([i, j]) => f(row(a, i, j))),
    },
    {
      name: `${name}, axes kept`,
      inputs: [x],
      build: (g, a) => g[name](a, [1], true),
      reference: (a) => fill([2, 1, 4], ([i, , k]) => f(column(a, i, k))),
    },
  ];
  const softmax = (value: number, over: readonly number[]): number => Math.exp(value) / sum(over.map(Math.exp));
  check([
    ...reduce('reduceMean', mean),
    ...reduce('reduceSum', sum),
    ...reduce('reduceMax', (values) => Math.max(...values)),
    {
      name: 'softmax',
      inputs: [x],
      build: (g, a) => g.softmax(a, -1),
      reference: (a) => fill(x, (i) => softmax(at(a, i), row(a, i[0], i[1]))),
    },
    {
      name: 'softmax over an inner axis',
      inputs: [x],
      build: (g, a) => g.softmax(a, 1),
      reference: (a) => fill(x, (i) => softmax(at(a, i), column(a, i[0], i[2]))),
    },
    {
      name: 'layerNorm',
      inputs: [x],
      build: (g, a) => g.layerNorm(a, { epsilon: 1e-3 }),
      reference: (a) => fill(x, (i) => normed(at(a, i), row(a, i[0], i[1]))),
    },
    {
      name: 'layerNorm, affine',
      inputs: [x, [4], [4]],
      build: (g, a, scale, bias) => g.layerNorm(a, { scale, bias, epsilon: 1e-3 }),
      reference: (a, s, b) => fill(x, (i) => normed(at(a, i), row(a, i[0], i[1])) * at(s, i) + at(b, i)),
    },
    {
      name: 'layerNorm over two axes',
      inputs: [[3, 2, 2]],
      build: (g, a) => g.layerNorm(a, { epsilon: 1e-3, axis: 1 }),
      reference: (a) => {
        const all = (i = 0): number[] => [0, 1, 2, 3].map((n) => at(a, [i, n >> 1, n & 1]));
        return fill([3, 2, 2], (i) => normed(at(a, i), all(i[0])));
      },
    },
    {
      name: 'rmsNorm',
      inputs: [x, [4]],
      build: (g, a, w) => g.rmsNorm(a, w, 1e-3),
      reference: (a, w) =>
        fill(x, (i) => (at(a, i) / Math.sqrt(mean(row(a, i[0], i[1]).map((v) => v * v)) + 1e-3)) * at(w, i)),
    },
    {
      name: 'groupNorm',
      inputs: [[2, 4, 3, 2], [4], [4]],
      build: (g, a, w, b) => g.groupNorm(a, 2, w, b, 1e-3),
      reference: (a, w, b) => {
        const group = (i = 0, c = 0): readonly number[] =>
          fill([2, 3, 2], ([d = 0, y = 0, z = 0]) => at(a, [i, c - (c % 2) + d, y, z])).data;
        return fill([2, 4, 3, 2], (i) => normed(at(a, i), group(i[0], i[1])) * at(w, [i[1] ?? 0]) + at(b, [i[1] ?? 0]));
      },
    },
  ]);
});

describe('networks', () => {
  const dot = (length: number, term: (k: number) => number): number =>
    Array.from({ length }, (_, k) => term(k)).reduce((a, b) => a + b, 0);
  check([
    {
      name: 'matmul, broadcast',
      inputs: [
        [2, 1, 3, 5],
        [4, 5, 2],
      ],
      build: (g, a, b) => g.matmul(a, b),
      reference: (a, b) =>
        fill([2, 4, 3, 2], ([p = 0, q = 0, i = 0, j = 0]) => dot(5, (k) => at(a, [p, q, i, k]) * at(b, [q, k, j]))),
    },
    {
      name: 'linear',
      inputs: [[2, 3, 5], [4, 5], [4]],
      build: (g, x, w, b) => g.linear(x, w, b),
      reference: (x, w, b) =>
        fill([2, 3, 4], ([i = 0, j = 0, o = 0]) => dot(5, (k) => at(x, [i, j, k]) * at(w, [o, k])) + at(b, [o])),
    },
    {
      name: 'linear of a vector, without bias',
      inputs: [[5], [4, 5]],
      build: (g, x, w) => g.linear(x, w),
      reference: (x, w) => fill([4], ([o = 0]) => dot(5, (k) => at(x, [k]) * at(w, [o, k]))),
    },
    {
      name: 'conv2d, stride and uneven pads',
      inputs: [[2, 3, 6, 5], [4, 3, 3, 3], [4]],
      build: (g, x, w, b) => g.conv2d(x, w, b, { stride: 2, pads: [0, 1, 1, 1] }),
      reference: (x, w, b) =>
        fill([2, 4, 3, 3], ([n = 0, o = 0, i = 0, j = 0]) => {
          const term = (t: number): number => {
            const [c, ky, kx] = [Math.floor(t / 9), Math.floor(t / 3) % 3, t % 3];
            return at(x, [n, c, 2 * i + ky, 2 * j + kx - 1]) * at(w, [o, c, ky, kx]);
          };
          return dot(27, term) + at(b, [o]);
        }),
    },
    {
      name: 'conv3d, strides and uneven pads',
      inputs: [[2, 2, 4, 5, 4], [3, 2, 2, 3, 3], [3]],
      build: (g, x, w, b) => g.conv3d(x, w, b, { strides: [1, 2, 2], pads: [0, 0, 1, 0, 1, 1] }),
      reference: (x, w, b) =>
        fill([2, 3, 3, 2, 2], ([n = 0, o = 0, f = 0, i = 0, j = 0]) => {
          const term = (t: number): number => {
            const [c, kf, ky, kx] = [Math.floor(t / 18), Math.floor(t / 9) % 2, Math.floor(t / 3) % 3, t % 3];
            return at(x, [n, c, f + kf, 2 * i + ky, 2 * j + kx - 1]) * at(w, [o, c, kf, ky, kx]);
          };
          return dot(36, term) + at(b, [o]);
        }),
    },
    {
      name: 'resizeNearest',
      inputs: [[2, 3, 2, 3]],
      build: (g, x) => g.resizeNearest(x, 4),
      reference: (x) => fill([2, 3, 8, 12], ([n = 0, c = 0, i = 0, j = 0]) => at(x, [n, c, i >> 2, j >> 2])),
    },
    {
      name: 'rotatePairs',
      inputs: [
        [2, 3, 2 * 4],
        [3, 2],
        [3, 2],
      ],
      build: (g, x, cos, sin) => g.rotatePairs(x, cos, sin, 2),
      reference: (x, cos, sin) =>
        fill([2, 3, 8], ([n = 0, i = 0, c = 0]) => {
          const pair = Math.floor(c / 2) % 2;
          const other = c % 2 === 0 ? -at(x, [n, i, c + 1]) : at(x, [n, i, c - 1]);
          return at(x, [n, i, c]) * at(cos, [i, pair]) + other * at(sin, [i, pair]);
        }),
    },
    {
      name: 'multiHeadAttention, wide queries and other values',
      inputs: [
        [2, 3, 2 * 5],
        [2, 4, 2 * 5],
        [2, 4, 2 * 3],
      ],
      build: (g, q, k, v) => g.multiHeadAttention(q, k, v, { heads: 2, scale: 0.3 }),
      reference: (q, k, v) =>
        fill([2, 3, 6], ([n = 0, i = 0, c = 0]) => {
          const head = Math.floor(c / 3);
          const logit = (j: number): number => dot(5, (d) => at(q, [n, i, head * 5 + d]) * at(k, [n, j, head * 5 + d]));
          const weight = (j: number): number => Math.exp(0.3 * logit(j));
          return dot(4, (j) => weight(j) * at(v, [n, j, c])) / dot(4, weight);
        }),
    },
  ]);
});
