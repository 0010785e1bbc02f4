import { describe, expect, it } from 'vitest';
import { gaussianNoise, noiseSource, philox4x32 } from './noise.ts';

describe('philox4x32-10', () => {
  // Known answers of the Random123 distribution (kat_vectors).
  it.each([
    {
      counter: [0, 0, 0, 0],
      key: [0, 0] as const,
      words: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    },
    {
      counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      key: [0xffffffff, 0xffffffff] as const,
      words: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    },
    {
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0] as const,
      words: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ])('gives the published words for $counter', ({ counter, key, words }) => {
    const state = Uint32Array.from(counter);
    philox4x32(state, key);
    expect(Array.from(state)).toEqual(words);
  });
});

describe('gaussianNoise', () => {
  it('is fixed by seed, stream and index for ever', () => {
    // From the first published block: u = (0x6627e8d5 + .5) / 2^32 and so on, worked out apart from this code.
    expect(Array.from(gaussianNoise(8, 0)).map((v) => v.toFixed(6))).toMatchInlineSnapshot(`
      [
        "0.991138",
        "-0.924663",
        "-0.617609",
        "-0.482069",
        "-0.153638",
        "0.180826",
        "0.831735",
        "0.197440",
      ]
    `);
    expect(Array.from(gaussianNoise(4, 2 ** 53 - 1, 2 ** 40 + 7)).map((v) => v.toFixed(6))).toMatchInlineSnapshot(`
      [
        "-1.797683",
        "0.107832",
        "-2.928112",
        "-0.421748",
      ]
    `);
  });

  it('gives the same beginning whatever the length', () => {
    expect(gaussianNoise(5, 42, 3)).toEqual(gaussianNoise(4096, 42, 3).slice(0, 5));
    for (const from of [0, 1, 2, 3, 4, 1023])
      expect(gaussianNoise(9, 42, 3, from)).toEqual(gaussianNoise(4096, 42, 3).slice(from, from + 9));
  });

  it('is standard normal', () => {
    const values = gaussianNoise(200_000, 7);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const moment = (power: number) => values.reduce((a, b) => a + (b - mean) ** power, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(moment(2)).toBeCloseTo(1, 1);
    expect(moment(4)).toBeCloseTo(3, 0);
    expect(values.filter((v) => Math.abs(v) > 1.959964).length / values.length).toBeCloseTo(0.05, 2);
  });

  it('gives independent streams and seeds', () => {
    const correlation = (a: Float32Array, b: Float32Array) =>
      a.reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0) / a.length;
    const base = gaussianNoise(100_000, 1, 0);
    for (const other of [
      gaussianNoise(100_000, 1, 1),
      gaussianNoise(100_000, 2, 0),
      gaussianNoise(100_000, 1 + 2 ** 32, 0),
    ]) {
      expect(Math.abs(correlation(base, other))).toBeLessThan(0.015);
    }
  });

  it('keeps the purposes apart', () => {
    const initial = noiseSource(9, 4, 'initial');
    const step = noiseSource(9, 4, 'step');
    expect(initial(0)).toEqual(gaussianNoise(4, 9, 0));
    expect(step(0)).not.toEqual(initial(0));
    expect(step(1)).not.toEqual(step(0));
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses the seed %s', (seed) => {
    expect(() => gaussianNoise(1, seed)).toThrowError(expect.objectContaining({ kind: 'request-invalid' }));
  });
});
