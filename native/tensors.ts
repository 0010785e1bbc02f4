import type { DType, Tensor } from '../engine/base/tensor.ts';
import { Tensor as RuntimeTensor } from './onnxruntime.ts';

/** Our tensors and the runtime's, one for the other. Neither way copies: both are views of the same buffer. */

/** Throws what the runtime throws (a wrong length, a shared buffer); the caller says which input it was. */
export function toRuntime(tensor: Tensor): RuntimeTensor {
  if (tensor.dtype === 'float16')
    // As `float16` the data would be turned into a Float16Array, whose byte length onnxruntime-node 1.30 reads as 0
    // (microsoft/onnxruntime#32323). The bit patterns under the right name pass.
    return Object.assign(new RuntimeTensor('uint16', tensor.data, tensor.dims), { type: 'float16' as const });
  return new RuntimeTensor(tensor.dtype, tensor.data, tensor.dims);
}

/** Undefined for an element type the engine does not know. */
export function fromRuntime(tensor: RuntimeTensor): Tensor | undefined {
  const { dims, data } = tensor;
  if (data instanceof Float32Array) return { dtype: 'float32', dims, data };
  if (data instanceof BigInt64Array) return { dtype: 'int64', dims, data };
  if (data instanceof Int32Array) return { dtype: 'int32', dims, data };
  if (data instanceof Uint8Array && (tensor.type === 'bool' || tensor.type === 'uint8'))
    return { dtype: tensor.type, dims, data };
  // The runtime hands out a Float16Array where the JavaScript engine has one, else the bit patterns.
  if (tensor.type === 'float16' && ArrayBuffer.isView(data))
    return { dtype: 'float16', dims, data: new Uint16Array(data.buffer, data.byteOffset, data.length) };
  return undefined;
}

export const describeTensor = (tensor: { readonly dtype: DType; readonly dims: readonly number[] }): string =>
  `${tensor.dtype}[${tensor.dims.join(',')}]`;
