import { describe, expect, it } from 'vitest';
import { columnSources, comparePrompts } from './difference.ts';
import { findWords, type PromptPieces, splitWords, tokensInRange } from './prompt.ts';

/** A toy tokenizer: begin mark at 0, words cut into pieces of at most `longest` characters, end mark. */
function pieces(text: string, longest = 100): PromptPieces {
  const tokens = splitWords(text).flatMap(({ start, end }) => {
    const cuts = [];
    for (let at = start; at < end; at += longest) cuts.push({ start: at, end: Math.min(at + longest, end) });
    return cuts;
  });
  return { text, used: tokens.length + 2, tokens: tokens.map((token, i) => ({ index: i + 1, ...token })) };
}

describe('comparePrompts', () => {
  it('names the tokens of a swapped word on both sides', () => {
    const difference = comparePrompts(pieces('a red apple on grass'), pieces('a blue apple on grass'));
    expect(Array.from(difference.alignment)).toEqual([0, 1, -1, 3, 4, 5, 6]);
    expect(difference.changedTokens).toEqual([2]);
    expect(difference.removedTokens).toEqual([2]);
    expect(difference.runs).toMatchObject([
      { sourceWords: [{ text: 'red' }], targetWords: [{ text: 'blue' }], sourceTokens: [2], targetTokens: [2] },
    ]);
  });

  it('knows added and removed words, at the ends too', () => {
    const added = comparePrompts(pieces('cat'), pieces('a fluffy cat here'));
    expect(Array.from(added.alignment)).toEqual([0, -1, -1, 1, -1, 2]);
    expect(added.runs.map((run) => [run.sourceTokens, run.targetTokens])).toEqual([
      [[], [1, 2]],
      [[], [4]],
    ]);
    const removed = comparePrompts(pieces('a cat and a dog'), pieces('a cat'));
    expect(removed.removedTokens).toEqual([3, 4, 5]);
    expect(removed.changedTokens).toEqual([]);
  });

  it('never takes a piece of a new word for an old one', () => {
    const difference = comparePrompts(pieces('a man in snow', 4), pieces('a man snowboarding in mud', 4));
    // "snowboarding" begins with the piece "snow".
    expect(difference.changedTokens).toEqual([3, 4, 5, 7]);
  });

  it('ignores letter case, and finds nothing in equal prompts', () => {
    const difference = comparePrompts(pieces('A Red apple'), pieces('a red Apple'));
    expect(difference.runs).toEqual([]);
    expect(difference.changedTokens).toEqual([]);
    expect(Array.from(difference.alignment)).toEqual([0, 1, 2, 3, 4]);
  });

  it('takes empty prompts', () => {
    expect(Array.from(comparePrompts(pieces(''), pieces('')).alignment)).toEqual([0, 1]);
    expect(comparePrompts(pieces(''), pieces('a cat')).changedTokens).toEqual([1, 2]);
  });
});

describe('columnSources', () => {
  const difference = comparePrompts(pieces('a basketball here', 5), pieces('a racket here', 5));

  it('leaves new words their own columns in refinement', () => {
    const { sources, bias } = columnSources(difference, 8, 'own');
    expect(sources).toEqual([[0], [1], [], [], [4], [5], [], []]);
    expect(Array.from(bias)).toEqual(new Array(8).fill(0));
  });

  it('lets a replaced word serve the tokens of its replacement in a swap', () => {
    expect(columnSources(difference, 8, 'source').sources).toEqual([[0], [1], [2], [3], [4], [5], [], []]);
    const uneven = columnSources(comparePrompts(pieces('a cat', 3), pieces('a racket', 3)), 6, 'source');
    expect(uneven.sources).toEqual([[0], [1], [2], [2], [3], []]);
    expect(uneven.bias[2]).toBeCloseTo(-Math.log(2), 6);
    expect(uneven.bias[3]).toBeCloseTo(-Math.log(2), 6);
  });
});

describe('words', () => {
  it('splits at anything but letters, digits, inner apostrophes and hyphens', () => {
    expect(splitWords("a well-known cat's 2nd tail, 猫🐈 -x-").map((word) => word.text)).toEqual([
      'a',
      'well-known',
      "cat's",
      '2nd',
      'tail',
      ',',
      '猫',
      '🐈',
      '-',
      'x',
      '-',
    ]);
  });

  it('finds words and phrases, not parts of words', () => {
    const text = 'a red car, a Red scarf and a redder car';
    expect(findWords(text, 'red').map((word) => word.start)).toEqual([2, 13]);
    expect(findWords(text, 'red  scarf')).toEqual([{ text: 'Red scarf', start: 13, end: 22 }]);
    expect(findWords(text, 'blue')).toEqual([]);
    expect(findWords(text, '')).toEqual([]);
  });

  it('maps a character range to all pieces it touches', () => {
    expect(tokensInRange(pieces('a basketball here', 5), 2, 12)).toEqual([2, 3]);
  });
});
