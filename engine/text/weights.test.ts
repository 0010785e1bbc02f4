import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { growth } from '../../test/looks.ts';
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
    ['a [cat:0.5]', 'a cat'],
    ['a [cat::0.5] runs', 'a  runs'],
    ['[cat:dog:-.5]', 'dog'],
    ['[cat:a:b:10]', 'a:b'],
    ['[\\]\\[:cat:0.5]', 'cat'],
    ['a {red|blue} cat', 'a {red|blue} cat'],
    ['a __color__ cat', 'a __color__ cat'],
  ])('%s is reported, not silently taken', (prompt, text) => {
    expect(read(prompt)).toEqual({ text, weights: [], warnings: 1 });
  });

  it.each([
    ['[(cat:1.2):dog:0.5]', 'dog', []],
    ['[cat:(dog:1.3):0.5]', 'dog', ['dog=1.3']],
    ['[[cat:dog:0.5]:bird:0.8]', 'bird', []],
    ['[cat:[dog:bird:0.5]:0.8]', 'bird', []],
    ['([cat:dog:0.5]:1.4) runs', 'dog runs', ['dog=1.4']],
    ['[(red:1.5)|blue] hat', 'red hat', ['red=1.5']],
    ['[a|[b|c]|(d)]', 'a', []],
    ['[x:(dog:0.5] runs', 'dog runs', ['dog=1.1']],
    ['[[cat:0.5]]', 'cat', ['cat=0.909090909091']],
    ['a cat :1.2 AND a dog :0.5', 'a cat, a dog', []],
    ['a cat:1.2 AND (a dog:1.3):.5', 'a cat, a dog', ['a dog=1.3']],
    ['AND a cat BREAK AND', 'a cat', []],
  ])('%s with brackets and weights inside is told and leaves no marks', (prompt, text, weights) => {
    const found = read(prompt);
    expect(found).toEqual({ text, weights, warnings: expect.any(Number) });
    expect(found.warnings).toBeGreaterThan(0);
  });

  it('tells at most twenty forms, each in short', () => {
    const { warnings } = parsePromptWeights(
      Array.from({ length: 100 }, (_, at) => `[${at}${'x'.repeat(90)}:0.5]`).join(' '),
    );
    expect(warnings).toHaveLength(21);
    expect(warnings.at(-1)).toBe('There are 80 more forms like these.');
    for (const warning of warnings) expect(warning.length).toBeLessThan(250);
  });

  /** A prompt of the grammar, and what is left of it. */
  const word = fc.constantFrom('cat', 'a red apple', 'é', '😀');
  const { prompt: prompts } = fc.letrec<{ prompt: { source: string; text: string } }>((tie) => ({
    prompt: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      word.map((text) => ({ source: text, text })),
      fc.tuple(tie('prompt'), fc.constantFrom('(%)', '[%]', '(%:1.3)', '( % : .5 )')).map(([inner, form]) => ({
        source: form.replace('%', () => inner.source),
        text: form.startsWith('( ') ? ` ${inner.text} ` : inner.text,
      })),
      fc.tuple(tie('prompt'), tie('prompt')).map(([one, two]) => ({
        source: `${one.source}, ${two.source}`,
        text: `${one.text}, ${two.text}`,
      })),
      fc
        .tuple(tie('prompt'), tie('prompt'), fc.constantFrom('0.5', '12', ' .25 ', '-1'))
        .map(([from, to, when]) => ({ source: `[${from.source}:${to.source}:${when}]`, text: to.text })),
      tie('prompt').map((to) => ({ source: `[${to.source}:0.5]`, text: to.text })),
      fc.array(tie('prompt'), { minLength: 2, maxLength: 3 }).map((all) => ({
        source: `[${all.map(({ source }) => source).join('|')}]`,
        text: all[0]?.text ?? '',
      })),
    ),
  }));

  it('leaves of any nesting the words that are used, and knows where they stood', () => {
    fc.assert(
      fc.property(prompts, ({ source, text }) => {
        const parsed = parsePromptWeights(source);
        expect(parsed.text).toBe(text);
        expect(parsed.places).toHaveLength(text.length);
        expect(parsed.places.map((place) => source[place]).join('')).toBe(text);
        expect(parsed.places.every((place, at) => at === 0 || place > (parsed.places[at - 1] ?? 0))).toBe(true);
      }),
      { numRuns: 2000, seed: 23 },
    );
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

  it.each([
    '(',
    ')',
    '[',
    ']',
    ':',
    ' ',
    '1',
    '\\',
    '|',
    '(a:1',
    '[a:0.5]',
    '[a',
    ' AND',
    '<lora:',
    ': ',
    '((a))',
    '-',
    'a+',
    '(a',
    '{|',
    '__a',
  ])('looks at a sign of %j as often in a long prompt as in a short one', (sign) => {
    for (const dialect of ['a1111', 'comfyui', 'compel'] as const) {
      const parse = (text: string) => {
        try {
          parsePromptWeights(text, dialect);
        } catch (error) {
          expect(error).toMatchObject({ kind: 'request-invalid' });
        }
      };
      expect(growth(sign, parse)).toBeLessThan(12);
      expect(growth(`${sign}x AND y`, parse)).toBeLessThan(12);
    }
  });

  it('refuses weights beyond all sense', () => {
    expect(() => parsePromptWeights('(red:1000)')).toThrowError(expect.objectContaining({ kind: 'request-invalid' }));
  });
});
