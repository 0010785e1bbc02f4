import type { Vocabulary } from '../../contract/index.ts';
import { splitWords } from './prompt.ts';

/** What a prompt can ask for, in the order in which it is offered. */
export const KINDS = ['objects', 'colours', 'places', 'positions'] as const;
export type Kind = (typeof KINDS)[number];

/** A text as it is compared: lower case, one space between words. */
export function spelled(text: string): string {
  return splitWords(text)
    .map((word) => word.text.toLowerCase())
    .join(' ');
}

/**
 * Every spelling that a vocabulary has for something, with the word that the model knows it by. A word of the model goes before a synonym
 * of the same spelling.
 */
export function spellingsOf(vocabulary: Vocabulary): ReadonlyMap<string, string> {
  const spellings = new Map<string, string>();
  const add = (spelling: string, word: string) => {
    if (!spellings.has(spelled(spelling))) spellings.set(spelled(spelling), word);
  };
  const known = KINDS.flatMap((kind) => vocabulary[kind]);
  for (const { word } of known) add(word, word);
  for (const word of vocabulary.words) add(word, word);
  for (const { word, synonyms } of known) for (const synonym of synonyms) add(synonym, word);
  return spellings;
}
