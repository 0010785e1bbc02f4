import { describe, expect, it } from 'vitest';
import type { Conditioning } from '../../conditioning/conditioning.ts';
import { routedPairs } from './correspondence.ts';

/** A prompt whose words are cut into as many pieces as they have letters of `pieces`, between a begin and an end mark. */
function conditionOf(prompt: string, piecesOf: (word: string) => number): Conditioning {
  const tokens: { text: string; index: number; start: number; end: number }[] = [];
  let index = 1;
  const words = [...prompt.matchAll(/\S+/g)].map((match) => ({
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
  for (const { text, start, end } of words)
    for (let piece = 0; piece < piecesOf(text); piece++) tokens.push({ text, index: index++, start, end });
  const length = 12;
  const encoded = {
    text: prompt,
    tokens,
    words,
    used: index + 1,
    ids: new Array(length).fill(0),
    unknown: [],
    cut: [],
  };
  return {
    prompt,
    weights: [],
    warnings: [],
    unknown: [],
    promptEmbeds: new Float32Array(length),
    tokenCount: length,
    inputs: {},
    blocks: [{ start: 0, encoded: encoded as unknown as Conditioning['blocks'][number]['encoded'] }],
  };
}

const sizes: Readonly<Record<string, number>> = { balloon: 3, icecream: 2 };
const condition = (prompt: string) => conditionOf(prompt, (word) => sizes[word] ?? 1);
const routed = (from: string, to: string) =>
  routedPairs(condition(from), condition(to), 'source').filter(({ weight }) => weight === 1);

/** Factor of the mass of the source word that each target column gets. */
const shares = (from: string, to: string, columns: readonly number[]) =>
  columns.map((column) =>
    routed(from, to)
      .filter(({ target }) => target === column)
      .map(({ logWeight = 0 }) => Math.exp(logWeight)),
  );

describe('the mass of a replaced word', () => {
  it('is divided among more tokens than it had', () => {
    for (const share of shares('a red apple', 'a red balloon', [3, 4, 5]))
      expect(share).toEqual([expect.closeTo(1 / 3, 6)]);
  });

  it('is given whole to fewer tokens than it had', () => {
    expect(shares('a red icecream', 'a red apple', [3])).toEqual([[1, 1]]);
  });

  it('stays what it was where both have as many tokens, and of words that both prompts have', () => {
    expect(shares('a red apple', 'a red whale', [1, 2, 3])).toEqual([[1], [1], [1]]);
  });
});
