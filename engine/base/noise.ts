import { AttuneError } from './errors.ts';
import { valueAt } from './tensor.ts';

/**
 * Seeded normal noise that is the same on every machine.
 *
 * Generator: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), counter-based, so every
 * value is a pure function of (seed, stream, index) and streams never overlap:
 *   key     = [seed mod 2^32, floor(seed / 2^32)]
 *   counter = [block mod 2^32, floor(block / 2^32), stream mod 2^32, floor(stream / 2^32)]
 * Block b gives the normals 4b..4b+3 by Box-Muller in double precision from its four words w:
 *   u = (w + 0.5) / 2^32;  r = sqrt(-2 ln u0), a = 2 pi u1: r cos a, r sin a;  the same with u2, u3
 * and each is rounded to float32. The largest magnitude is 6.76.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const TWO_32 = 2 ** 32;

/** Upper 32 bits of the product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

/** Ten rounds of Philox4x32 on `counter` (four words) under `key` (two words), in place. */
export function philox4x32(counter: Uint32Array, key: readonly [number, number]): void {
  let [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  counter[0] = c0;
  counter[1] = c1;
  counter[2] = c2;
  counter[3] = c3;
}

/** The name of the generator as it stands in records. */
export const NOISE_GENERATOR = 'philox4x32-10/box-muller';

/**
 * `length` independent standard normals, rounded to float32.
 * @param seed 0..2^53-1
 * @param stream 0..2^53-1; different streams of a seed are independent
 * @param from index of the first; a part of a draw is the same numbers as in the whole
 * @throws AttuneError 'request-invalid' when seed or stream is no such integer
 */
export function gaussianNoise(length: number, seed: number, stream = 0, from = 0): Float32Array<ArrayBuffer> {
  checkInteger('seed', seed);
  checkInteger('noise stream', stream);
  const out = new Float32Array(length);
  const key = [seed >>> 0, Math.floor(seed / TWO_32)] as const;
  const streamLow = stream >>> 0;
  const streamHigh = Math.floor(stream / TWO_32);
  const words = new Uint32Array(4);
  for (let start = -(from % 4); start < length; start += 4) {
    const block = (from + start) / 4;
    words[0] = block;
    words[1] = Math.floor(block / TWO_32);
    words[2] = streamLow;
    words[3] = streamHigh;
    philox4x32(words, key);
    for (let pair = 0; pair < 4; pair += 2) {
      const radius = Math.sqrt(-2 * Math.log((valueAt(words, pair) + 0.5) / TWO_32));
      const angle = (2 * Math.PI * (valueAt(words, pair + 1) + 0.5)) / TWO_32;
      // Writes beside a typed array are ignored: the first and the last block may be used in part.
      out[start + pair] = radius * Math.cos(angle);
      out[start + pair + 1] = radius * Math.sin(angle);
    }
  }
  return out;
}

/** What noise is drawn for; each purpose has a range of 2^40 streams of its own. */
export type NoisePurpose = 'initial' | 'step' | 'encoder' | 'selection' | 'shared';

const PURPOSES: Readonly<Record<NoisePurpose, number>> = { initial: 0, step: 1, encoder: 2, selection: 3, shared: 4 };

/**
 * A source of draws for one purpose: draw n of the source is stream purpose * 2^40 + n. Give every draw its own number
 * (for instance the running number that the sampling loops hand over) and no two are correlated.
 */
export function noiseSource(
  seed: number,
  length: number,
  purpose: NoisePurpose,
): (draw: number) => Float32Array<ArrayBuffer> {
  const part = noiseParts(seed, purpose);
  return (draw) => part(draw, 0, length);
}

/** As `noiseSource`, for draws that are too long to hold: `length` numbers of a draw, the first of them at index `from`. */
export function noiseParts(
  seed: number,
  purpose: NoisePurpose,
): (draw: number, from: number, length: number) => Float32Array<ArrayBuffer> {
  const base = PURPOSES[purpose] * 2 ** 40;
  return (draw, from, length) => gaussianNoise(length, seed, base + draw, from);
}

function checkInteger(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new AttuneError(
      'request-invalid',
      `The ${what} must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, not ${value}.`,
      {
        field: what,
      },
    );
  }
}
