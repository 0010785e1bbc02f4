import type { Vocabulary } from '../contract/index.ts';
import { complete, namePhrases, otherWords, splitWords, unknownPhrases } from '../engine/index.ts';
import { columns } from './help.ts';

/** Everything that a model with a closed vocabulary knows, with its synonyms and example prompts. */
export function wordLines(ref: string, vocabulary: Vocabulary): readonly string[] {
  const { examples } = vocabulary;
  return [
    `The words of ${ref}. Those on the right are synonyms: it does not draw them, a warning says the word on the left.`,
    ...(['objects', 'colours', 'places', 'positions'] as const).flatMap((kind) => [
      kind,
      ...trimmed(vocabulary[kind].map(({ word, synonyms }) => [word, synonyms.join(', ')])),
    ]),
    'other words',
    `  ${otherWords(vocabulary).join(', ')}`,
    ...(examples.length > 0 ? ['examples', ...examples.map((example) => `  ${example}`)] : []),
  ];
}

/** What of it a text begins, or what the text most likely means where it begins nothing. */
export function foundLines(text: string, vocabulary: Vocabulary): readonly string[] {
  const found = complete(text, vocabulary);
  if (found.length > 0)
    return trimmed(
      found.map(({ word, kind, synonym }) => [word, `${kind}${synonym === undefined ? '' : `: ${synonym}`}`]),
    );
  const words = splitWords(text);
  const unknown = words.filter((word) => !vocabulary.words.includes(word.text.toLowerCase()));
  if (unknown.length === 0) return [`It knows each of these words, but no phrase that "${text}" begins.`];
  return [`It does not know ${namePhrases(unknownPhrases(words, unknown, vocabulary))}.`];
}

/** Columns without the spaces that an empty right side leaves. */
function trimmed(rows: readonly (readonly [string, string])[]): readonly string[] {
  return columns(rows).map((line) => line.trimEnd());
}
