/** Element types of the safetensors format, with their width in bits (the reference reader's list). */
export const DTYPE_BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  F64: 64,
  C64: 64,
  I64: 64,
  U64: 64,
} as const;

export type FileDType = keyof typeof DTYPE_BITS;

/** The types a graph can be built over. */
export type WeightDType = 'F32' | 'F16' | 'BF16' | 'I64';

export function isFileDType(name: string): name is FileDType {
  return Object.hasOwn(DTYPE_BITS, name);
}

export function isWeightDType(dtype: FileDType): dtype is WeightDType {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16' || dtype === 'I64';
}

/**
 * Bytes of a dense tensor of this shape. `undefined` when the count of elements or bits is above 2^53 or the bits do
 * not fill whole bytes.
 */
export function byteLengthOf(dtype: FileDType, shape: readonly number[]): number | undefined {
  let bits: number = DTYPE_BITS[dtype];
  for (const extent of shape) {
    bits *= extent;
    if (!Number.isSafeInteger(bits)) return undefined;
  }
  return bits % 8 === 0 ? bits / 8 : undefined;
}
