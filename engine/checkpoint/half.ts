/** Exact conversion of 16-bit floats to float32. 16-bit values are bit patterns in a Uint16Array. */

let halfTable: Float32Array | undefined;

/** IEEE binary16 bit patterns -> float32, every value exact. A table of all 65,536 is made on first use (256 KiB). */
export function widenFloat16(bits: Uint16Array, into = new Float32Array(bits.length)): Float32Array {
  halfTable ??= Float32Array.from({ length: 65_536 }, (_, pattern) => halfValue(pattern));
  for (let i = 0; i < bits.length; i += 1) into[i] = halfTable[bits[i] ?? 0] ?? 0;
  return into;
}

/** bfloat16 bit patterns -> float32, every value exact: they are the upper halves. */
export function widenBfloat16(bits: Uint16Array, into = new Float32Array(bits.length)): Float32Array {
  const words = new Uint32Array(into.buffer, into.byteOffset, into.length);
  for (let i = 0; i < bits.length; i += 1) words[i] = (bits[i] ?? 0) << 16;
  return into;
}

function halfValue(pattern: number): number {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >> 10) & 0x1f;
  const fraction = pattern & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
