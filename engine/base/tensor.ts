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
