import { describe, expect, it } from 'vitest';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { callGraph, runCall, siteOf } from '../../test/attention-harness.ts';
import { numbers, randomOperands, randomOps, randomSite, randomValue, usable } from '../../test/attention-random.ts';
import { referenceAttention } from '../../test/attention-reference.ts';
import { floatTensor } from '../base/tensor.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { massValues } from './capture.ts';
import { compileAttention } from './compile.ts';
import { extendValues } from './extend.ts';
import { forkValues } from './fork.ts';
import {
  type AttentionOp,
  type CaptureOp,
  type ExtendOp,
  type ForkOp,
  flatten,
  type RouteOp,
  type ShapeOp,
} from './ops.ts';
import { primitives } from './registry.ts';
import { routeValues } from './route.ts';
import { shapeValues } from './shape.ts';
import { plainAttention } from './site.ts';
import { sizesOf } from './sizes.ts';
import { branchValues, type HookValues } from './values.ts';

const runtime = createOnnxRuntime({ threads: 1 });

/** Worst error as a share of 1e-4 + 1e-4 |reference|. */
function worst(actual: ArrayLike<number | bigint>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let share = 0;
  for (let i = 0; i < expected.length; i++) {
    const reference = expected[i] ?? Number.NaN;
    const error = Math.abs(Number(actual[i]) - reference) / (1e-4 + 1e-4 * Math.abs(reference));
    share = Math.max(share, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  }
  return share;
}

const site = siteOf({ batch: 2, heads: 2, headDim: 8, text: 3, image: { frames: 1, height: 2, width: 3 } });
const sizes = sizesOf([site]);
const shape = { op: 'shape', layers: 'all', rows: 'image', cols: 'text', bias: true } as const;

describe('attention hooks', () => {
  it('compute what the spelled-out matrix says, in random combination', async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = numbers(seed);
      const site = randomSite(random);
      const ops = usable(site, randomOps(random, site, 2, 'o'));
      const operands = randomOperands(random, site);
      const { outputs, feeds } = await runCall(runtime, site, ops, operands, (attention) => [
        Object.fromEntries(attention.inputs.map((input) => [input.name, randomValue(random, input, site, ops)])),
      ]);
      const reference = referenceAttention(site, ops, feeds, operands);
      const tell = () => `seed ${seed}: ${JSON.stringify(ops)} ${JSON.stringify(site)}`;
      expect(worst(outputs.out?.data ?? [], reference.out), tell()).toBeLessThan(1);
      for (const [id, reading] of reference.readings) {
        expect(worst(outputs[id]?.data ?? [], reading), `${id} of ${tell()}`).toBeLessThan(1);
      }
    }
  });

  it('are all among the random ones, every primitive of the registry', () => {
    const drawn = Array.from({ length: 100 }, (_, seed) => {
      const random = numbers(seed);
      return flatten(randomOps(random, randomSite(random), 2, 'o')).map(({ op }) => op);
    });
    expect(new Set(drawn.flat())).toEqual(new Set(Object.keys(primitives)));
  });

  it('change nothing at neutral values', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = numbers(1000 + seed);
      const site = randomSite(random);
      const ops = usable(site, randomOps(random, site, 1, 'o'));
      const operands = randomOperands(random, site);
      const plain = await runCall(runtime, site, [], operands);
      const neutral = await runCall(runtime, site, ops, operands);
      const share = worst(neutral.outputs.out?.data ?? [], Array.from(plain.outputs.out?.data ?? [], Number));
      expect(share, `seed ${seed}: ${JSON.stringify(ops)}`).toBeLessThan(0.1);
    }
  });

  it('are not in the graph when they are absent', () => {
    const plain = (() => {
      const g = new GraphBuilder();
      const shape = [2, 9, 16];
      const operands = {
        q: g.input('q', 'float32', shape),
        k: g.input('k', 'float32', shape),
        v: g.input('v', 'float32', shape),
      };
      g.output('out', plainAttention.attend(g, site, operands));
      return g.build();
    })();
    expect(callGraph(site, compileAttention([], sizes))).toEqual(plain);
    expect(compileAttention([], sizes).signature).toBe('');
  });

  it('leave calls alone that they do not name', () => {
    const elsewhere: ShapeOp = { ...shape, id: 'a', layers: [3], cols: 'text' };
    const g = new GraphBuilder();
    const attention = compileAttention([elsewhere], sizes);
    const operands = ['q', 'k', 'v'].map((name) => g.input(name, 'float32', [2, 9, 16]));
    const [q, k, v] = operands;
    if (q === undefined || k === undefined || v === undefined) throw new Error('three operands');
    expect(attention.attend(g, site, { q, k, v }).name).toBe('MultiHeadAttention');
    expect(attention.finish(g)).toEqual([]);
  });

  it('average maps over the calls they name and read an image-only call where the whole sequence is the image', async () => {
    const image = siteOf({ batch: 2, heads: 2, headDim: 8, text: 0, image: site.tokens.image, layer: 1 });
    const sites = [site, { ...image, id: 'blocks.1.attn2' }];
    const random = numbers(5);
    const operands = randomOperands(random, site);
    const ofImage = randomOperands(random, image);
    const bias: ShapeOp = { ...shape, id: 'bias', rows: 'all', cols: 'all' };
    const map: CaptureOp = {
      op: 'capture',
      id: 'map',
      what: 'mass',
      layers: 'all',
      rows: 'image',
      cols: 'image',
      count: 2,
    };
    const field = [0, 1].map(() => Float32Array.from({ length: 9 }, () => random.normal()));
    const indicators = [0, 1].map(() => Float32Array.from({ length: 12 }, () => random.uniform()));
    const attention = compileAttention([bias, map], sizesOf(sites));
    const g = new GraphBuilder();
    const outs = [operands, ofImage].map((_, i) => {
      const at = sites[i];
      if (at === undefined) throw new Error('two calls');
      const input = (name: string) => g.input(`${name}${i}`, 'float32', [2, i === 0 ? 9 : 6, 16]);
      return attention.attend(g, at, { q: input('q'), k: input('k'), v: input('v') });
    });
    for (const [i, out] of outs.entries()) g.output(`out${i}`, out);
    expect(attention.finish(g)).toEqual(['map']);
    const session = await runtime.createSession(g.build(), { weights: 'private' });
    const feeds = attention.feeds(
      shapeValues(bias, attention.sizes, { bias: field }),
      massValues(map, attention.sizes, indicators),
    );
    const given = Object.fromEntries(
      [operands, ofImage].flatMap((set, i) =>
        Object.entries(set).map(([name, data]) => [`${name}${i}`, floatTensor(data, [2, i === 0 ? 9 : 6, 16])]),
      ),
    );
    const outputs = await session.run({ ...feeds, ...given });
    await session.release();
    // Image first: the image's part of a field over all tokens is its beginning.
    const narrowed = {
      ...feeds,
      'bias.bias': floatTensor(Float32Array.from(field.flatMap((one) => [...one.subarray(0, 6)])), [2, 6]),
    };
    const references = [
      referenceAttention(site, [bias, map], feeds, operands),
      referenceAttention(image, [bias, map], narrowed, ofImage),
    ];
    for (const [i, { out }] of references.entries()) expect(worst(outputs[`out${i}`]?.data ?? [], out)).toBeLessThan(1);
    const maps = references.map(({ readings }) => readings.get('map') ?? new Float64Array());
    const mean = Float64Array.from(maps[0] ?? [], (value, i) => (value + (maps[1]?.[i] ?? 0)) / 2);
    expect(worst(outputs.map?.data ?? [], mean)).toBeLessThan(1);
  });

  it('tap operands and results call by call', async () => {
    const operands = randomOperands(numbers(6), site);
    const tap = { op: 'capture', layers: 'all', rows: 'image' } as const;
    const ops: CaptureOp[] = [
      { ...tap, id: 'keys', what: 'k' },
      { ...tap, id: 'after', what: 'out', rows: 'all' },
    ];
    const { outputs } = await runCall(runtime, site, ops, operands);
    const keys = outputs['keys.blocks.0.attn'];
    expect(keys?.dims).toEqual([2, 6, 16]);
    expect(keys?.data.slice(0, 96)).toEqual(operands.k.slice(0, 96));
    expect(outputs['after.blocks.0.attn']?.data).toEqual(outputs.out?.data);
  });

  it('give a masked column no mass at all', async () => {
    const mask: ShapeOp = { ...shape, id: 'mask', cols: 'text' };
    const seen: CaptureOp = {
      op: 'capture',
      id: 'seen',
      what: 'mass',
      layers: 'all',
      rows: 'image',
      cols: 'text',
      count: 3,
    };
    const identity = Float32Array.from({ length: 9 }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const hidden = [Number.NEGATIVE_INFINITY, 0, 0];
    const { outputs } = await runCall(runtime, site, [mask, seen], randomOperands(numbers(7), site), (attention) => [
      shapeValues(mask, attention.sizes, { bias: [hidden, hidden] }),
      massValues(seen, attention.sizes, [identity, identity]),
    ]);
    expect(Array.from(outputs.seen?.data ?? [], Number).filter((_, i) => i % 3 === 0)).toEqual(Array(12).fill(0));
  });

  it('hide the pairs that a row of the batch does not use', async () => {
    const route = { op: 'route', id: 'map', layers: 'all', rows: 'image', cols: 'text', q: true, k: true } as const;
    const pairs = [null, [0, 2, 1].map((source, target) => ({ source, target, logWeight: 0.1 * target }))];
    const operands = randomOperands(numbers(8), site);
    const [exact, roomy] = await Promise.all(
      [3, 7].map((count) =>
        runCall(runtime, site, [{ ...route, pairs: count }], operands, (attention) => [
          routeValues({ ...route, pairs: count }, attention.sizes, { from: [0, 0], pairs }),
        ]),
      ),
    );
    expect(worst(roomy?.outputs.out?.data ?? [], Array.from(exact?.outputs.out?.data ?? [], Number))).toBeLessThan(0.1);
  });

  it('fill a row up to a mass of 1, and take nothing away where it has more', async () => {
    const gain: ShapeOp = { op: 'shape', id: 'gain', layers: 'all', rows: 'all', cols: 'text', gain: true };
    const fork = (mode: 'fill' | 'blend'): ForkOp => ({
      op: 'fork',
      id: 'f',
      layers: 'all',
      rows: 'all',
      mode,
      alt: [gain],
    });
    const operands = randomOperands(numbers(9), site);
    const run = (mode: 'fill' | 'blend', factor: number) =>
      runCall(runtime, site, [fork(mode)], operands, ({ sizes }) => [
        forkValues(fork(mode), sizes, { mix: Array(sizes.batch).fill(1) }),
        shapeValues(gain, sizes, { gain: Array(sizes.batch).fill(factor) }),
      ]);
    // Text twice as strong: more than 1 in every row, so that filled and unfilled are the same.
    const [filled, blended] = await Promise.all([run('fill', 2), run('blend', 2)]);
    expect(filled.outputs.out?.data).toEqual(blended.outputs.out?.data);
    const [less, plain] = await Promise.all([run('fill', 0.5), run('blend', 0.5)]);
    expect(less.outputs.out?.data).not.toEqual(plain.outputs.out?.data);
  });

  it('have equal signatures for equal structures only', () => {
    const signature = (...ops: AttentionOp[]) => compileAttention(ops, sizes).signature;
    const { id, ...rest } = { ...shape, id: 'a' };
    expect(signature({ id, ...rest })).toBe(signature({ ...rest, id }));
    expect(signature({ ...shape, id: 'a' })).not.toBe(signature({ ...shape, id: 'a', layers: [0] }));
  });
});

describe('attention hooks refuse', () => {
  const route: RouteOp = { op: 'route', id: 'r', layers: 'all', rows: 'image', cols: 'text', q: true, k: true };
  const extend: ExtendOp = { op: 'extend', id: 'e', layers: 'all', rows: 'image', cols: 'text' };
  const capture: CaptureOp = {
    op: 'capture',
    id: 'c',
    what: 'mass',
    layers: 'all',
    rows: 'image',
    cols: 'text',
    count: 1,
  };

  const structures: readonly [string, readonly AttentionOp[], RegExp][] = [
    [
      'an id used twice',
      [
        { ...shape, id: 'a' },
        { ...route, id: 'a' },
      ],
      /taken/,
    ],
    [
      'an id used again inside a fork',
      [capture, { op: 'fork', id: 'f', layers: 'all', rows: 'image', mode: 'add', alt: [capture] }],
      /taken/,
    ],
    ['a route of nothing', [{ ...route, q: false, k: false }], /one of q, k and v/],
    ['fewer pairs than columns', [{ ...route, pairs: 2 }], /2 pairs cannot stand for 3 columns/],
    ['pairs over the whole sequence', [{ ...route, cols: 'all', pairs: 99 }], /one span/],
    ['a shape without a weight', [{ ...shape, id: 'a', bias: false }], /scale, bias and gain/],
    ['columns nobody appended', [{ ...shape, id: 'a', cols: { extended: 'e' } }], /No operation "e" extends/],
    ['more further tokens than there are', [{ ...extend, count: 4 }], /4 tokens/],
    [
      'a mass of nothing',
      [{ op: 'capture', id: 'c', what: 'mass', layers: 'all', rows: 'image' }],
      /columns and a count/,
    ],
    [
      'a tap inside a fork',
      [{ op: 'fork', id: 'f', layers: 'all', rows: 'image', mode: 'add', alt: [{ ...capture, what: 'v' }] }],
      /outside forks/,
    ],
  ];
  it.each(structures)('%s', (_, ops, message) => {
    expect(() => compileAttention(ops, sizes)).toThrow(
      expect.objectContaining({ kind: 'graph-invalid', message: expect.stringMatching(message) }),
    );
  });

  it('two maps of the same columns', () => {
    const twice: RouteOp[] = [
      { ...route, pairs: 3 },
      { ...route, id: 's', pairs: 4 },
    ];
    expect(() => callGraph(site, compileAttention(twice, sizes))).toThrow(/mapped before/);
  });

  it('a second graph', () => {
    const attention = compileAttention([capture], sizes);
    callGraph(site, attention);
    expect(() => callGraph(site, attention)).toThrow(/one graph/);
  });

  const amounts: readonly [string, () => HookValues, RegExp][] = [
    [
      'a field for too few rows',
      () => shapeValues({ ...shape, id: 'a' }, sizes, { bias: [0] }),
      /1 fields for 2 batch rows/,
    ],
    [
      'a field of another length',
      () => shapeValues({ ...shape, id: 'a' }, sizes, { bias: [[1], [1]] }),
      /1 values for 3 tokens/,
    ],
    ['what is not a number', () => shapeValues({ ...shape, id: 'a' }, sizes, { bias: [Number.NaN, 0] }), /NaN/],
    [
      'an infinite factor',
      () => shapeValues({ ...shape, id: 'a' }, sizes, { scale: [1, Number.POSITIVE_INFINITY] }),
      /Infinity/,
    ],
    ['a batch row that is not there', () => routeValues(route, sizes, { from: [0, 2] }), /2 is not in 0..1/],
    ['a shared batch row that is not there', () => branchValues('b', [0, -1], sizes), /do not fit/],
    [
      'a token that is not there',
      () => routeValues({ ...route, pairs: 3 }, sizes, { pairs: [null, [{ source: 3, target: 0 }]] }),
      /3 is not in 0..2/,
    ],
    [
      'too many pairs',
      () => routeValues({ ...route, pairs: 3 }, sizes, { pairs: [null, Array(4).fill({ source: 0, target: 0 })] }),
      /4 pairs where 3 fit/,
    ],
    [
      'a further token that is not there',
      () => extendValues({ ...extend, count: 1 }, sizes, { index: [[0], [3]] }),
      /3 is not in/,
    ],
    [
      'indicators of another size',
      () => massValues(capture, sizes, [new Float32Array(3), new Float32Array(2)]),
      /2 values for 3 x 1/,
    ],
    [
      'an input nobody has',
      () => compileAttention([], sizes).feeds(branchValues('b', [0, 1], sizes)),
      /No attention operation/,
    ],
    [
      'an input of another shape',
      () => compileAttention([{ ...shape, id: 'a' }], sizes).feeds({ 'a.bias': floatTensor(new Float32Array(1), [1]) }),
      /not float32\[2,3\]/,
    ],
  ];
  it.each(amounts)('%s', (_, make, message) => {
    expect(make).toThrow(expect.objectContaining({ kind: 'request-invalid', message: expect.stringMatching(message) }));
  });
});
