import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alignTokens } from './align.ts';

describe('alignTokens', () => {
  it('matches equal tokens in order and leaves the others out', () => {
    expect(Array.from(alignTokens([1, 10, 16, 17, 18, 19, 2], [1, 10, 16, 17, 20, 21, 19, 2]))).toEqual([
      0, 1, 2, 3, -1, -1, 5, 6,
    ]);
    expect(Array.from(alignTokens([1, 5, 2], [1, 7, 2]))).toEqual([0, -1, 2]);
    expect(Array.from(alignTokens([1, 5, 6, 2], [1, 2]))).toEqual([0, 3]);
  });

  it('is increasing, matches only equal ids, and finds a longest common subsequence', () => {
    const ids = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 12 });
    fc.assert(
      fc.property(ids, ids, (source, target) => {
        const matched = Array.from(alignTokens(source, target)).flatMap((from, to) =>
          from === -1 ? [] : [[from, to] as const],
        );
        matched.forEach(([from, to], i) => {
          expect(source[from]).toBe(target[to]);
          if (i > 0) expect(from).toBeGreaterThan(matched[i - 1]?.[0] ?? -1);
        });
        expect(matched.length).toBe(commonLength(source, target));
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('is the identity for equal sequences', () => {
    expect(Array.from(alignTokens([3, 3, 4, 3], [3, 3, 4, 3]))).toEqual([0, 1, 2, 3]);
  });
});

/** Length of a longest common subsequence, by definition. */
function commonLength(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || b.length === 0) return 0;
  const [lastA, lastB] = [a[a.length - 1], b[b.length - 1]];
  const memo = new Map<string, number>();
  const solve = (i: number, j: number): number => {
    if (i === 0 || j === 0) return 0;
    const key = `${i},${j}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const value = a[i - 1] === b[j - 1] ? solve(i - 1, j - 1) + 1 : Math.max(solve(i - 1, j), solve(i, j - 1));
    memo.set(key, value);
    return value;
  };
  return lastA === undefined || lastB === undefined ? 0 : solve(a.length, b.length);
}
