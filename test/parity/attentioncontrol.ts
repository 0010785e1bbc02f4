import {
  type AttentionOp,
  branchValues,
  type ExtendOp,
  extendValues,
  type FilterOp,
  type ForkOp,
  filterValues,
  forkValues,
  type HookSizes,
  type HookValues,
  type RouteOp,
  routeValues,
  type ShapeOp,
  shapeValues,
} from '../../engine/index.ts';
import { FixtureCall, row } from './attentioncall.ts';
import { number, numbers } from './manifest.ts';
import type { CaseRunner, MethodCase } from './method.ts';
import type { FixtureArray } from './types.ts';

/** The attention half of methods/mmdit-control through the vocabulary of engine/attention; its sampler half is in flowcontrol.ts. */
export const attentionControlCases: Readonly<Record<string, CaseRunner>> = {
  reweight: reweight,
  block_route: blockRoute,
  append_isolate: appendIsolate,
  introverted: introverted,
  fork_blend: forkBlend,
};

async function reweight(testCase: MethodCase): Promise<void> {
  const { params } = testCase;
  const text = number(params, 'text');
  const call = new FixtureCall(testCase, { text });
  const words = numbers(params, 'tokens');
  const c = number(params, 'c');
  const perToken = (other: number, word: number) =>
    Float32Array.from({ length: text }, (_, token) => (words.includes(token) ? word : other));
  const seen = { op: 'shape', layers: 'all', rows: 'image', cols: 'text' } as const;
  const gain: ShapeOp = { ...seen, id: 'gain', gain: true };
  const gained = { gain: [perToken(1, c)] };
  testCase.check('none', await call.result([]));
  testCase.check('mul_plain', await call.result([gain], ({ sizes }) => [shapeValues(gain, sizes, gained)]));
  const back: ShapeOp = { ...seen, id: 'back', rows: 'text', cols: 'image', rowWeight: true, gain: true };
  const both = await call.result([gain, back], ({ sizes }) => [
    shapeValues(gain, sizes, gained),
    shapeValues(back, sizes, { rows: [perToken(0, 1)], gain: [c] }),
  ]);
  testCase.check('mul_plain_both_ways', both);
  // A probability can only be multiplied by what is not negative.
  if (c < 0) return;
  const bias: ShapeOp = { ...seen, id: 'bias', bias: true };
  const logged = await call.result([bias], ({ sizes }) => [
    shapeValues(bias, sizes, { bias: [perToken(0, Math.log(c))] }),
  ]);
  testCase.check('log_bias', logged);
  // Multiplied and renormalised: nothing, filled up with the multiplied rows.
  const nothing: ShapeOp = { ...seen, id: 'nothing', cols: 'all', gain: true };
  const renormalise: ForkOp = { op: 'fork', id: 'norm', layers: 'all', rows: 'image', mode: 'fill', alt: [nothing] };
  const renormalised = await call.result([gain, renormalise], ({ sizes }) => [
    shapeValues(gain, sizes, gained),
    shapeValues(nothing, sizes, { gain: [0] }),
    forkValues(renormalise, sizes, { mix: [1] }),
  ]);
  testCase.check('mul_renorm', renormalised);
}

async function blockRoute(testCase: MethodCase): Promise<void> {
  const text = number(testCase.params, 'text');
  const call = new FixtureCall(testCase, { text });
  const [mapper, alphas] = [testCase.input('mapper').data, testCase.floats('alphas')];
  const image = { op: 'route', layers: 'all', rows: 'image' } as const;
  const [source, target, layout] = [0, 1, 2];
  // The target alone is routed; every other row stays its own source.
  const from = [source, source, layout];

  const words: RouteOp = { ...image, id: 'words', cols: 'text', q: true, k: true, weight: true, pairs: text };
  const pairs = Array.from(alphas, (weight, token) => {
    return { source: Math.max(0, mapper[token] ?? 0), target: token, weight };
  });
  const refined = await call.result(
    [words],
    ({ sizes }) => [routeValues(words, sizes, { from, pairs: [null, pairs, null] })],
    target,
  );
  testCase.check('logit_route', refined);

  const self: RouteOp = { ...image, id: 'self', cols: 'image', q: true, k: true };
  testCase.check('self_route', await call.result([self], ({ sizes }) => [routeValues(self, sizes, { from })], target));

  // The layout branch: image queries of the target, image keys and values of the source.
  const mutual: RouteOp[] = [
    { ...image, id: 'image', cols: 'image', q: 'target', k: 'source', v: 'source' },
    { ...image, id: 'queries', cols: 'text', q: 'target' },
    { ...image, id: 'keys', rows: 'text', cols: 'image', k: 'source', v: 'source' },
  ];
  const shared = await call.result(
    mutual,
    ({ sizes }) => [
      branchValues('target', [source, target, target], sizes),
      branchValues('source', [source, target, source], sizes),
    ],
    layout,
  );
  testCase.check('layout_mutual', shared);

  // Probabilities replaced as published: the source's whole softmax, its word columns carried over to the target's values.
  const whole: RouteOp = { ...image, id: 'whole', cols: 'all', q: true, k: true };
  const carry: FilterOp = { op: 'filter', id: 'carry', layers: 'all', rows: 'image', along: 'columns' };
  const shape = { op: 'shape', layers: 'all', rows: 'image', gain: true } as const;
  const textOnly: ShapeOp = { ...shape, id: 'textonly', cols: 'image' };
  const replaced: ForkOp = {
    op: 'fork',
    id: 'replaced',
    layers: 'all',
    rows: 'image',
    mode: 'add',
    alt: [whole, carry, textOnly],
  };
  const mapping = new Float32Array(text * text);
  pairs.forEach((pair) => {
    mapping[pair.source * text + pair.target] = pair.weight;
  });
  const kept: ShapeOp = { ...shape, id: 'kept', cols: 'text' };
  const own = { gain: [1, alphas.map((alpha) => 1 - alpha), 1] };
  const mix = [0, 1, 0];
  const plain = await call.result(
    [kept, replaced],
    ({ sizes }) => [
      routeValues(whole, sizes, { from }),
      filterValues(carry, sizes, [mapping, mapping, mapping]),
      shapeValues(textOnly, sizes, { gain: [0, 0, 0] }),
      forkValues(replaced, sizes, { mix }),
      shapeValues(kept, sizes, own),
    ],
    target,
  );
  testCase.check('prob_plain', plain);

  const imageOnly: ShapeOp = { ...shape, id: 'imageonly', cols: 'text' };
  const ownText: ShapeOp = { ...shape, id: 'owntext', cols: 'image' };
  const rescaled: ForkOp = {
    op: 'fork',
    id: 'rescaled',
    layers: 'all',
    rows: 'image',
    mode: 'fill',
    alt: [kept, ownText, replaced],
  };
  const ops: AttentionOp[] = [imageOnly, rescaled];
  const filled = await call.result(
    ops,
    ({ sizes }) => [
      routeValues(whole, sizes, { from }),
      filterValues(carry, sizes, [mapping, mapping, mapping]),
      shapeValues(textOnly, sizes, { gain: [0, 0, 0] }),
      forkValues(replaced, sizes, { mix }),
      shapeValues(kept, sizes, own),
      shapeValues(ownText, sizes, { gain: [0, 0, 0] }),
      shapeValues(imageOnly, sizes, { gain: [0, 0, 0] }),
      forkValues(rescaled, sizes, { mix }),
    ],
    target,
  );
  testCase.check('prob_image_rescaled', filled);
}

/**
 * References as further batch rows whose image tokens are appended. A subject's rows see their own reference, where its mask lets
 * them, and not the other subjects' image tokens.
 */
async function appendIsolate(testCase: MethodCase): Promise<void> {
  const text = number(testCase.params, 'text');
  const references = testCase.input('k_ref').shape[0] ?? 0;
  const call = new FixtureCall(
    testCase,
    { text },
    {
      q: repeated(testCase.input('q'), references + 1),
      k: withReferences(testCase.input('k'), testCase.input('k_ref'), text),
      v: withReferences(testCase.input('v'), testCase.input('v_ref'), text),
    },
  );
  const subjects = testCase.input('subject_of_row').data;
  const rowsOf = (wanted: (subject: number) => boolean) => Float32Array.from(subjects, (one) => (wanted(one) ? 1 : 0));
  const perRow = <T>(field: T) => Array.from({ length: references + 1 }, () => field);
  const hide = (hidden: Float32Array) => perRow(hidden.map((one) => (one === 1 ? Number.NEGATIVE_INFINITY : 0)));
  const block = { op: 'shape', layers: 'all', rows: 'image', rowWeight: true, bias: true } as const;
  const subject = Array.from({ length: references }, (_, r) => {
    const extend: ExtendOp = { op: 'extend', id: `reference${r}`, layers: 'all', rows: 'image', cols: 'image' };
    const shut: ShapeOp = { ...block, id: `shut${r}`, cols: { extended: extend.id } };
    const apart: ShapeOp = { ...block, id: `apart${r}`, cols: 'image' };
    const strength = row(testCase.input('ref_mask'), r).map(
      (one) => Math.log(one) + number(testCase.params, 'ref_bias'),
    );
    const values = (sizes: HookSizes): HookValues => ({
      ...extendValues(extend, sizes, { from: perRow(r + 1), bias: perRow(strength) }),
      ...shapeValues(shut, sizes, {
        rows: perRow(rowsOf((one) => one !== r + 1)),
        bias: perRow(Number.NEGATIVE_INFINITY),
      }),
      ...shapeValues(apart, sizes, {
        rows: perRow(rowsOf((one) => one === r + 1)),
        bias: hide(rowsOf((one) => one !== 0 && one !== r + 1)),
      }),
    });
    return { ops: [extend, shut, apart], values };
  });
  const out = await call.result(
    subject.flatMap(({ ops }) => ops),
    ({ sizes }) => subject.map(({ values }) => values(sizes)),
  );
  testCase.check('out', out);
}

async function introverted(testCase: MethodCase): Promise<void> {
  const call = new FixtureCall(testCase, { text: number(testCase.params, 'text') });
  const hole = testCase.floats('hole');
  const op: ShapeOp = {
    op: 'shape',
    id: 'inward',
    layers: 'all',
    rows: 'image',
    cols: 'image',
    rowWeight: true,
    scale: true,
  };
  const scale = testCase.floats('weight').map((weight, token) => (hole[token] === 0 ? weight : 1));
  testCase.check(
    'out',
    await call.result([op], ({ sizes }) => [shapeValues(op, sizes, { rows: [hole], scale: [scale] })]),
  );
}

async function forkBlend(testCase: MethodCase): Promise<void> {
  const call = new FixtureCall(testCase, { text: number(testCase.params, 'text') });
  const route: RouteOp = { op: 'route', id: 'words', layers: 'all', rows: 'image', cols: 'text', k: true, v: true };
  const fork: ForkOp = { op: 'fork', id: 'blend', layers: 'all', rows: 'image', mode: 'blend', alt: [route] };
  const mask = testCase.floats('mask').map((one) => one * number(testCase.params, 'lam'));
  const out = await call.result(
    [fork],
    ({ sizes }) => [routeValues(route, sizes, { from: [0, 0, 2] }), forkValues(fork, sizes, { mix: [0, mask, 0] })],
    1,
  );
  testCase.check('out', out);
}

/** The same tensor in every batch row. */
function repeated({ dtype, shape, data: values }: FixtureArray, count: number): FixtureArray {
  const all = new Float32Array(values.length * count);
  for (let b = 0; b < count; b++) all.set(values, b * values.length);
  return { dtype, shape: [count, ...shape], data: all };
}

/** [H, N, d], and references [R, H, image, d] as further batch rows whose text tokens are zeros. */
function withReferences(own: FixtureArray, references: FixtureArray, text: number): FixtureArray {
  const [heads = 0, tokens = 0, width = 0] = own.shape;
  const count = references.shape[0] ?? 0;
  const all = new Float32Array((count + 1) * own.data.length);
  all.set(own.data);
  const block = (tokens - text) * width;
  for (let i = 0; i < count * heads; i++) {
    all.set(references.data.subarray(i * block, (i + 1) * block), own.data.length + i * tokens * width + text * width);
  }
  return { dtype: own.dtype, shape: [count + 1, heads, tokens, width], data: all };
}
