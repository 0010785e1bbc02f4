import {
  type CaptureOp,
  type FilterOp,
  filterValues,
  massValues,
  type ShapeOp,
  type ShareOp,
  shapeValues,
  shareValues,
} from '../../engine/index.ts';
import { data, FixtureCall, row } from './attentioncall.ts';
import { number } from './manifest.ts';
import type { CaseRunner, MethodCase } from './method.ts';
import { timeFilter } from './published/timefilter.ts';
import type { FixtureArray } from './types.ts';

/** methods/primitives, every identity through the vocabulary of engine/attention. */

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

/** Column `c` of a matrix [rows, columns]. */
function column(array: FixtureArray, c: number): Float32Array {
  const [rows = 0, columns = 0] = array.shape;
  return Float32Array.from({ length: rows }, (_, r) => Number(array.data[r * columns + c]));
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
