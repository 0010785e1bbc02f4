import { z } from 'zod';

/** Text that is shown to people and typed by them, so nothing in it may steer a terminal. */
const text = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\u2028-\u202e\u2066-\u2069]+$/u, 'must be text without control characters');

/** A word or a short phrase that a model knows, and other words for it, which the model does not know. */
const KnownWord = z.object({ word: text, synonyms: z.array(text).max(200).default([]) });
const knownWords = z.array(KnownWord).max(4096);

/**
 * The `vocabulary.json` of a checkpoint that knows a closed set of words: what can be asked for, and what to say for words that it does
 * not know. Keys of later versions are dropped on reading.
 */
export const Vocabulary = z.object({
  schema: z.literal('attune-vocabulary/1'),
  objects: knownWords,
  colours: knownWords,
  places: knownWords,
  positions: knownWords,
  /** Every single word that the tokenizer knows, those of grammar and punctuation included. */
  words: z.array(text).max(65_536),
  /** Prompts that show how words are put together. */
  examples: z.array(text).max(100),
});
export type Vocabulary = z.infer<typeof Vocabulary>;
