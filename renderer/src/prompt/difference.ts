import type { Span } from './weights.ts';

/** Words of a text with their places. */
function wordsOf(text: string): readonly (Span & { readonly word: string })[] {
  return [...text.matchAll(/[\p{L}\p{N}'’-]+/gu)].map(({ index, 0: word }) => ({
    from: index,
    to: index + word.length,
    word: word.toLowerCase(),
  }));
}

/** The words of `text` that `other` does not have in the same order: what the edit is about (longest common subsequence of words). */
export function changedWords(text: string, other: string): readonly Span[] {
  const mine = wordsOf(text).filter(({ word }) => !/^\d*\.?\d+$/.test(word));
  const theirs = wordsOf(other).filter(({ word }) => !/^\d*\.?\d+$/.test(word));
  const columns = theirs.length + 1;
  // common[i * columns + j]: length of the longest common subsequence of mine[i..] and theirs[j..]
  const common = new Uint16Array((mine.length + 1) * columns);
  const at = (i: number, j: number) => common[i * columns + j] ?? 0;
  for (let i = mine.length - 1; i >= 0; i--)
    for (let j = theirs.length - 1; j >= 0; j--)
      common[i * columns + j] =
        mine[i]?.word === theirs[j]?.word ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const changed: Span[] = [];
  let j = 0;
  for (const [i, { from, to, word }] of mine.entries()) {
    while (j < theirs.length && theirs[j]?.word !== word && at(i, j + 1) >= at(i + 1, j)) j += 1;
    if (theirs[j]?.word === word && at(i, j) === at(i + 1, j + 1) + 1) j += 1;
    else changed.push({ from, to });
  }
  return changed;
}
