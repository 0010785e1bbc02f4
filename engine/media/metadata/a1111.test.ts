import { describe, expect, it } from 'vitest';
import { readCommonParameters } from './a1111.ts';

const line = 'Steps: 20, Sampler: Euler, CFG scale: 7';

describe('the A1111 text', () => {
  it.each([
    ['one line', `a cat\n${line}`, 'a cat', ''],
    ['a negative prompt', `a cat\nNegative prompt: dog\nmore\n${line}`, 'a cat', 'dog\nmore'],
    ['no negative text', `a cat\nNegative prompt: \n${line}`, 'a cat', ''],
    ['no prompt', `\nNegative prompt: dog\n${line}`, '', 'dog'],
    ['several lines', `a cat\n\non a mat\n${line}`, 'a cat\n\non a mat', ''],
  ])('with %s is taken apart', (_what, text, prompt, negative) => {
    const read = readCommonParameters(text);
    expect([read.prompt, read.negative]).toEqual([prompt, negative]);
    expect(Object.fromEntries(read.settings)).toEqual({ Steps: '20', Sampler: 'Euler', 'CFG scale': '7' });
  });

  it('counts a last line with fewer than three settings as prompt', () => {
    const read = readCommonParameters('a cat\nSteps: 20, Sampler: Euler');
    expect(read.prompt).toBe('a cat\nSteps: 20, Sampler: Euler');
    expect(read.settings.size).toBe(0);
  });

  it('reads quoted values, sizes, empty values and keys of one letter as A1111 does', () => {
    const settings = readCommonParameters(
      `x\n${line}, Model: "a, b: \\"c\\"", Size: 64x32, Empty: , x: 1, Lora hashes: "a: 1f, b: 2e", Hires upscale/way-2: 3`,
    ).settings;
    expect(Object.fromEntries(settings)).toEqual({
      Steps: '20',
      Sampler: 'Euler',
      'CFG scale': '7',
      Model: 'a, b: "c"',
      'Size-1': '64',
      'Size-2': '32',
      Empty: '',
      'Lora hashes': 'a: 1f, b: 2e',
      'Hires upscale/way-2': '3',
    });
  });

  it('agrees with the regular expression of A1111 on lines made of its own pieces', () => {
    const pieces = ['Steps: 2', ', ', ',', ':', '"', '\\"', 'a b', ' ', 'K-9/x: ', '"q, r"', 'ü', '.', '7'];
    let state = 99;
    const pick = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return pieces[(state >>> 8) % pieces.length]!;
    };
    for (let round = 0; round < 5000; round++) {
      const text = `k1: 1, k2: 2, k3: 3,${Array.from({ length: 1 + (round % 12) }, pick).join('')}`.trim();
      const reference = [
        ...text.matchAll(/\s*([\p{L}\p{N}_][\p{L}\p{N}_ \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/gu),
      ].map((match) => match[1]);
      // Keys repeat in a Map; comparing the sets of keys is enough to see where pairs begin.
      expect([...readCommonParameters(`p\n${text}`).settings.keys()], text).toEqual([...new Set(reference)]);
    }
  });

  it('takes a hostile line of a megabyte in its stride', () => {
    for (const hostile of ['a'.repeat(1 << 20), ' '.repeat(1 << 20), 'ab: "'.repeat(200_000), 'a:'.repeat(500_000)]) {
      const start = performance.now();
      readCommonParameters(`p\n${hostile}`);
      expect(performance.now() - start).toBeLessThan(1500);
    }
  });
});
