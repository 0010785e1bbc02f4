// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of prompts are written so.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AttuneError } from '../../../engine/index.ts';
import { growth } from '../../../test/looks.ts';
import { chooseWords } from './choose.ts';
import { listsNamed, matching } from './lists.ts';
import { parseWords, splitTop } from './parse.ts';

const wildcards: Readonly<Record<string, readonly string[]>> = {
  color: ['red', '{blue|green}'],
  'a/b-c': ['x', 'y', 'z'],
  'my list': ['one line'],
  'warm.colours': ['orange'],
  動物: ['犬'],
  'fruit (2)': ['pear'],
  outfit: ['a ${hue} coat'],
  loop: ['__loop__'],
  many: Array.from({ length: 30 }, (_, line) => `line ${line}`),
  'tone-cold': ['blue'],
  'tone-warm': ['amber'],
};
const words = (prompt: string, seed = 1) => chooseWords(prompt, { seed, wildcards });
const over = (prompt: string, seeds = 200) => Array.from({ length: seeds }, (_, seed) => words(prompt, seed));

describe('choices', () => {
  it.each([
    ['a {red|green|blue} {cat|dog}', ['a red cat', 'a blue cat', 'a red cat', 'a blue cat']],
    ['{a|b} {a|b} {a|b}', ['a a b', 'a a b', 'a a b', 'b b b']],
    ['{2$$a|b|c}', ['c, b', 'b, a', 'a, c', 'c, b']],
    ['{1-3$$ and $$a|b|c|d}', ['a', 'a and b', 'd and a and c', 'a and d and c']],
    ['__color__ and __color__', ['green and blue', 'red and red', 'red and blue', 'blue and green']],
    ['{x {1|2}|y {3|4}|z} __a/b-c__', ['y 4 x', 'z z', 'z y', 'x 2 z']],
    ['{plain} {a|{b|c}} {0-2$$; $$p|q}', ['{plain} a ', '{plain} b ', '{plain} a ', '{plain} b q; p']],
    ['{2$$__color__|k}', ['green, k', 'k, red', 'red, k', 'blue, k']],
  ])('%s falls for every seed as it always did', (prompt, fallen) => {
    expect([0, 1, 7, 2 ** 40 + 5].map((seed) => words(prompt, seed))).toEqual(fallen);
  });

  it('weigh their options', () => {
    const fallen = over('{9::often|seldom|0::never}', 1000);
    const often = fallen.filter((text) => text === 'often').length;
    expect(new Set(fallen)).toEqual(new Set(['often', 'seldom']));
    expect(often).toBeGreaterThan(850);
    expect(often).toBeLessThan(950);
    expect(over('{0.9::red|.1::blue} apple').every((text) => /^(red|blue) apple$/.test(text))).toBe(true);
    expect(words('{0.5::red}')).toBe('red');
    expect(() => words('{0::a|0::b}')).toThrow(/weights are all 0/);
  });

  it('take as many as a range says, none of them twice', () => {
    const counts = (prompt: string) => new Set(over(prompt).map((text) => text.split(', ').length));
    expect(counts('{-2$$a|b|c}')).toEqual(new Set([1, 2]));
    expect(counts('{2-$$a|b|c}')).toEqual(new Set([2, 3]));
    expect(counts('{2-3$$a|b|c|d}')).toEqual(new Set([2, 3]));
    for (const text of over('{3$$a|b|c}')) expect(text.split(', ').toSorted()).toEqual(['a', 'b', 'c']);
    for (const text of over('{4$$__many__}')) expect(new Set(text.split(', ')).size).toBe(4);
    expect(new Set(over('{30$$__many__}')[0]?.split(', ')).size).toBe(30);
    expect(words('{5$$ and $$__a/b-c__}').split(' and ').toSorted()).toEqual(['x', 'y', 'z']);
  });
});

describe('lists', () => {
  it('have names of any letters, with spaces, dots and folders', () => {
    expect(words('__my list__, __warm.colours__, __動物__, __fruit (2)__')).toBe('one line, orange, 犬, pear');
    expect(words('__a\\b-c__')).toMatch(/^[xyz]$/);
  });
  it('are found by patterns', () => {
    expect(new Set(over('__tone-*__'))).toEqual(new Set(['blue', 'amber']));
    expect(new Set(over('__*/b-?__'))).toEqual(new Set(['x', 'y', 'z']));
    expect(matching('*', ['a', 'b/c'])).toEqual(['a']);
    expect(matching('**', ['a', 'b/c'])).toEqual(['a', 'b/c']);
    expect(matching('a+(b', ['a+(b', 'ab'])).toEqual(['a+(b']);
  });
  it('take values, and names that a variable makes', () => {
    expect(words('__outfit(hue=red)__')).toBe('a red coat');
    expect(words('${part=warm}__tone-${part}__')).toBe('amber');
  });
  it('that are missing are told, with the one that may be meant', () => {
    expect(() => words('__colour__')).toThrow('did you mean __color__');
    expect(() => words('__nothing at all__')).toThrow(/of which there are no lines/);
    expect(() => words('__toString__')).toThrow(/__toString__/);
    expect(() => words('__loop__')).toThrow(/names itself/);
  });
  it('are only where underscores frame a name', () => {
    for (const text of ['{plain} a_b __', 'a __ b __ c', '_____', 'one __ two', '__a']) expect(words(text)).toBe(text);
  });
  it('that a prompt may come to are known without choosing', () => {
    expect(listsNamed('{a|__x__} ${v=__y__} ${w:__z__} {2$$__q__} __t-${v}__')).toEqual(['x', 'y', 'z', 'q', 't-**']);
    expect(listsNamed('{@a|b} __x__')).toEqual([]);
  });
});

describe('variables', () => {
  it('are chosen at each use, or once', () => {
    for (const text of over('${c=!{a|b|c}}${c}${c}${c}')) expect(text).toMatch(/^(aaa|bbb|ccc)$/);
    expect(new Set(over('${c={a|b}}${c}${c}'))).toEqual(new Set(['aa', 'ab', 'ba', 'bb']));
    expect(words('${c=red}a ${c} apple')).toBe('a red apple');
    expect(words('In ${season:summer}')).toBe('In summer');
  });
  it('that are not set are told', () => {
    expect(() => words('a ${c} apple')).toThrow(/variable \$\{c\}, which is not set/);
    expect(() => words('${a=${a}}${a}')).toThrow(/names itself/);
  });
  it('are not what a price is', () => {
    expect(words('$5 {a}')).toBe('$5 {a}');
    expect(over('${20|30}', 50).every((text) => text === '$20' || text === '$30')).toBe(true);
  });
});

it.each([
  ['{@a|b}', /marks a choice with "@"/],
  ['{!a|b}', /marks a choice with "!"/],
  ['__@color__', /marks the list __color__ with "@"/],
  ['{x$$a|b}', /a number or a range stands before \$\$/],
  ['{-$$a|b}', /names no number/],
  ['{3-1$$a|b}', /the smaller number stands first/],
  ['{high::a|b}', /a weight before :: is a number/],
  [`${'{'.repeat(20)}a|b${'}'.repeat(20)}`, /16 deep/],
])('%s is told and not taken for text', (prompt, what) => {
  expect(() => words(prompt)).toThrow(what);
});

/** A prompt of the given forms, and whether it can be anything. */
const signs = fc.string({
  unit: fc.constantFrom(
    '{',
    '}',
    '|',
    '$$',
    '${',
    '__',
    'color',
    'a',
    '1',
    '-',
    '::',
    '=',
    '!',
    ':',
    ' ',
    '.5',
    '動',
    '(',
    ')',
    '\n',
  ),
  maxLength: 40,
});

describe('any text', () => {
  it('is read or refused with a sentence, and reads alike twice', () => {
    fc.assert(
      fc.property(signs, fc.nat(), (prompt, seed) => {
        let first: string;
        try {
          first = words(prompt, seed);
        } catch (error) {
          expect(error).toBeInstanceOf(AttuneError);
          expect(error).toMatchObject({ kind: 'request-invalid' });
          return;
        }
        expect(words(prompt, seed)).toBe(first);
      }),
      { numRuns: 20_000, seed: 5 },
    );
  });

  it('without braces and underscores stays as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const bare = text.replace(/[{_]/g, '');
        expect(words(bare)).toBe(bare);
      }),
    );
  });

  it('comes out as one of the options that were written, whatever they are', () => {
    const option = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replace(/[{}|$_:@!#~]/g, ''));
    fc.assert(
      fc.property(fc.array(option, { minLength: 2, maxLength: 6 }), fc.nat(), (options, seed) => {
        expect(options).toContain(words(`{${options.join('|')}}`, seed));
      }),
    );
  });

  it('is split at bars outside of braces and joins again', () => {
    fc.assert(
      fc.property(signs, (text) => {
        expect(splitTop(text).join('|')).toBe(text);
      }),
    );
  });
});

describe('a long text', () => {
  const parse = (text: string) => {
    try {
      parseWords(text);
    } catch (error) {
      if (!(error instanceof AttuneError)) throw error;
    }
  };
  it.each(['{', '}', '{}', '{|', '__', '${', '{a|b}', '__a', '|', '{{a|b}|c}'])(
    'of %s is read as often as a short one',
    (sign) => {
      expect(growth(sign, parse)).toBeLessThan(12);
    },
  );
  it('gives no more than a prompt may hold', () => {
    expect(() => words('{a|b}'.repeat(6000))).toThrow(/more than 5000 choices/);
    expect(() => words(`${'${a={x|y}}'.repeat(3000)}${'${a}'.repeat(3000)}`)).toThrow(/more than 5000 choices/);
    const doubled = `${'${a=!xxxxxxxxxx}'}${'${a=!${a}${a}}'.repeat(40)}`;
    expect(() => words(doubled)).toThrow(/20000 characters/);
  });
});
