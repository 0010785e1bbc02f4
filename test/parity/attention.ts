import {
  type AttentionOp,
  branchValues,
  type CaptureOp,
  type ExtendOp,
  extendValues,
  type FilterOp,
  type ForkOp,
  filterValues,
  forkValues,
  type HookSizes,
  type HookValues,
  massValues,
  type RouteOp,
  routeValues,
  type ShapeOp,
  type ShareOp,
  shapeValues,
  shareValues,
  timeFilter,
} from '../../engine/index.ts';
import { data, FixtureCall } from './attentioncall.ts';
import { number, numbers } from './manifest.ts';
import type { CaseRunner, MethodCase } from './method.ts';
import type { FixtureArray } from './types.ts';

/** methods/primitives and the attention half of methods/mmdit-control, every case through the vocabulary of engine/attention. */

const everywhere = { layers: 'all', rows: 'all', cols: 'all' } as const;

export const primitiveCases: Readonly<Record<string, CaseRunner>> = {
  bias_fold: biasFold,
  mask_fold: maskFold,
  value_augment: valueAugment,
  null_key_lse_entropy: nullKey,
  value_scale: valueScale,
  group_merge: groupMerge,
  temporal_filter_3d: temporalFilter,
  temporal_submap_3d: temporalSubmap,
};

export const attentionControlCases: Readonly<Record<string, CaseRunner>> = {
  reweight: reweight,
  block_route: blockRoute,
  append_isolate: appendIsolate,
  introverted: introverted,
  fork_blend: forkBlend,
};

/** Column `c` of a matrix [rows, columns]. */
function column(array: FixtureArray, c: number): Float32Array {
  const [rows = 0, columns = 0] = array.shape;
  return Float32Array.from({ length: rows }, (_, r) => Number(array.data[r * columns + c]));
}

/** Row `r` of a matrix [rows, columns]. */
function row(array: FixtureArray, r: number): Float32Array {
  const [, columns = 0] = array.shape;
  return Float32Array.from(array.data.subarray(r * columns, (r + 1) * columns));
}

async function biasFold(testCase: MethodCase): Promise<void> {
  const call = new FixtureCall(testCase, { text: 0 });
  const [u, w] = [testCase.input('u'), testCase.input('w')];
  const ops = Array.from({ length: u.shape[1] ?? 0 }, (_, r): ShapeOp => {
    return { op: 'shape', id: `rank${r}`, ...everywhere, rowWeight: true, bias: true };
  });
  const values = ops.map((op, r) => ({ op, amounts: { rows: [column(u, r)], bias: [column(w, r)] } }));
  testCase.check(
    'out',
    await call.result(ops, ({ sizes }) => values.map(({ op, amounts }) => shapeValues(op, sizes, amounts))),
  );
}

async function maskFold(testCase: MethodCase): Promise<void> {
  const call = new FixtureCall(testCase, { text: 0 });
  const [group, blocked] = [testCase.input('row_group'), testCase.input('blocked')];
  const ops = Array.from({ length: blocked.shape[0] ?? 0 }, (_, g): ShapeOp => {
    return { op: 'shape', id: `group${g}`, ...everywhere, rowWeight: true, bias: true };
  });
  const out = await call.result(ops, ({ sizes }) =>
    ops.map((op, g) =>
      shapeValues(op, sizes, {
        rows: [Float32Array.from(group.data, (of) => (of === g ? 1 : 0))],
        bias: [row(blocked, g).map((hidden) => (hidden === 1 ? Number.NEGATIVE_INFINITY : 0))],
      }),
    ),
  );
  testCase.check('out', out);
}

async function valueAugment(testCase: MethodCase): Promise<void> {
  const call = new FixtureCall(testCase, { text: 0 });
  const groups = number(testCase.params, 'groups');
  const [group, positions] = [testCase.input('group'), testCase.input('pos')];
  const axes = positions.shape[1] ?? 0;
  const read = { op: 'capture', what: 'mass', heads: 'keep', ...everywhere } as const;
  const mass: CaptureOp = { id: 'mass', count: groups, ...read };
  const mean: CaptureOp = { id: 'mean', count: axes, ...read };
  const indicators = Float32Array.from({ length: group.data.length * groups }, (_, i) =>
    group.data[Math.floor(i / groups)] === i % groups ? 1 : 0,
  );
  const outputs = await call.run([mass, mean], ({ sizes }) => [
    massValues(mass, sizes, [indicators]),
    massValues(mean, sizes, [Float32Array.from(positions.data)]),
  ]);
  testCase.check('out', call.headsFirst(outputs.out));
  testCase.check('mass', data(outputs.mass));
  testCase.check('mean_pos', data(outputs.mean));
}

async function nullKey(testCase: MethodCase): Promise<void> {
  const call = new FixtureCall(testCase, { text: 0 });
  const read = { op: 'capture', layers: 'all', rows: 'all', heads: 'keep' } as const;
  const outputs = await call.run([
    { ...read, id: 'lse', what: 'lse' },
    { ...read, id: 'entropy', what: 'entropy' },
  ]);
  testCase.check('lse', data(outputs.lse));
  testCase.check('entropy', data(outputs.entropy));
  testCase.check('out', call.headsFirst(outputs.out));
}

async function valueScale(testCase: MethodCase): Promise<void> {
  const call = new FixtureCall(testCase, { text: 0 });
  const op: ShapeOp = { op: 'shape', id: 'scale', ...everywhere, gain: true };
  const gain = [testCase.floats('c')];
  testCase.check('out', await call.result([op], ({ sizes }) => [shapeValues(op, sizes, { gain })]));
}

async function groupMerge(testCase: MethodCase): Promise<void> {
  const call = new FixtureCall(testCase, { text: 0 });
  const group = [Float32Array.from(testCase.input('group_S').data)];
  const mass: CaptureOp = { op: 'capture', id: 'mass', what: 'mass', heads: 'keep', count: 1, ...everywhere };
  const shared = async (mode: ShareOp['mode'], amount: number) => {
    const op: ShareOp = { op: 'share', id: 'group', ...everywhere, mode };
    return call.result([op], ({ sizes }) => [shareValues(op, sizes, { group, share: [amount] })]);
  };
  const outputs = await call.run([mass], ({ sizes }) => [massValues(mass, sizes, group)]);
  testCase.check('mass', data(outputs.mass));
  testCase.check('exact', await shared('keep', 1));
  testCase.check('mass_times_beta', await shared('keep', number(testCase.params, 'beta')));
  testCase.check('fixed', await shared('fixed', number(testCase.params, 'fixed_mass')));
  const gain: ShapeOp = { op: 'shape', id: 'gain', ...everywhere, bias: true };
  const bias = group.map((inside) => inside.map((one) => one * Math.log(number(testCase.params, 'gain'))));
  testCase.check('logit_gain', await call.result([gain], ({ sizes }) => [shapeValues(gain, sizes, { bias })]));
}

async function temporalFilter(testCase: MethodCase): Promise<void> {
  const { params } = testCase;
  const frames = number(params, 'frames');
  const call = new FixtureCall(testCase, { text: number(params, 'text_len'), frames });
  const matrix = timeFilter(frames, number(params, 'tau'), number(params, 'beta'));
  testCase.check('filter', matrix);
  const op: FilterOp = { op: 'filter', id: 'motion', layers: 'all', rows: 'all', along: 'time' };
  testCase.check('out', await call.result([op], ({ sizes }) => [filterValues(op, sizes, [matrix])]));
}

async function temporalSubmap(testCase: MethodCase): Promise<void> {
  const { params } = testCase;
  const call = new FixtureCall(testCase, { text: number(params, 'text_len'), frames: number(params, 'frames') });
  const op: CaptureOp = { op: 'capture', id: 'time', what: 'temporal', layers: 'all', rows: 'image' };
  const outputs = await call.run([op]);
  testCase.check('submap', data(outputs['time.map']));
  testCase.check('mass', data(outputs['time.mass']));
}

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
