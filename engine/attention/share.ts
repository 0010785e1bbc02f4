import type { Tensor } from '../base/tensor.ts';
import { bySegment } from './block.ts';
import { refuse, type ShareOp } from './ops.ts';
import type { Primitive } from './primitive.ts';
import { columnsLength, type HookSizes, spanIn } from './sizes.ts';
import { type Fields, fieldTensor, floatInput, type HookValues, inputName } from './values.ts';

/**
 * The mass of a group of columns, set after the softmax: the value rows go through the kernel once for the group and once for the
 * rest, with a channel of ones each, and the two parts are put together anew: with m the group's mass
 * and m' the wanted one, out = (m'/m) A_g v_g + ((1-m')/(1-m)) A_r v_r. `keep`, m' = share m, is the rule of attention calibration (ACT,
 * arXiv 2406.15765). A mass that underflows to 0 leaves nothing to enlarge.
 */
export const sharePrimitive: Primitive<ShareOp> = {
  stage: 'share',
  separatesRows: (op) => op.rows !== 'all',
  check() {},

  inputs(op, sizes) {
    const rows = [sizes.batch, spanIn(sizes.tokens, op.rows).length];
    return [
      floatInput(inputName(op, 'group'), [sizes.batch, columnsLength(sizes, op.cols)], 0),
      floatInput(inputName(op, 'share'), rows, op.mode === 'keep' ? 1 : 0),
      floatInput(inputName(op, 'amount'), rows, 0),
    ];
  },

  fold(scope, block, op) {
    if (block.share !== undefined) throw refuse(op, 'only one share can act on the same rows');
    const rows = scope.span(op.rows);
    return {
      ...block,
      share: {
        mode: op.mode,
        group: bySegment(scope.g, block.segments, scope.columns(op.cols), scope.tokenInput(op, 'group', op.cols)),
        share: scope.rowInput(op, 'share', rows, block.rows, 0),
        amount: scope.rowInput(op, 'amount', rows, block.rows, 0),
      },
    };
  },
};

/** The amounts of a share. Absent ones are neutral. */
export interface ShareAmounts {
  /** 1 for the columns of the group, 0 for the others. */
  readonly group?: Fields;
  /** `keep`: factor of the group's mass; `fixed`: the mass. Per row. */
  readonly share?: Fields;
  /** From the own mass (0) to the wanted one (1, if `share` is given), per row. */
  readonly amount?: Fields;
}

export function shareValues(op: ShareOp, sizes: HookSizes, amounts: ShareAmounts): HookValues {
  const values: Record<string, Tensor> = {};
  const rows = spanIn(sizes.tokens, op.rows).length;
  const amount = amounts.amount ?? (amounts.share === undefined ? undefined : Array<number>(sizes.batch).fill(1));
  for (const [field, fields] of Object.entries({ ...amounts, amount })) {
    if (fields === undefined) continue;
    const length = field === 'group' ? columnsLength(sizes, op.cols) : rows;
    values[inputName(op, field)] = fieldTensor(op, field, fields, sizes.batch, length);
  }
  return values;
}
