import { describe, expect, it } from 'vitest';
import type { Vocabulary } from '../../contract/index.ts';
import { complete, otherWords } from './suggest.ts';

const VOCABULARY: Vocabulary = {
  schema: 'attune-vocabulary/1',
  objects: [
    { word: 'gift', synonyms: ['present'] },
    { word: 'cat', synonyms: ['kitten', 'kitty'] },
  ],
  colours: [{ word: 'green', synonyms: [] }],
  places: [{ word: 'on grass', synonyms: ['on the lawn', 'in a garden'] }],
  positions: [{ word: 'on the left', synonyms: [] }],
  words: ['a', 'gift', 'cat', 'green', 'on', 'grass', 'the', 'left', ',', 'great'],
  examples: [],
};
const words = (typed: string) => complete(typed, VOCABULARY).map(({ word }) => word);

describe('what someone may be about to type', () => {
  it('is in the order objects, colours, places, positions, other words', () => {
    expect(words('g')).toEqual(['gift', 'green', 'on grass', 'great']);
    expect(words('on')).toEqual(['on grass', 'on the left']);
    expect(words('')).toEqual(['gift', 'cat', 'green', 'on grass', 'on the left', 'a', 'great']);
    expect(words('zebra')).toEqual([]);
  });

  it('is told with the synonym that leads there, each word once', () => {
    expect(complete('KIT', VOCABULARY)).toEqual([{ word: 'cat', kind: 'objects', synonym: 'kitten' }]);
    expect(complete('on  the l', VOCABULARY)).toEqual([
      { word: 'on grass', kind: 'places', synonym: 'on the lawn' },
      { word: 'on the left', kind: 'positions' },
    ]);
  });

  it('leaves out punctuation and the parts of phrases', () => {
    expect(otherWords(VOCABULARY)).toEqual(['a', 'great']);
  });
});
