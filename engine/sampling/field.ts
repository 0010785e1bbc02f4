import { valueAt } from '../base/tensor.ts';
/**
 * A scalar, or one value for each cell of a plane (or of a whole latent). Fields are repeated over the leading axes: a
 * [h, w] field serves every channel and row of a [B, C, h, w] latent.
 */
export type Field = number | Float32Array;

/** The field's value at element `index` of a dense, row-major latent. */
export function fieldAt(field: Field, index: number): number {
  return typeof field === 'number' ? field : valueAt(field, index % field.length);
}

/** Throws RangeError (a defect of the caller) when a field cannot be repeated over `length` elements. */
export function checkField(field: Field, length: number): void {
  if (typeof field !== 'number' && (field.length === 0 || length % field.length !== 0)) {
    throw new RangeError(`a field of ${field.length} values cannot be repeated over ${length} elements`);
  }
}
