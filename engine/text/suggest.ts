import type { Vocabulary } from '../../contract/index.ts';
import { isSpoken, splitWords } from './prompt.ts';
import { KINDS, type Kind, spelled } from './spellings.ts';

/** A word that a prompt may use. */
export interface Suggestion {
  readonly word: string;
  readonly kind: Kind | 'words';
  /** What was typed leads to this synonym of the word; absent where it leads to the word itself. */
  readonly synonym?: string;
}

/**
 * What someone may be about to type: objects, colours, places, positions, then other words, each once. A phrase is found by its beginning
 * and by its last word, a synonym leads to its word. All of them for an empty text.
 */
export function complete(typed: string, vocabulary: Vocabulary): readonly Suggestion[] {
  const wanted = spelled(typed);
  const begins = (text: string) => {
    const spelling = spelled(text);
    return spelling.startsWith(wanted) || spelling.slice(spelling.lastIndexOf(' ') + 1).startsWith(wanted);
  };
  const asked = KINDS.flatMap((kind) =>
    vocabulary[kind].flatMap(({ word, synonyms }): readonly Suggestion[] => {
      if (begins(word)) return [{ word, kind }];
      const synonym = synonyms.find(begins);
      return synonym === undefined ? [] : [{ word, kind, synonym }];
    }),
  );
  const others = otherWords(vocabulary).filter(begins);
  return [...asked, ...others.map((word) => ({ word, kind: 'words' as const }))];
}

/** Words that the model knows and that name none of its things: articles, and words that are read without being drawn. */
export function otherWords(vocabulary: Vocabulary): readonly string[] {
  const named = KINDS.flatMap((kind) => vocabulary[kind].flatMap(({ word }) => splitWords(spelled(word))));
  const used = new Set(named.map(({ text }) => text));
  return vocabulary.words.filter((word) => isSpoken(word) && !used.has(spelled(word)));
}
