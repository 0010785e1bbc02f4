import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedWords } from './difference.ts';
import { changeWeight, weightedSpans } from './weights.ts';

const applyTo = (text: string, change: ReturnType<typeof changeWeight>) =>
  change === undefined
    ? text
    : text.slice(0, change.replace.from) + change.replace.insert + text.slice(change.replace.to);

describe('word weights', () => {
  it('go around the word at the cursor, change in place and vanish at 1', () => {
    const text = 'a red apple';
    const heavier = applyTo(text, changeWeight(text, { from: 4, to: 4 }, 1));
    expect(heavier).toBe('a (red:1.1) apple');
    const again = changeWeight(heavier, { from: 4, to: 4 }, 2);
    expect(applyTo(heavier, again)).toBe('a (red:1.3) apple');
    expect(again?.selection).toEqual({ from: 3, to: 6 });
    expect(applyTo(heavier, changeWeight(heavier, { from: 4, to: 4 }, -1))).toBe(text);
  });

  it.each([
    ['an accent of its own', 'cafe\u0301 noir', 2, '(cafe\u0301:1.1) noir'],
    [
      'Arabic with vowel signs',
      '\u0642\u0650\u0637\u064e\u0651\u0629 x',
      3,
      '(\u0642\u0650\u0637\u064e\u0651\u0629:1.1) x',
    ],
    ['Hindi', '\u0939\u093f\u0902\u0926\u0940 x', 1, '(\u0939\u093f\u0902\u0926\u0940:1.1) x'],
    ['an emoji', 'a \u{1f431} here', 3, 'a (\u{1f431}:1.1) here'],
    ['joined emoji', '\u{1f469}\u200d\u{1f33e} x', 2, '(\u{1f469}\u200d\u{1f33e}:1.1) x'],
    ['a tag', 'long_hair, red', 3, '(long_hair:1.1), red'],
  ])('go around the whole of %s', (_name, text, at, heavier) => {
    expect(applyTo(text, changeWeight(text, { from: at, to: at }, 1))).toBe(heavier);
  });

  it('go around a selection without the spaces at its ends, and stay between 0 and 2', () => {
    expect(applyTo('a red apple', changeWeight('a red apple', { from: 1, to: 11 }, -3))).toBe('a (red apple:0.7)');
    expect(changeWeight('red', { from: 0, to: 3 }, 50)?.weight).toBe(2);
    expect(changeWeight('red', { from: 0, to: 3 }, -50)?.weight).toBe(0);
    expect(changeWeight('  ', { from: 1, to: 1 }, 1)).toBeUndefined();
  });

  it('up and down again is no change, wherever the cursor is', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z ]{1,30}$/), fc.nat(30), (text, place) => {
        const at = Math.min(place, text.length);
        const up = changeWeight(text, { from: at, to: at }, 3);
        if (up === undefined) return;
        const heavier = applyTo(text, up);
        expect(weightedSpans(heavier)).toHaveLength(1);
        expect(applyTo(heavier, changeWeight(heavier, up.selection, -3))).toBe(text);
      }),
    );
  });
});

describe('changed words', () => {
  const marked = (text: string, other: string) => changedWords(text, other).map(({ from, to }) => text.slice(from, to));

  it('are those that only one of two prompts has', () => {
    expect(marked('a red car on grass', 'a red apple on grass')).toEqual(['car']);
    expect(marked('a red apple on grass', 'a red car on grass')).toEqual(['apple']);
    expect(marked('a cat', 'a cat')).toEqual([]);
    expect(marked('a cat and a dog', 'a cat')).toEqual(['and', 'a', 'dog']);
    expect(marked('A (red:1.3) apple', 'a red apple')).toEqual([]);
    expect(marked('a cat', '')).toEqual(['a', 'cat']);
  });
});
