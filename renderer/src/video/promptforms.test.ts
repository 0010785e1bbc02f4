import { describe, expect, it } from 'vitest';
import { lengthsOf, readPrompts } from './promptforms.ts';

describe('prompts one after the other', () => {
  it.each([
    ['a | b|c', ['a', 'b', 'c']],
    ['a\nb\r\n\nc', ['a', 'b', 'c']],
    ['one prompt, with a comma', ['one prompt, with a comma']],
    ['', []],
    ['| |', []],
  ])('%j', (text, prompts) => {
    expect(readPrompts(text)).toEqual(prompts.map((prompt) => ({ prompt })));
  });

  it.each([
    '0: a cat, at night, 16: a dog: really',
    '"0": "a cat, at night", "16": "a dog: really"',
    '{ "0": "a cat, at night",\n  "16": "a dog: really" }',
    '0: a cat, at night\n16: a dog: really',
    '16: a dog: really, 0: a cat, at night',
  ])('by frame: %j', (text) => {
    expect(readPrompts(text)).toEqual([
      { frame: 0, prompt: 'a cat, at night' },
      { frame: 16, prompt: 'a dog: really' },
    ]);
  });

  it('last until the next one', () => {
    expect(lengthsOf(readPrompts('0: a, 20: b'), 9)).toEqual([20, 9]);
    expect(lengthsOf(readPrompts('a | b'), 9)).toEqual([9, 9]);
  });
});
