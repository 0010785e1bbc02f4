import type { Model } from '../model/model.ts';
import { namePhrases, unknownPhrases } from '../text/unknown.ts';
import type { Conditioning } from './conditioning.ts';

/**
 * One sentence about the words of all prompts of a run that the model does not know, and none when it knows them. A prompt is never
 * changed: the sentence says what to write instead where the checkpoint has a vocabulary.
 */
export function unknownWarnings(
  { name, vocabulary }: Pick<Model, 'name' | 'vocabulary'>,
  prompts: readonly Pick<Conditioning, 'blocks' | 'unknown'>[],
): readonly string[] {
  const told = prompts.flatMap(({ blocks, unknown }) =>
    unknownPhrases(blocks[0]?.encoded.words ?? [], unknown, vocabulary),
  );
  // Source and target mostly say the same.
  const phrases = [...new Map(told.map((phrase) => [phrase.text.toLowerCase(), phrase])).values()];
  const named = namePhrases(phrases);
  if (phrases.length === 0) return [];
  if (vocabulary === undefined) return [`This checkpoint does not know ${named}. Use other words.`];
  const ships = name.startsWith('embedded/');
  const place = phrases.length === 1 ? 'its place' : 'their place';
  return [
    `${ships ? 'The embedded model' : 'This checkpoint'} does not know ${named}; it reads a blank in ${place}. Its vocabulary lists the words it knows.`,
  ];
}
