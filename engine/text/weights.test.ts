import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PromptDialect, parsePromptWeights } from './weights.ts';

/** Weighted words as `word=weight`. */
const read = (prompt: string, dialect: PromptDialect = 'a1111') => {
  const { text, weights, warnings } = parsePromptWeights(prompt, dialect);
  return {
    text,
    weights: weights.map(({ start, end, weight }) => `${text.slice(start, end)}=${weight}`),
    warnings: warnings.length,
  };
};

describe('the A1111 form', () => {
  it.each([
    ['a red apple', 'a red apple', []],
    ['(word)', 'word', ['word=1.1']],
    ['((word))', 'word', ['word=1.21']],
    ['(word:1.3)', 'word', ['word=1.3']],
    ['(word: 1.3 )', 'word', ['word=1.3']],
    ['[word]', 'word', ['word=0.909090909091']],
    ['([word])', 'word', []],
    ['word++ other-', 'word++ other-', []],
    ['(two words)1.3', 'two words1.3', ['two words=1.1']],
    ['(a (b:1.5):1.2)', 'a b', ['a=1.2', 'b=1.8']],
    ['\\(word\\) \\[x\\]', '(word) [x]', []],
    ['(word', 'word', ['word=1.1']],
    ['a [word', 'a word', ['word=0.909090909091']],
    ['word)', 'word)', []],
    ['(red:0) apple', 'red apple', ['red=0']],
    ['(red:-1) apple', 'red apple', ['red=-1']],
    ['(a:b:1.2)', 'a:b', ['a:b=1.2']],
    ['(a, b:1.5) c', 'a, b c', ['a, b=1.5']],
    [
      'a (house:1.3) [on] a (hill:0.5), sun, (((sky)))',
      'a house on a hill, sun, sky',
      ['house=1.3', 'on=0.909090909091', 'hill=0.5', 'sky=1.331'],
    ],
    ['()', '', []],
    ['', '', []],
    ['time 12:30', 'time 12:30', []],
  ])('%s', (prompt, text, weights) => {
    expect(read(prompt)).toEqual({ text, weights, warnings: 0 });
  });

  it.each([
    ['a [cat:dog:0.5] runs', 'a dog runs'],
    ['a [cat|dog] runs', 'a cat runs'],
    ['a cat AND a dog', 'a cat, a dog'],
    ['a cat BREAK a dog', 'a cat, a dog'],
    ['a cat <lora:fur:0.8>', 'a cat '],
  ])('%s is reported, not silently taken', (prompt, text) => {
    expect(read(prompt)).toEqual({ text, weights: [], warnings: 1 });
  });
});

describe('the ComfyUI form', () => {
  it.each([
    ['(word)', 'word', ['word=1.1']],
    ['((word))', 'word', ['word=1.21']],
    ['(word:1.3)', 'word', ['word=1.3']],
    ['[word]', '[word]', []],
    ['(a (b:1.5):1.2)', 'a b', ['a=1.2', 'b=1.5']],
    ['\\(word\\)', '(word)', []],
    ['(word', '(word', []],
    ['word)', 'word)', []],
    ['(two words)1.3', 'two words1.3', ['two words=1.1']],
  ])('%s', (prompt, text, weights) => {
    expect(read(prompt, 'comfyui')).toEqual({ text, weights, warnings: 0 });
  });
});

describe('the Compel form', () => {
  it.each([
    ['(word)', 'word', []],
    ['word++', 'word', ['word=1.21']],
    ['word- other', 'word other', ['word=0.9']],
    ['(two words)1.3', 'two words', ['two words=1.3']],
    ['(two words)++ more', 'two words more', ['two words=1.21']],
    ['[word]', '[word]', []],
    ['(word:1.3)', 'word:1.3', []],
    ['\\(word\\)', '(word)', []],
    ['a well-known cat, red+', 'a well-known cat, red', ['red=1.1']],
    ['(a (b)1.5)2', 'a b', ['a=2', 'b=3']],
    ['(word', '(word', []],
  ])('%s', (prompt, text, weights) => {
    expect(read(prompt, 'compel')).toEqual({ text, weights, warnings: 0 });
  });
});

describe('every dialect', () => {
  it('takes any text without failing, and its ranges are disjoint, ordered, inside, and free of white space at their ends', () => {
    const noise = fc.string({
      unit: fc.constantFrom('(', ')', '[', ']', ':', '1', '.5', '\\', ' ', 'a', 'é', '😀', '+', '-', '|', ',', 'AND'),
      maxLength: 24,
    });
    fc.assert(
      fc.property(noise, fc.constantFrom<PromptDialect>('a1111', 'comfyui', 'compel', 'none'), (prompt, dialect) => {
        let parsed: ReturnType<typeof parsePromptWeights>;
        try {
          parsed = parsePromptWeights(prompt, dialect);
        } catch (error) {
          expect(error).toMatchObject({ kind: 'request-invalid' });
          return;
        }
        let last = 0;
        for (const { start, end, weight } of parsed.weights) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          expect(weight).not.toBe(1);
          expect(parsed.text.slice(start, end).trim()).toBe(parsed.text.slice(start, end));
          last = end;
        }
        expect(last).toBeLessThanOrEqual(parsed.text.length);
      }),
      { numRuns: 3000, seed: 4 },
    );
  });

  it('refuses weights beyond all sense', () => {
    expect(() => parsePromptWeights('(red:1000)')).toThrowError(expect.objectContaining({ kind: 'request-invalid' }));
  });
});
