/** What a tokenizer makes of a prompt. Character positions are UTF-16 code units of the prompt, as JavaScript's `slice` counts. */

export interface PromptToken {
  /** Position in `ids`. */
  readonly position: number;
  readonly id: number;
  /** The piece as the vocabulary spells it. */
  readonly piece: string;
  /** Character range; empty for special tokens. */
  readonly start: number;
  readonly end: number;
  /** Index into `words`; -1 for special tokens. */
  readonly word: number;
}

export interface PromptWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface EncodedPrompt {
  readonly text: string;
  /** Padded to the encoder's length. */
  readonly ids: Int32Array;
  /** Everything but padding, begin and end of text included. */
  readonly tokens: readonly PromptToken[];
  readonly words: readonly PromptWord[];
  /** Words that did not fit, whole or in part; the user should hear of them. */
  readonly cut: readonly PromptWord[];
}

/**
 * The words of a prompt: runs of letters, digits and marks, with apostrophes and hyphens inside; every other visible
 * character stands alone. The same for every tokenizer, so that a word means the same tokens everywhere.
 */
export function splitWords(text: string): PromptWord[] {
  const words: PromptWord[] = [];
  for (const match of text.matchAll(/[\p{L}\p{N}\p{M}_]+(?:['’-][\p{L}\p{N}\p{M}_]+)*|[^\s]/gu)) {
    words.push({ text: match[0], start: match.index, end: match.index + match[0].length });
  }
  return words;
}

/** Index of the word at or around a character range; -1 when the range touches none. */
export function wordAt(words: readonly PromptWord[], start: number, end: number): number {
  return words.findIndex((word) => word.start < end && start < word.end);
}

/** Positions of the tokens that overlap a character range. */
export function tokensInRange(prompt: EncodedPrompt, start: number, end: number): number[] {
  return prompt.tokens.filter((token) => token.start < end && start < token.end).map((token) => token.position);
}

/** Positions of the tokens of a word. */
export function tokensOfWord(prompt: EncodedPrompt, word: number): number[] {
  return prompt.tokens.filter((token) => token.word === word && word !== -1).map((token) => token.position);
}

/**
 * Character ranges where a word, or several words in a row, occur in the prompt (letter case ignored). Empty when they do not.
 */
export function findWords(prompt: EncodedPrompt, phrase: string): PromptWord[] {
  const wanted = splitWords(phrase).map((word) => word.text.toLowerCase());
  if (wanted.length === 0) return [];
  const found: PromptWord[] = [];
  const spelled = prompt.words.map((word) => word.text.toLowerCase());
  for (let at = 0; at + wanted.length <= spelled.length; at++) {
    if (!wanted.every((word, i) => spelled[at + i] === word)) continue;
    const start = prompt.words[at]?.start ?? 0;
    const end = prompt.words[at + wanted.length - 1]?.end ?? start;
    found.push({ text: prompt.text.slice(start, end), start, end });
  }
  return found;
}
