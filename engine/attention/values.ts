import { AttuneError } from '../base/errors.ts';
import { elementCount, floatTensor, indexTensor, type Tensor } from '../base/tensor.ts';
import type { AttentionOp } from './ops.ts';

/** Run-time inputs by name. */
export type HookValues = Readonly<Record<string, Tensor>>;

/** One run-time input of the compiled hooks. */
export interface HookInput {
  readonly name: string;
  readonly type: 'float32' | 'int64';
  readonly shape: readonly number[];
  /** The value under which the operation changes nothing. */
  neutral(): Tensor;
}

/** One value for all tokens of a span, or one per token. */
export type Field = number | ArrayLike<number>;

/** A field for each batch row, in the order of the rows. */
export type Fields = readonly Field[];

/** The lowest logit bias: its exponential is 0 beside any real logit, and unlike -Infinity it stays a number when it is multiplied by 0. */
export const HARD_MASK = -1e4;

export function inputName(op: AttentionOp, field: string): string {
  return `${op.id}.${field}`;
}

/** An input of numbers whose neutral value is the same everywhere. */
export function floatInput(name: string, shape: readonly number[], neutral: number): HookInput {
  return {
    name,
    type: 'float32',
    shape,
    neutral: () => floatTensor(new Float32Array(elementCount(shape)).fill(neutral), shape),
  };
}

/** An input of indices; `neutral` gives the value at a flat position. */
export function indexInput(name: string, shape: readonly number[], neutral: (position: number) => number): HookInput {
  return {
    name,
    type: 'int64',
    shape,
    neutral: () =>
      indexTensor(
        Array.from({ length: elementCount(shape) }, (_, i) => neutral(i)),
        shape,
      ),
  };
}

/** Lays fields of `length` tokens out as [B, length]. Numbers must be finite; -Infinity is allowed where `mask` is set. */
export function fieldTensor(
  op: AttentionOp,
  name: string,
  fields: Fields,
  batch: number,
  length: number,
  mask: 'mask' | 'finite' = 'finite',
): Tensor {
  if (fields.length !== batch) throw wrong(op, name, `${fields.length} fields for ${batch} batch rows`);
  const data = new Float32Array(batch * length);
  fields.forEach((field, row) => {
    if (typeof field !== 'number' && field.length !== length) {
      throw wrong(op, name, `${field.length} values for ${length} tokens`);
    }
    for (let i = 0; i < length; i++) {
      const value = typeof field === 'number' ? field : (field[i] ?? Number.NaN);
      if (Number.isNaN(value) || (mask === 'finite' && !Number.isFinite(value))) {
        throw wrong(op, name, `${value} is not a usable number`);
      }
      data[row * length + i] = mask === 'mask' ? Math.min(Math.max(value, HARD_MASK), -HARD_MASK) : value;
    }
  });
  return floatTensor(data, [batch, length]);
}

/** A vector of source batch rows, one per batch row. */
export function branchTensor(op: AttentionOp, name: string, from: ArrayLike<number>, batch: number): Tensor {
  if (from.length !== batch) throw wrong(op, name, `${from.length} entries for ${batch} batch rows`);
  checkIndices(op, name, from, batch);
  return indexTensor(from);
}

export function checkIndices(op: AttentionOp, name: string, indices: ArrayLike<number>, limit: number): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i] ?? -1;
    if (!Number.isInteger(index) || index < 0 || index >= limit)
      throw wrong(op, name, `${index} is not in 0..${limit - 1}`);
  }
}

export function wrong(op: AttentionOp, name: string, reason: string): AttuneError {
  return new AttuneError('request-invalid', `Attention operation "${op.id}" (${op.op}), ${name}: ${reason}.`, {
    field: inputName(op, name),
  });
}

/** The vector `name` of batch rows that several operations share (`q: name`, `from: name`). */
export function branchValues(name: string, from: ArrayLike<number>, sizes: { readonly batch: number }): HookValues {
  const usable = Array.from(from).every((row) => Number.isInteger(row) && row >= 0 && row < sizes.batch);
  if (!usable || from.length !== sizes.batch) {
    throw new AttuneError(
      'request-invalid',
      `The branches [${Array.from(from)}] do not fit ${sizes.batch} batch rows.`,
      {
        field: `${name}.from`,
      },
    );
  }
  return { [`${name}.from`]: indexTensor(from) };
}
