import { floatTensor, type Tensor } from '../base/tensor.ts';
import type { Value } from '../graph/builder.ts';
import { type Block, bySegment, cut, type LogitTerm, mapCovered, type Piece, piece, type ValueTerm } from './block.ts';
import { toRank4 } from './fused.ts';
import { type Columns, refuse, type ShapeOp } from './ops.ts';
import type { Primitive } from './primitive.ts';
import type { SiteScope } from './scope.ts';
import { columnsLength, type HookSizes, spanIn } from './sizes.ts';
import { type Fields, fieldTensor, floatInput, type HookInput, type HookValues, inputName } from './values.ts';

/**
 * Weights of existing columns without the matrix of probabilities: a scaled key row scales its logits, a further channel
 * [r] x [bias] adds to them, a scaled value row multiplies its probabilities. Soft row weights r double the channels:
 * q' = [q, r q], k' = [k, (scale-1) k] and v' = [v, (gain-1) v], out = out1 + r out2.
 */
export const shapePrimitive: Primitive<ShapeOp> = {
  stage: 'shape',
  // A bias reaches a part of the rows by its row channel; scale and gain act on keys and values, which all rows share.
  separatesRows: (op) => op.rows !== 'all' && (op.scale === true || op.gain === true),

  check(op) {
    if (!op.scale && !op.bias && !op.gain) throw refuse(op, 'one of scale, bias and gain must be there');
  },

  inputs(op, sizes) {
    const inputs: HookInput[] = [];
    const columns = [sizes.batch, columnsLength(sizes, op.cols)];
    if (op.rowWeight) {
      inputs.push(floatInput(inputName(op, 'rows'), [sizes.batch, spanIn(sizes.tokens, op.rows).length], 1));
    }
    if (op.heads) inputs.push(floatInput(inputName(op, 'heads'), [sizes.heads], 1));
    if (op.scale) inputs.push(floatInput(inputName(op, 'scale'), columns, 1));
    if (op.bias) inputs.push(floatInput(inputName(op, 'bias'), columns, 0));
    if (op.gain) inputs.push(floatInput(inputName(op, 'gain'), columns, 1));
    return inputs;
  },

  fold(scope, before, op) {
    const rows = op.rowWeight ? scope.rowInput(op, 'rows', scope.span(op.rows), before.rows, 0) : null;
    let block = before;
    if (op.scale) block = { ...block, terms: scaledTerms(scope, block, op, rows) };
    if (op.bias) {
      const indicator = rows ?? scope.rowIndicator(scope.span(op.rows), block.rows);
      block = addBias(scope, block, indicator, distances(scope, block, op, 'bias'));
    }
    if (op.gain) block = { ...block, values: gainedValues(scope, block, op, rows) };
    return block;
  },
};

/** How far from neutral each column is, by segment [B, L, 1 or H, 1]: the bias, or a factor less 1, times the head weights. */
function distances(
  scope: SiteScope,
  block: Block,
  op: ShapeOp,
  field: 'scale' | 'bias' | 'gain',
): readonly (Value | null)[] {
  const { g } = scope;
  const heads = op.heads ? g.reshape(scope.input(op, 'heads'), [1, 1, scope.kernel.heads, 1]) : null;
  return fieldBySegment(scope, block, op, field).map((part) => {
    if (part === null) return null;
    const distance = field === 'bias' ? part : g.sub(part, g.scalar(1));
    return heads === null ? distance : g.mul(distance, heads);
  });
}

/** The factors themselves, head weights included. */
function factors(scope: SiteScope, block: Block, op: ShapeOp, field: 'scale' | 'gain'): readonly (Value | null)[] {
  if (!op.heads) return fieldBySegment(scope, block, op, field);
  return distances(scope, block, op, field).map((entry) => entry && scope.g.add(entry, scope.g.scalar(1)));
}

function fieldBySegment(scope: SiteScope, block: Block, op: ShapeOp, field: string): readonly (Value | null)[] {
  const parts = bySegment(scope.g, block.segments, scope.columns(op.cols), scope.tokenInput(op, field, op.cols));
  return parts.map((part) => part && toRank4(scope.g, part));
}

/** Adds a rank-one bias; biases of the same rows share one channel. */
function addBias(scope: SiteScope, block: Block, rows: Value | null, columns: readonly (Value | null)[]): Block {
  const { g } = scope;
  const same = block.additions.find((entry) => entry.rows === rows);
  if (same === undefined) return { ...block, additions: [...block.additions, { rows, columns }] };
  const summed = same.columns.map((entry, i) => {
    const arriving = columns[i] ?? null;
    if (entry === null || arriving === null) return entry ?? arriving;
    return g.add(toRank4(g, entry), arriving);
  });
  return { ...block, additions: block.additions.map((entry) => (entry === same ? { rows, columns: summed } : entry)) };
}

function times(
  scope: SiteScope,
  block: Block,
  columns: Columns,
  entries: readonly (Piece | null)[],
  by: readonly (Value | null)[],
) {
  return mapCovered(block.segments, columns, entries, (entry, i) => {
    const factor = by[i] ?? null;
    return entry === null || factor === null ? null : piece(scope.g.mul(cut(scope.g, entry), factor));
  });
}

function onlyCovered(block: Block, columns: Columns, entries: readonly (Piece | null)[]): readonly (Piece | null)[] {
  const covered = mapCovered<boolean>(
    block.segments,
    columns,
    block.segments.map(() => false),
    () => true,
  );
  return entries.map((entry, i) => (covered[i] ? entry : null));
}

function scaledTerms(scope: SiteScope, block: Block, op: ShapeOp, rows: Value | null): readonly LogitTerm[] {
  const { g } = scope;
  const columns = scope.columns(op.cols);
  if (rows === null) {
    const by = factors(scope, block, op, 'scale');
    return block.terms.map((term) => ({ ...term, k: times(scope, block, columns, term.k, by) }));
  }
  const distance = distances(scope, block, op, 'scale');
  const further = block.terms.map(
    (term): LogitTerm => ({
      q: g.mul(term.q, toRank4(g, rows)),
      k: onlyCovered(block, columns, times(scope, block, columns, term.k, distance)),
    }),
  );
  return [...block.terms, ...further.filter(({ k }) => k.some((entry) => entry !== null))];
}

function gainedValues(scope: SiteScope, block: Block, op: ShapeOp, rows: Value | null): readonly ValueTerm[] {
  const columns = scope.columns(op.cols);
  if (rows === null) {
    const by = factors(scope, block, op, 'gain');
    return block.values.map((term) => ({ ...term, v: times(scope, block, columns, term.v, by) }));
  }
  const distance = distances(scope, block, op, 'gain');
  const further = block.values.map(
    (term): ValueTerm => ({
      ...term,
      rows: term.rows === null ? rows : scope.g.mul(term.rows, rows),
      v: onlyCovered(block, columns, times(scope, block, columns, term.v, distance)),
    }),
  );
  return [...block.values, ...further.filter(({ v }) => v.some((entry) => entry !== null))];
}

/** The amounts of a shape. Absent ones are neutral. */
export interface ShapeAmounts {
  /** Weight of each row, usually 0..1. */
  readonly rows?: Fields;
  readonly heads?: Float32Array;
  readonly scale?: Fields;
  /** Added to the logits; log c multiplies the probability by c before renormalising; -Infinity masks. */
  readonly bias?: Fields;
  readonly gain?: Fields;
}

export function shapeValues(op: ShapeOp, sizes: HookSizes, amounts: ShapeAmounts): HookValues {
  const values: Record<string, Tensor> = {};
  const columns = columnsLength(sizes, op.cols);
  const rows = spanIn(sizes.tokens, op.rows).length;
  if (amounts.rows !== undefined)
    values[inputName(op, 'rows')] = fieldTensor(op, 'rows', amounts.rows, sizes.batch, rows);
  if (amounts.heads !== undefined) values[inputName(op, 'heads')] = floatTensor(amounts.heads, [sizes.heads]);
  for (const field of ['scale', 'bias', 'gain'] as const) {
    const fields = amounts[field];
    if (fields === undefined) continue;
    const mask = field === 'bias' ? 'mask' : 'finite';
    values[inputName(op, field)] = fieldTensor(op, field, fields, sizes.batch, columns, mask);
  }
  return values;
}
