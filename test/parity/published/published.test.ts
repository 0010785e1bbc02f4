import { describe, expect, it } from 'vitest';
import {
  type AttentionOp,
  gaussianNoise,
  type RouteOp,
  routeValues,
  type ShapeOp,
  shapeValues,
  type TokenPair,
} from '../../../engine/index.ts';
import { createOnnxRuntime } from '../../../native/runtime.ts';
import { runCall, siteOf } from '../../attention-harness.ts';
import {
  refineProbabilities,
  replaceProbabilities,
  reweightProbabilities,
  scheduleProbabilities,
  selfAttentionSources,
} from './published.ts';

const rows = 4;
const columns = 6;
const source = softmaxRows(gaussianNoise(rows * columns, 1));
const target = softmaxRows(gaussianNoise(rows * columns, 2));

describe('the logit form of the product gives the published probabilities, renormalised', () => {
  const route: RouteOp = {
    op: 'route',
    id: 'words',
    layers: 'all',
    rows: 'image',
    cols: 'text',
    q: true,
    k: true,
    weight: true,
    pairs: columns + 2,
  };

  it('refinement: some columns of the source, others own', async () => {
    const map = { index: [0, 1, -1, 2, 4, -1], weight: [1, 1, 0, 1, 1, 0] };
    const pairs = map.index.map((from, to) => ({ source: Math.max(0, from), target: to, weight: map.weight[to] ?? 0 }));
    expectClose(await routed(route, pairs), normaliseRows(refineProbabilities(source, target, columns, map)));
  });

  it('replacement: two source tokens serve one target token, one serves two', async () => {
    const mapper = new Float32Array(columns * columns);
    const pairs: TokenPair[] = [];
    const serve = (from: number, to: number, share: number) => {
      mapper[from * columns + to] = share;
      pairs.push({ source: from, target: to, logWeight: Math.log(share), weight: 1 });
    };
    serve(0, 0, 1);
    serve(1, 1, 1);
    serve(2, 1, 1);
    serve(3, 2, 0.5);
    serve(3, 3, 0.5);
    serve(4, 4, 1);
    serve(5, 5, 1);
    expectClose(await routed(route, pairs), normaliseRows(replaceProbabilities(source, mapper, columns)));
  });

  it('word weights: a bias of log c', async () => {
    const factors = Float32Array.of(1, 3, 1, 0.25, 1, 1);
    const op: ShapeOp = { op: 'shape', id: 'weights', layers: 'all', rows: 'image', cols: 'text', bias: true };
    const bias = factors.map(Math.log);
    const shaped = await probabilities([op], (sizes) =>
      shapeValues(op, sizes, { bias: [new Float32Array(columns), bias] }),
    );
    expectClose(shaped, normaliseRows(reweightProbabilities(target, factors, columns)));
  });

  /** The target's probabilities when its columns are routed by pairs. */
  function routed(op: RouteOp, pairs: readonly TokenPair[]): Promise<Float32Array> {
    return probabilities([op], (sizes) => routeValues(op, sizes, { from: [0, 0], pairs: [null, pairs] }));
  }
});

describe('published forms', () => {
  it('keep weight 0 and 1 exact', () => {
    const all = { index: [0, 1, 2, 3, 4, 5], weight: new Array(columns).fill(1) };
    expect(refineProbabilities(source, target, columns, all)).toEqual(source);
    expect(refineProbabilities(source, target, columns, { ...all, weight: new Array(columns).fill(0) })).toEqual(
      target,
    );
    expect(scheduleProbabilities(source, target, new Array(columns).fill(0), columns)).toEqual(target);
    expect(scheduleProbabilities(source, target, new Array(columns).fill(1), columns)).toEqual(source);
  });

  it('route self-attention as InfEdit does', () => {
    expect(selfAttentionSources(true).map(({ q, k, v }) => `${q}${k}${v}`)).toEqual(['000', '001', '000']);
    expect(selfAttentionSources(false).map(({ q, k, v }) => `${q}${k}${v}`)).toEqual(['000', '111', '100']);
  });
});

/**
 * What image rows of the second branch see of the text, read through the product's attention: queries are the unit vectors,
 * keys the log probabilities of source and target, values the unit vectors; image columns are masked.
 */
async function probabilities(
  ops: readonly AttentionOp[],
  values: (sizes: Parameters<typeof shapeValues>[1]) => ReturnType<typeof shapeValues>,
): Promise<Float32Array> {
  const headDim = 8;
  const tokens = columns + rows;
  const site = siteOf({
    batch: 2,
    heads: 1,
    headDim,
    text: columns,
    image: { frames: 1, height: 2, width: rows / 2 },
    order: 'text first',
  });
  const [q, k, v] = [0, 1, 2].map(() => new Float32Array(2 * tokens * headDim));
  if (q === undefined || k === undefined || v === undefined) throw new Error('three operands');
  [source, target].forEach((wanted, branch) => {
    const at = (token: number, channel: number) => (branch * tokens + token) * headDim + channel;
    for (let row = 0; row < rows; row++) q[at(columns + row, row)] = Math.sqrt(headDim);
    for (let column = 0; column < columns; column++) {
      v[at(column, column)] = 1;
      for (let row = 0; row < rows; row++) k[at(column, row)] = Math.log(wanted[row * columns + column] ?? 0);
    }
  });
  const mask: ShapeOp = { op: 'shape', id: 'image', layers: 'all', rows: 'image', cols: 'image', bias: true };
  const hidden = new Float32Array(rows).fill(Number.NEGATIVE_INFINITY);
  const { outputs } = await runCall(
    createOnnxRuntime({ threads: 1 }),
    site,
    [...ops, mask],
    { q, k, v },
    ({ sizes }) => [values(sizes), shapeValues(mask, sizes, { bias: [hidden, hidden] })],
  );
  const out = outputs.out?.dtype === 'float32' ? outputs.out.data : new Float32Array();
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const token = tokens + columns + Math.floor(i / columns);
    return out[token * headDim + (i % columns)] ?? Number.NaN;
  });
}

function softmaxRows(logits: Float32Array): Float32Array {
  return normaliseRows(logits.map(Math.exp));
}

function normaliseRows(values: Float32Array): Float32Array {
  return values.map((value, i) => {
    const start = i - (i % columns);
    return value / values.subarray(start, start + columns).reduce((sum, entry) => sum + entry, 0);
  });
}

function expectClose(actual: Float32Array, expected: Float32Array): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] ?? Number.NaN, 5);
  });
}
