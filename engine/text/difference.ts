import { alignTokens, type TokenAlignment } from './align.ts';
import { type EncodedPrompt, tokensOfWord } from './prompt.ts';

/** A run of source words and the run of target words in its place; either may be empty. */
export interface ChangedRun {
  readonly sourceWords: readonly number[];
  readonly targetWords: readonly number[];
  readonly sourceTokens: readonly number[];
  readonly targetTokens: readonly number[];
}

/** How two prompts differ, in words and tokens of one tokenizer. */
export interface PromptDifference {
  /** Token alignment over the target's unpadded tokens; a word is either matched whole or not at all. */
  readonly alignment: TokenAlignment;
  /** Target tokens that continue a source token, special tokens included. */
  readonly keptTokens: readonly number[];
  /** Target tokens of new or replaced words. */
  readonly changedTokens: readonly number[];
  /** Source tokens of words that are gone. */
  readonly removedTokens: readonly number[];
  readonly runs: readonly ChangedRun[];
}

/**
 * Compares two prompts word by word. Tokens are aligned inside matched words only, so that a piece of a new word never
 * passes for an old one (`snow` of `snowboarding`).
 */
export function comparePrompts(source: EncodedPrompt, target: EncodedPrompt): PromptDifference {
  const wordAlignment = alignWords(source, target);
  const alignment = new Int32Array(target.tokens.length).fill(-1);
  const special = (prompt: EncodedPrompt) =>
    prompt.tokens.filter((token) => token.word === -1).map((token) => token.position);
  const link = (from: readonly number[], to: readonly number[]) => {
    to.forEach((position, i) => {
      if (position < alignment.length) alignment[position] = from[i] ?? -1;
    });
  };
  link(special(source), special(target));
  wordAlignment.forEach((sourceWord, targetWord) => {
    if (sourceWord === -1) return;
    const from = tokensOfWord(source, sourceWord);
    const to = tokensOfWord(target, targetWord);
    if (from.length === to.length) link(from, to);
  });
  const kept = target.tokens.map((token) => token.position).filter((position) => alignment[position] !== -1);
  const served = new Set(alignment);
  return {
    alignment,
    keptTokens: kept,
    changedTokens: target.tokens.map((token) => token.position).filter((position) => alignment[position] === -1),
    removedTokens: source.tokens.map((token) => token.position).filter((position) => !served.has(position)),
    runs: changedRuns(source, target, wordAlignment),
  };
}

function alignWords(source: EncodedPrompt, target: EncodedPrompt): TokenAlignment {
  const vocabulary = new Map<string, number>();
  const numbered = (prompt: EncodedPrompt) =>
    prompt.words.map(({ text }) => {
      const word = text.toLowerCase();
      const number = vocabulary.get(word) ?? vocabulary.size;
      vocabulary.set(word, number);
      return number;
    });
  return alignTokens(numbered(source), numbered(target));
}

function changedRuns(source: EncodedPrompt, target: EncodedPrompt, words: TokenAlignment): ChangedRun[] {
  const runs: ChangedRun[] = [];
  const tokens = (prompt: EncodedPrompt, indices: readonly number[]) =>
    indices.flatMap((word) => tokensOfWord(prompt, word));
  const between = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  let sourceNext = 0;
  let targetNext = 0;
  for (let word = 0; word <= target.words.length; word++) {
    const matched = word === target.words.length ? source.words.length : (words[word] ?? -1);
    if (matched === -1) continue;
    const sourceWords = between(sourceNext, matched);
    const targetWords = between(targetNext, word);
    if (sourceWords.length + targetWords.length > 0) {
      runs.push({
        sourceWords,
        targetWords,
        sourceTokens: tokens(source, sourceWords),
        targetTokens: tokens(target, targetWords),
      });
    }
    sourceNext = matched + 1;
    targetNext = word + 1;
  }
  return runs;
}

/**
 * Which source columns serve each target column in the attention of image rows (`route` with a token map): kept tokens take
 * their own source token; a replaced word of n tokens may serve all m tokens of its replacement, which stands for the
 * logsumexp of the n logits less log m (the published sum/m in probability). Columns without sources keep their own.
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
  for (const position of difference.keptTokens) {
    const source = difference.alignment[position] ?? -1;
    if (position < length && source !== -1) sources[position] = [source];
  }
  if (replaced === 'source') {
    for (const run of difference.runs) {
      const even = run.sourceTokens.length === run.targetTokens.length;
      run.targetTokens.forEach((position, i) => {
        const served = even ? run.sourceTokens.slice(i, i + 1) : run.sourceTokens;
        if (position >= length || served.length === 0) return;
        sources[position] = [...served];
        bias[position] = even ? 0 : -Math.log(run.targetTokens.length);
      });
    }
  }
  return { sources, bias };
}
