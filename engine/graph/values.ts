/** Element types of graph values: ONNX's, under the names the runtime's tensors use. */
export type ElementType = 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'bool' | 'uint8';

/** Extents of the axes, outermost first; always static, 0 allowed. */
export type Shape = readonly number[];

/** What a value is. */
export interface ValueInfo {
  readonly type: ElementType;
  readonly shape: Shape;
}

/** A value of one graph: an input, a weight, a constant, or what an operator computes. Made by a GraphBuilder only. */
export interface Value extends ValueInfo {
  readonly name: string;
}

/** TensorProto.DataType and the bytes of one element. */
export const elementTypes: Readonly<Record<ElementType, { readonly onnx: number; readonly bytes: number }>> = {
  float32: { onnx: 1, bytes: 4 },
  uint8: { onnx: 2, bytes: 1 },
  int32: { onnx: 6, bytes: 4 },
  int64: { onnx: 7, bytes: 8 },
  bool: { onnx: 9, bytes: 1 },
  float16: { onnx: 10, bytes: 2 },
  bfloat16: { onnx: 16, bytes: 2 },
};

/** `float32[2,3]`, for errors. */
export function describe(value: ValueInfo): string {
  return `${value.type}[${value.shape.join(',')}]`;
}

/** What a constant can be filled from: numbers, or bigints for int64; float16 and bfloat16 take bit patterns. */
export type ConstantData = ArrayLike<number> | ArrayLike<bigint>;

/** The little-endian bytes of a constant. */
export function constantBytes(type: ElementType, data: ConstantData): Uint8Array {
  const bytes = new Uint8Array(data.length * elementTypes[type].bytes);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < data.length; i++) {
    const element = data[i] ?? 0;
    switch (type) {
      case 'float32':
        view.setFloat32(i * 4, Number(element), true);
        break;
      case 'int64':
        view.setBigInt64(i * 8, BigInt(element), true);
        break;
      case 'int32':
        view.setInt32(i * 4, Number(element), true);
        break;
      case 'float16':
      case 'bfloat16':
        view.setUint16(i * 2, Number(element), true);
        break;
      case 'bool':
      case 'uint8':
        view.setUint8(i, Number(element));
    }
  }
  return bytes;
}
