import { alignTokens, type TokenAlignment } from './align.ts';
import { type PromptPieces, type PromptWord, splitWords, tokensInRange } from './prompt.ts';

/** A run of source words and the run of target words in its place; either may be empty. */
export interface ChangedRun {
  readonly sourceWords: readonly PromptWord[];
  readonly targetWords: readonly PromptWord[];
  readonly sourceTokens: readonly number[];
  readonly targetTokens: readonly number[];
}

/** How two prompts differ, in words and in the tokens of one tokenizer. */
export interface PromptDifference {
  /** One entry a target position before the padding: the source position it continues, or -1. */
  readonly alignment: TokenAlignment;
  /** Target positions that continue a source position, begin and end marks included. */
  readonly keptTokens: readonly number[];
  /** Target positions of new or replaced words. */
  readonly changedTokens: readonly number[];
  /** Source positions of words that are gone. */
  readonly removedTokens: readonly number[];
  readonly runs: readonly ChangedRun[];
}

/**
 * Compares two prompts word by word (Needleman-Wunsch as in align.ts, letter case ignored). A word is matched whole or not
 * at all, so that a piece of a new word never passes for an old one (`snow` of `snowboarding`).
 */
export function comparePrompts(source: PromptPieces, target: PromptPieces): PromptDifference {
  const sourceWords = splitWords(source.text);
  const targetWords = splitWords(target.text);
  const wordAlignment = alignWords(sourceWords, targetWords);
  const alignment = new Int32Array(target.used).fill(-1);
  const link = (from: readonly number[], to: readonly number[]) => {
    to.forEach((index, i) => {
      if (index < alignment.length) alignment[index] = from[i] ?? -1;
    });
  };
  link(marks(source), marks(target));
  wordAlignment.forEach((sourceWord, targetWord) => {
    const [from, to] = [sourceWords[sourceWord], targetWords[targetWord]];
    if (from === undefined || to === undefined) return;
    const [fromTokens, toTokens] = [
      tokensInRange(source, from.start, from.end),
      tokensInRange(target, to.start, to.end),
    ];
    if (fromTokens.length === toTokens.length) link(fromTokens, toTokens);
  });
  const served = new Set(alignment);
  const positions = Array.from(alignment.keys());
  return {
    alignment,
    keptTokens: positions.filter((index) => alignment[index] !== -1),
    changedTokens: positions.filter((index) => alignment[index] === -1),
    removedTokens: source.tokens.map((token) => token.index).filter((index) => !served.has(index)),
    runs: changedRuns(sourceWords, targetWords, wordAlignment).map((run) => ({
      ...run,
      sourceTokens: tokensOf(source, run.sourceWords),
      targetTokens: tokensOf(target, run.targetWords),
    })),
  };
}

/** Positions before the padding that are no pieces: begin and end marks. */
function marks(prompt: PromptPieces): number[] {
  const pieces = new Set(prompt.tokens.map((token) => token.index));
  return Array.from({ length: prompt.used }, (_, index) => index).filter((index) => !pieces.has(index));
}

function tokensOf(prompt: PromptPieces, words: readonly PromptWord[]): number[] {
  return [...new Set(words.flatMap((word) => tokensInRange(prompt, word.start, word.end)))];
}

function alignWords(source: readonly PromptWord[], target: readonly PromptWord[]): TokenAlignment {
  const vocabulary = new Map<string, number>();
  const numbered = (words: readonly PromptWord[]) =>
    words.map(({ text }) => {
      const word = text.toLowerCase();
      const number = vocabulary.get(word) ?? vocabulary.size;
      vocabulary.set(word, number);
      return number;
    });
  return alignTokens(numbered(source), numbered(target));
}

function changedRuns(
  source: readonly PromptWord[],
  target: readonly PromptWord[],
  alignment: TokenAlignment,
): { readonly sourceWords: readonly PromptWord[]; readonly targetWords: readonly PromptWord[] }[] {
  const runs = [];
  let sourceNext = 0;
  let targetNext = 0;
  for (let word = 0; word <= target.length; word++) {
    const matched = word === target.length ? source.length : (alignment[word] ?? -1);
    if (matched === -1) continue;
    const run = { sourceWords: source.slice(sourceNext, matched), targetWords: target.slice(targetNext, word) };
    if (run.sourceWords.length + run.targetWords.length > 0) runs.push(run);
    sourceNext = matched + 1;
    targetNext = word + 1;
  }
  return runs;
}

/**
 * Which source columns serve each target column in the attention of image rows (`route` with a token map): kept tokens take
 * their own source token; a replaced word of n tokens may serve all m tokens of its replacement, by the logsumexp of the n
 * logits less log m (the published sum/m in probability).
 */
export interface ColumnSources {
  /** One list a padded target position; empty lists keep the target's own column. */
  readonly sources: readonly (readonly number[])[];
  /** Added to the column's logit: -log m where n source tokens serve m target tokens and n differs from m, else 0. */
  readonly bias: Float32Array;
}

/** @param replaced `own`: changed words keep their own columns (refinement); `source`: they take those of the words they replace (swap) */
export function columnSources(difference: PromptDifference, length: number, replaced: 'own' | 'source'): ColumnSources {
  const sources: number[][] = Array.from({ length }, () => []);
  const bias = new Float32Array(length);
  for (const index of difference.keptTokens) {
    const source = difference.alignment[index] ?? -1;
    if (index < length && source !== -1) sources[index] = [source];
  }
  if (replaced === 'own') return { sources, bias };
  for (const run of difference.runs) {
    const even = run.sourceTokens.length === run.targetTokens.length;
    run.targetTokens.forEach((index, i) => {
      const served = even ? run.sourceTokens.slice(i, i + 1) : run.sourceTokens;
      if (index >= length || served.length === 0) return;
      sources[index] = [...served];
      bias[index] = even ? 0 : -Math.log(run.targetTokens.length);
    });
  }
  return { sources, bias };
}
