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

  const settings = { Steps: '20', Sampler: 'Euler', 'CFG scale': '7' };
  it.each([
    ['a template of dynamic prompts', `a cat\n${line}\nTemplate: a {red: 1|blue}\ncat\nNegative Template: dog`, {}],
    ['settings in a second line', `a cat\n${line},\nSeed: 42, Model: m`, { Seed: '42', Model: 'm' }],
    ['a line end in a quoted value', `a cat\n${line}, Note: "one\ntwo", Seed: 42`, { Note: 'one\ntwo', Seed: '42' }],
    ['a quoted value that ends the settings', `a cat\n${line}, Note: "one\ntwo"`, { Note: 'one\ntwo' }],
    ['a line end in a plain value', `a cat\n${line}, Note: one\ntwo, Seed: 42`, { Note: 'one\ntwo', Seed: '42' }],
    ['line ends of Windows', `a cat\r\n${line}\r\n`, {}],
    ['line ends of old Macs', `a cat\r${line}`, {}],
    ['a word before them', `a cat\nParameters: ${line}`, {}],
    ['no line ends', `a cat ${line}`, {}],
  ])('is taken apart with %s', (_what, text, more) => {
    const read = readCommonParameters(text);
    expect([read.prompt, read.negative, read.unread]).toEqual(['a cat', '', []]);
    expect(Object.fromEntries(read.settings)).toEqual({ ...settings, ...more });
  });

  it('without line ends gives its negative prompt', () => {
    const read = readCommonParameters(`a cat Negative prompt: dog, bird ${line}`);
    expect([read.prompt, read.negative]).toEqual(['a cat', 'dog, bird']);
  });

  it('names lines behind the settings that are none', () => {
    const read = readCommonParameters(`a cat\n${line}\nPostprocess: upscaled by hand\n\nbye`);
    expect(read.unread).toEqual(['Postprocess: upscaled by hand', 'bye']);
  });

  it('takes few settings that begin with the steps, and no line of a prompt', () => {
    const few = readCommonParameters('a cat\nSteps: 20, Seed: 42');
    expect([few.prompt, Object.fromEntries(few.settings)]).toEqual(['a cat', { Steps: '20', Seed: '42' }]);
    for (const prompt of ['Steps: many', 'a: b, left: c, right: d', 'a cat', 'wide Steps: 3, of stone']) {
      const read = readCommonParameters(prompt);
      expect([read.prompt, read.settings.size]).toEqual([prompt, 0]);
    }
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
      const text = `Steps: 1, k2: 2, k3: 3,${Array.from({ length: 1 + (round % 12) }, pick).join('')}`.trim();
      const reference = [
        ...text.matchAll(/\s*([\p{L}\p{N}_][\p{L}\p{N}_ \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)/gu),
      ].map((match) => match[1]);
      // Keys repeat in a Map; comparing the sets of keys is enough to see where pairs begin.
      expect([...readCommonParameters(`p\n${text}`).settings.keys()], text).toEqual([...new Set(reference)]);
    }
  });

  it('takes a hostile line of a megabyte in its stride', () => {
    for (const hostile of ['a'.repeat(1 << 20), ' '.repeat(1 << 20), 'ab: "'.repeat(200_000), 'a:'.repeat(500_000)]) {
      expect(readCommonParameters(`p\n${hostile}`).prompt).toContain('p');
    }
  });
});
