/** Exact conversion between 16-bit floats and float32. 16-bit values are bit patterns in a Uint16Array. */

const WORD = new Uint32Array(1);
const FLOAT = new Float32Array(WORD.buffer);

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

/**
 * float32 -> binary16 bit patterns, to nearest, ties to even; above 65,504 and a half step becomes infinity, NaN stays
 * NaN.
 */
export function narrowFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, halfPattern);
}

/** float32 -> bfloat16 bit patterns, to nearest, ties to even; NaN stays NaN. */
export function narrowBfloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, (value) => {
    FLOAT[0] = value;
    const word = WORD[0] ?? 0;
    if (Number.isNaN(value)) return (word >>> 16) | 0x40;
    return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  });
}

function halfValue(pattern: number): number {
  const sign = pattern & 0x8000 ? -1 : 1;
  const exponent = (pattern >> 10) & 0x1f;
  const fraction = pattern & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function halfPattern(value: number): number {
  FLOAT[0] = value;
  const word = WORD[0] ?? 0;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65,520, the middle between the largest half and the next power of two, rounds to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rebased = magnitude - 0x38000000;
    return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
  }
  // Below 2^-14 the halves are multiples of 2^-24; scaling by a power of two is exact, so only the rounding below
  // rounds.
  return sign | roundTiesToEven(Math.abs(value) * 2 ** 24);
}

function roundTiesToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
