/** Element types that cross the runtime's border. `int64` data is a BigInt64Array, `float16` a Uint16Array of bit patterns. */
export type DType = 'float32' | 'float16' | 'int64' | 'int32' | 'uint8' | 'bool';

interface Shaped {
  /** Extents of the axes, outermost first; the data is dense and row-major. */
  readonly dims: readonly number[];
}

export type Tensor =
  | (Shaped & { readonly dtype: 'float32'; readonly data: Float32Array })
  | (Shaped & { readonly dtype: 'float16'; readonly data: Uint16Array })
  | (Shaped & { readonly dtype: 'int64'; readonly data: BigInt64Array })
  | (Shaped & { readonly dtype: 'int32'; readonly data: Int32Array })
  | (Shaped & { readonly dtype: 'uint8' | 'bool'; readonly data: Uint8Array });

export type FloatTensor = Extract<Tensor, { dtype: 'float32' }>;

/** The value at an index that must be there. Throws RangeError: what is missing is never taken for 0, or for another value. */
export function valueAt<T>(values: ArrayLike<T>, index: number): T {
  const value = values[index];
  if (value === undefined) throw new RangeError(`index ${index} is beyond the ${values.length} values`);
  return value;
}

export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, extent) => product * extent, 1);
}

/** A float32 tensor; the data's length must be the product of `dims`. */
export function floatTensor(data: Float32Array, dims: readonly number[]): FloatTensor {
  if (data.length !== elementCount(dims)) throw new RangeError(`${data.length} values cannot have shape [${dims}]`);
  return { dtype: 'float32', dims, data };
}

/** An int64 tensor from small integers (token ids, indices). */
export function indexTensor(values: ArrayLike<number>, dims: readonly number[] = [values.length]): Tensor {
  return { dtype: 'int64', dims, data: BigInt64Array.from(Array.from(values), BigInt) };
}

/** Entries start .. start + length of one axis. */
export function cutAxis({ dims, data }: FloatTensor, axis: number, start: number, length: number): FloatTensor {
  const [outer, inner] = [elementCount(dims.slice(0, axis)), elementCount(dims.slice(axis + 1))];
  const extent = dims[axis] ?? 0;
  if (start < 0 || start + length > extent) throw new RangeError(`${start} + ${length} is beyond ${extent}`);
  const cut = new Float32Array(outer * length * inner);
  for (let i = 0; i < outer; i++) {
    const from = (i * extent + start) * inner;
    cut.set(data.subarray(from, from + length * inner), i * length * inner);
  }
  return floatTensor(cut, dims.with(axis, length));
}

/** Tensors one behind the other along one axis; their other extents must be the same. */
export function joinAxis(parts: readonly FloatTensor[], axis: number): FloatTensor {
  const extent = parts.reduce((sum, { dims }) => sum + (dims[axis] ?? 0), 0);
  const dims = (parts[0]?.dims ?? []).with(axis, extent);
  const [outer, inner] = [elementCount(dims.slice(0, axis)), elementCount(dims.slice(axis + 1))];
  const joined = new Float32Array(outer * extent * inner);
  let start = 0;
  for (const part of parts) {
    if (part.dims.some((length, at) => at !== axis && length !== dims[at]))
      throw new RangeError(`[${part.dims}] does not continue [${dims}] along axis ${axis}`);
    const size = (part.dims[axis] ?? 0) * inner;
    for (let i = 0; i < outer; i++)
      joined.set(part.data.subarray(i * size, (i + 1) * size), i * extent * inner + start * inner);
    start += part.dims[axis] ?? 0;
  }
  return floatTensor(joined, dims);
}
