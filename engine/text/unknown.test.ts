import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Vocabulary } from '../../contract/index.ts';
import { EMBEDDED } from '../../test/embedded.ts';
import { readVocabulary } from '../checkpoint/vocabulary.ts';
import { isSpoken, splitWords } from './prompt.ts';
import { namePhrases, phrasesIn, unknownPhrases } from './unknown.ts';

/** A world of its own: what the embedded model knows grows, and a hat that is known is no example of an unknown one. */
const VOCABULARY: Vocabulary = {
  schema: 'attune-vocabulary/1',
  objects: [
    { word: 'cat', synonyms: ['kitten', 'kitty'] },
    { word: 'dog', synonyms: ['puppy'] },
    { word: 'house', synonyms: ['cottage'] },
    { word: 'octopus', synonyms: [] },
    { word: 'crown', synonyms: [] },
    { word: 'star', synonyms: ['stars'] },
    { word: 'apple', synonyms: [] },
  ],
  colours: [
    { word: 'red', synonyms: [] },
    { word: 'blue', synonyms: [] },
  ],
  places: [
    { word: 'on grass', synonyms: ['on a meadow'] },
    { word: 'on sand', synonyms: ['on the beach', 'in the desert'] },
    { word: 'at night', synonyms: ['in the dark', 'under the stars'] },
    { word: 'in the sea', synonyms: ['underwater'] },
  ],
  positions: [{ word: 'on the left', synonyms: [] }],
  words: 'a an and , the in on at left grass sand night sea red blue cat dog house octopus crown star apple with'.split(
    ' ',
  ),
  examples: [],
};

/** What is said of a prompt when the model knows the words of its vocabulary and no others. */
function told(prompt: string): string {
  const all = splitWords(prompt);
  const unknown = all.filter(({ text }) => isSpoken(text) && !VOCABULARY.words.includes(text.toLowerCase()));
  return namePhrases(unknownPhrases(all, unknown, VOCABULARY));
}

describe('an unknown word', () => {
  it.each([
    ['by its synonym', 'a Kitten, on grass', '"Kitten" (say "cat")'],
    ['by a phrase around it', 'a cat on  the beach', '"on the beach" (say "on sand")'],
    ['by a phrase of which it is the middle', 'a cat under the stars', '"under the stars" (say "at night")'],
    ['by one word for a phrase', 'a cat, underwater', '"underwater" (say "in the sea")'],
    ['by its singular', 'two kittens and dogs', '"two", "kittens" (say "cat") and "dogs" (say "dog")'],
    ['by its singular in y', 'puppies', '"puppies" (say "dog")'],
    ['by its singular in s', 'octopuses', '"octopuses" (say "octopus")'],
    ['by a place behind other small words', 'a cat in the meadow', '"in the meadow" (say "on grass")'],
    ['by its spelling', 'a bleu hosue', '"bleu" (did you mean "blue"?) and "hosue" (did you mean "house"?)'],
    ['by the spelling of a synonym', 'a kiten', '"kiten" (did you mean "cat"?)'],
    ['by its beginning', 'a cott', '"cott" (did you mean "house"?)'],
  ])('is explained %s', (_how, prompt, expected) => {
    expect(told(prompt)).toBe(expected);
  });

  it.each([
    ['nothing is near', 'a spaceship', '"spaceship"'],
    ['a short word is near', 'a hat', '"hat"'],
    ['it would be the plural of an article', 'as a cat', '"as"'],
    ['its first letter differs', 'a brown mouse', '"brown" and "mouse"'],
    ['it describes a thing', 'a dark cat', '"dark"'],
    ['it is part of a longer name', 'in a dark forest', '"dark" and "forest"'],
    ['it is a picture', 'a cat 🚀', '"🚀"'],
  ])('is only named where %s', (_why, prompt, expected) => {
    expect(told(prompt)).toBe(expected);
  });

  it('is told once, and words of a phrase are not told again', () => {
    expect(told('a kitten, a Kitten, on the beach on the beach')).toBe(
      '"kitten" (say "cat") and "on the beach" (say "on sand")',
    );
    expect(told('a red apple on the left, on sand')).toBe('');
  });

  it('is only named without a vocabulary, and beyond twenty only counted', () => {
    const words = splitWords(Array.from({ length: 23 }, (_, i) => `w${i}`).join(' '));
    expect(namePhrases(unknownPhrases(words, words, undefined))).toMatch(/^"w0", "w1".*"w19" and 3 more$/);
  });
});

describe('every synonym of the embedded model', () => {
  const vocabulary = readVocabulary(join(EMBEDDED, 'image'));
  if (vocabulary === undefined) throw new Error('the embedded model has a vocabulary');
  const { objects, colours, places, positions } = vocabulary;
  const pairs = [...objects, ...colours, ...places, ...positions].flatMap(({ word, synonyms }) =>
    synonyms.map((synonym) => [synonym, word] as const),
  );

  it('leads to its word and to no other', () => {
    for (const [synonym, word] of pairs) {
      const words = splitWords(synonym);
      const expected = [{ text: synonym, instead: word }];
      expect(unknownPhrases(words, words, vocabulary), synonym).toEqual(expected);
    }
  });

  it('is none of the words that the model knows itself', () => {
    for (const [synonym] of pairs) if (!synonym.includes(' ')) expect(vocabulary.words, synonym).not.toContain(synonym);
  });
});

it('reads a vocabulary once, however many words are looked up in it', () => {
  let reads = 0;
  const counted = new Proxy(VOCABULARY, {
    get(target, key) {
      reads++;
      return Reflect.get(target, key);
    },
  });
  const words = splitWords(Array.from({ length: 4000 }, (_, at) => `wrd${at}`).join(' '));
  unknownPhrases(words.slice(0, 1), words.slice(0, 1), counted);
  const once = reads;
  expect(unknownPhrases(words, words, counted)).toHaveLength(4000);
  const around = phrasesIn(words, counted);
  for (const at of words.keys()) around(at, 0);
  expect(reads).toBe(once);
});
