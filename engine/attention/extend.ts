import type { Tensor } from '../base/tensor.ts';
import { indexTensor } from '../base/tensor.ts';
import { type Block, cut, type Piece, pick, piece, type Segment } from './block.ts';
import { type ExtendOp, refuse } from './ops.ts';
import type { Primitive } from './primitive.ts';
import { addTerm } from './route.ts';
import { type HookSizes, spanIn } from './sizes.ts';
import {
  branchTensor,
  checkIndices,
  type Fields,
  fieldTensor,
  floatInput,
  HARD_MASK,
  type HookInput,
  type HookValues,
  indexInput,
  inputName,
  wrong,
} from './values.ts';

/**
 * More columns: reference tokens of another batch row behind the own ones, in the same softmax (consistent self-attention of
 * StoryDiffusion, arXiv 2405.01434; reference injection of IR-Diffusion, arXiv 2411.19261): softmax(q [k, k_ref]^T + [0, bias]) [v, v_ref].
 * Neutral is a bias of -1e4: the columns are there and have no mass.
 */

function vectorOf(op: ExtendOp): string {
  return op.from === undefined ? inputName(op, 'from') : `${op.from}.from`;
}

function columnCount(op: ExtendOp, sizes: HookSizes): number {
  return op.count ?? spanIn(sizes.tokens, op.cols).length;
}

export const extendPrimitive: Primitive<ExtendOp> = {
  stage: 'extend',
  separatesRows: (op) => op.rows !== 'all',

  check(op, sizes) {
    if (op.count === undefined) return;
    if (op.cols === 'all') throw refuse(op, 'a subset needs the columns of one span, "text" or "image"');
    if (op.count < 1 || op.count > spanIn(sizes.tokens, op.cols).length)
      throw refuse(op, `${op.count} tokens are not there`);
  },

  inputs(op, sizes) {
    const { batch } = sizes;
    const columns = columnCount(op, sizes);
    const inputs: HookInput[] = [
      indexInput(vectorOf(op), [batch], (row) => row),
      floatInput(inputName(op, 'bias'), [batch, columns], HARD_MASK),
    ];
    if (op.count !== undefined) inputs.push(indexInput(inputName(op, 'index'), [batch, columns], (i) => i % columns));
    return inputs;
  },

  fold(scope, block, op) {
    const { g, own } = scope;
    const span = spanIn(scope.site.tokens, scope.span(op.cols));
    const further = (part: 'k' | 'v'): Piece => {
      const tokens = { whole: scope.routed(op, part, scope.named(op, vectorOf(op)).name), ...span };
      return op.count === undefined ? tokens : piece(pick(g, cut(g, tokens), scope.input(op, 'index')));
    };
    const keys = further('k');
    const values = further('v');
    const segment: Segment = { span: { extended: op.id }, length: keys.length, tokens: keys.length, index: null };
    const wider = widened(block, segment);
    const none = block.segments.map(() => null);
    const bias = op.count === undefined ? scope.tokenInput(op, 'bias', op.cols) : scope.input(op, 'bias');
    return {
      ...wider,
      terms: addTerm(scope, wider.terms, { q: scope.rowsOf(own.q, block.rows), k: [...none, keys] }),
      values: wider.values.map((term) => ({ ...term, v: [...term.v.slice(0, -1), values] })),
      additions: [...wider.additions, { rows: null, columns: [...none, bias] }],
    };
  },
};

/** The block with one more segment in which nothing has an entry yet. */
function widened(block: Block, segment: Segment): Block {
  return {
    ...block,
    segments: [...block.segments, segment],
    terms: block.terms.map((term) => ({ ...term, k: [...term.k, null] })),
    values: block.values.map((term) => ({ ...term, v: [...term.v, null] })),
    additions: block.additions.map((entry) => ({ ...entry, columns: [...entry.columns, null] })),
  };
}

/** The amounts of an extension. Absent ones are neutral. */
export interface ExtendAmounts {
  /** Whose tokens each batch row sees besides its own. */
  readonly from?: ArrayLike<number>;
  /** Log-strength per further column; 0: as if they were own, -Infinity: off. */
  readonly bias?: Fields;
  /** With `count`: which tokens of the span, for each batch row. */
  readonly index?: readonly ArrayLike<number>[];
}

export function extendValues(op: ExtendOp, sizes: HookSizes, amounts: ExtendAmounts): HookValues {
  const values: Record<string, Tensor> = {};
  const columns = columnCount(op, sizes);
  if (amounts.from !== undefined) values[inputName(op, 'from')] = branchTensor(op, 'from', amounts.from, sizes.batch);
  if (amounts.bias !== undefined) {
    values[inputName(op, 'bias')] = fieldTensor(op, 'bias', amounts.bias, sizes.batch, columns, 'mask');
  }
  if (amounts.index !== undefined) {
    const flat = amounts.index.flatMap((row) => Array.from(row));
    if (flat.length !== sizes.batch * columns)
      throw wrong(op, 'index', `${flat.length} tokens for ${sizes.batch} x ${columns}`);
    checkIndices(op, 'index', flat, spanIn(sizes.tokens, op.cols).length);
    values[inputName(op, 'index')] = indexTensor(flat, [sizes.batch, columns]);
  }
  return values;
}
