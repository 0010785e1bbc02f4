/**
 * Correspondence of two token sequences, as the cross-attention edits of InfEdit (arXiv 2312.04965) and Prompt-to-Prompt
 * (arXiv 2208.01626) use it. All indices count tokens of the padded sequences, special tokens included.
 */

/** One entry a target token: the source token it continues, or -1. */
export type TokenAlignment = Int32Array;

/**
 * Needleman-Wunsch over token ids: gap 0, match 1, mismatch -1; ties prefer a gap in the source (left), then one in the
 * target (up), then the diagonal. Because two gaps outscore a mismatch, different tokens are never matched.
 */
export function alignTokens(source: ArrayLike<number>, target: ArrayLike<number>): TokenAlignment {
  const rows = source.length + 1;
  const columns = target.length + 1;
  const scores = new Int32Array(rows * columns);
  const at = (i: number, j: number) => scores[i * columns + j] ?? 0;
  const diagonal = (i: number, j: number) => at(i - 1, j - 1) + (source[i - 1] === target[j - 1] ? 1 : -1);
  for (let i = 1; i < rows; i++) {
    for (let j = 1; j < columns; j++) scores[i * columns + j] = Math.max(at(i, j - 1), at(i - 1, j), diagonal(i, j));
  }
  const alignment = new Int32Array(target.length).fill(-1);
  let i = source.length;
  let j = target.length;
  while (i > 0 && j > 0) {
    if (at(i, j) === at(i, j - 1)) j--;
    else if (at(i, j) === at(i - 1, j)) i--;
    else {
      i--;
      j--;
      alignment[j] = i;
    }
  }
  return alignment;
}
