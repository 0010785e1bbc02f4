/** What a tokenizer makes of a prompt. Character positions are UTF-16 code units of the prompt, as JavaScript's `slice` counts. */

export interface PromptWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface PromptToken {
  /** Position in `ids`. */
  readonly index: number;
  readonly id: number;
  /** The piece as the vocabulary spells it. */
  readonly piece: string;
  /** Character range, without white space at its ends. */
  readonly start: number;
  readonly end: number;
  /** Index into `words`; -1 for a piece that covers nothing visible. */
  readonly word: number;
}

export interface EncodedPrompt {
  readonly text: string;
  /** Begin mark, pieces, end mark, padding: as many as the encoder reads. */
  readonly ids: Int32Array;
  /** Positions before the padding, begin and end marks included. */
  readonly used: number;
  /** The pieces, without marks and padding. */
  readonly tokens: readonly PromptToken[];
  readonly words: readonly PromptWord[];
  /** Words that did not fit, whole or in part. */
  readonly cut: readonly PromptWord[];
  /** Words the vocabulary does not have; the network sees a blank in their place. */
  readonly unknown: readonly PromptWord[];
  /** A sentence for the user when words were cut. */
  readonly truncated?: string;
}

/**
 * The words of a prompt: runs of letters, digits and marks, with apostrophes and hyphens inside; every other visible
 * character stands alone. The same for every tokenizer, so that a word means the same characters everywhere.
 */
export function splitWords(text: string): PromptWord[] {
  const words: PromptWord[] = [];
  for (const match of text.matchAll(/[\p{L}\p{N}\p{M}_]+(?:['’-][\p{L}\p{N}\p{M}_]+)*|\S/gu)) {
    words.push({ text: match[0], start: match.index, end: match.index + match[0].length });
  }
  return words;
}

/** Whether a word says something; punctuation by itself does not. */
export function isSpoken(text: string): boolean {
  return /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(text);
}

/** Index of the first word that overlaps a character range; -1 when none does. */
export function wordAt(words: readonly PromptWord[], start: number, end: number): number {
  // Words stand in order: the first that ends behind `start` is the one, or there is none.
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((words[middle]?.end ?? 0) > start) high = middle;
    else low = middle + 1;
  }
  const found = words[low];
  return found !== undefined && found.start < end ? low : -1;
}

/** Pieces with a place in the prompt: all that alignment and word look-up need. */
export interface PromptPieces {
  readonly text: string;
  /** Positions before the padding. */
  readonly used: number;
  readonly tokens: readonly { readonly index: number; readonly start: number; readonly end: number }[];
}

/** Positions of the pieces that overlap a character range. */
export function tokensInRange(prompt: PromptPieces, start: number, end: number): number[] {
  return prompt.tokens.filter((token) => token.start < end && start < token.end).map((token) => token.index);
}

/**
 * Character ranges where a word, or several words in a row, occur in a text (letter case ignored). Empty when they do not.
 */
export function findWords(text: string, phrase: string): PromptWord[] {
  const wanted = splitWords(phrase).map((word) => word.text.toLowerCase());
  const words = splitWords(text);
  const found: PromptWord[] = [];
  for (let at = 0; wanted.length > 0 && at + wanted.length <= words.length; at++) {
    if (!wanted.every((word, i) => words[at + i]?.text.toLowerCase() === word)) continue;
    const start = words[at]?.start ?? 0;
    const end = words[at + wanted.length - 1]?.end ?? start;
    found.push({ text: text.slice(start, end), start, end });
  }
  return found;
}
