import { expect, test } from 'vitest';
import { widenBfloat16, widenFloat16 } from './half.ts';

/** The way back, which the product does not go. */
const WORD = new Uint32Array(1);
const FLOAT = new Float32Array(WORD.buffer);

const EVERY = Uint16Array.from({ length: 65_536 }, (_, pattern) => pattern);
const isNaNPattern = (pattern: number, exponent: number) =>
  (pattern & exponent) === exponent && (pattern & (0x7fff ^ exponent)) !== 0;

test('every float16 survives widening and narrowing bit for bit, NaN stays NaN', () => {
  const back = narrowFloat16(widenFloat16(EVERY));
  for (const pattern of EVERY) {
    if (isNaNPattern(pattern, 0x7c00)) expect(isNaNPattern(back[pattern] ?? 0, 0x7c00)).toBe(true);
    else if (back[pattern] !== pattern) expect(back[pattern]).toBe(pattern);
  }
});

test('every bfloat16 survives widening and narrowing bit for bit, NaN stays NaN', () => {
  const back = narrowBfloat16(widenBfloat16(EVERY));
  for (const pattern of EVERY) {
    if (isNaNPattern(pattern, 0x7f80)) expect(isNaNPattern(back[pattern] ?? 0, 0x7f80)).toBe(true);
    else if (back[pattern] !== pattern) expect(back[pattern]).toBe(pattern);
  }
});

test('widening agrees with the published values', () => {
  const half = (bits: number) => widenFloat16(Uint16Array.of(bits))[0];
  expect([0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x0400, 0x7c00, 0xfc00].map(half)).toEqual([
    1,
    -2,
    65_504,
    2 ** -24,
    1023 * 2 ** -24,
    2 ** -14,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ]);
  expect(Object.is(half(0x8000), -0)).toBe(true);
  expect(widenBfloat16(Uint16Array.of(0x3f80, 0xc049, 0x0001))).toEqual(Float32Array.of(1, -3.140625, 2 ** -133));
});

test('narrowing rounds to nearest, ties to even, with the carry into the exponent', () => {
  const half = (value: number) => narrowFloat16(Float32Array.of(value))[0];
  expect(half(1 + 2 ** -11)).toBe(0x3c00); // tie, down to even
  expect(half(1 + 3 * 2 ** -11)).toBe(0x3c02); // tie, up to even
  expect(half(1 + 2 ** -11 + 2 ** -20)).toBe(0x3c01);
  expect(half(2 - 2 ** -12)).toBe(0x4000); // carry
  expect(half(65_519)).toBe(0x7bff);
  expect(half(65_520)).toBe(0x7c00);
  expect(half(-1e30)).toBe(0xfc00);
  expect(half(2 ** -25)).toBe(0); // tie below the smallest
  expect(half(3 * 2 ** -25)).toBe(2); // tie between 1 and 2, to even
  expect(half(2 ** -25 + 2 ** -40)).toBe(1);
  expect(half(2 ** -14 - 2 ** -26)).toBe(0x0400); // from the subnormal into the normal range
  const brain = (value: number) => narrowBfloat16(Float32Array.of(value))[0];
  expect(brain(1 + 2 ** -8)).toBe(0x3f80);
  expect(brain(1 + 3 * 2 ** -8)).toBe(0x3f82);
  expect(brain(3.4e38)).toBe(0x7f80);
  expect(isNaNPattern(brain(Number.NaN) ?? 0, 0x7f80)).toBe(true);
});

test.runIf('Float16Array' in globalThis)(
  'narrowing agrees with the Float16Array of the host on 200,000 random floats',
  () => {
    const words = new Uint32Array(200_000);
    let state = 1;
    for (let i = 0; i < words.length; i += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      // Half of them with exponents in the range of float16, where the rounding is.
      words[i] = i % 2 === 0 ? state : (state & 0x8fffffff) | 0x30000000;
    }
    const values = new Float32Array(words.buffer);
    const Host = Reflect.get(globalThis, 'Float16Array');
    const theirs = new Uint16Array(new Host(values).buffer);
    const ours = narrowFloat16(values);
    for (let i = 0; i < values.length; i += 1)
      if (ours[i] !== theirs[i] && !Number.isNaN(values[i]))
        expect({ value: values[i], bits: ours[i] }).toEqual({ bits: theirs[i] });
  },
);

/**
 * float32 -> binary16 bit patterns, to nearest, ties to even; above 65,504 and a half step becomes infinity, NaN stays
 * NaN.
 */
function narrowFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, halfPattern);
}

/** float32 -> bfloat16 bit patterns, to nearest, ties to even; NaN stays NaN. */
function narrowBfloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, (value) => {
    FLOAT[0] = value;
    const word = WORD[0] ?? 0;
    if (Number.isNaN(value)) return (word >>> 16) | 0x40;
    return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  });
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
