import { describe, expect, it } from 'vitest';
import {
  aggregateWords,
  chooseBranches,
  dilate,
  noiseAwareLimit,
  normaliseByMax,
  resizeNearest,
  union,
  without,
  wordMask,
} from './wordmasks.ts';

const of = (...values: number[]) => Float32Array.of(...values);

describe('aggregateWords', () => {
  // 2 layers, 2 heads, 2 cells, 2 words
  const stack = {
    data: of(1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60, 7, 70, 8, 80),
    layers: 2,
    heads: 2,
    cells: 2,
    words: 2,
  };

  it('averages layers and heads, then sums or takes the largest over words', () => {
    expect(aggregateWords(stack, [1, 0], 'sum')).toEqual(of(4, 5));
    expect(aggregateWords(stack, [1, 1], 'sum')).toEqual(of(44, 55));
    expect(aggregateWords(stack, [1, 1], 'max')).toEqual(of(40, 50));
    expect(aggregateWords(stack, [1, 0], 'sum', [0, 1])).toEqual(of(3, 4));
    expect(aggregateWords(stack, [0, 0], 'max')).toEqual(of(0, 0));
  });
});

describe('planes', () => {
  it('dilates in a square', () => {
    expect(dilate(of(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0), 3, 4)).toEqual(of(1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0));
    expect(dilate(of(-1, -2), 1, 2)).toEqual(of(-1, -1));
  });

  it('resizes to the nearest cell', () => {
    const [from, to] = [
      { height: 1, width: 2 },
      { height: 2, width: 4 },
    ];
    expect(resizeNearest(of(1, 3), from, to)).toEqual(of(1, 1, 3, 3, 1, 1, 3, 3));
    expect(resizeNearest(of(1, 2, 3), { height: 1, width: 3 }, { height: 1, width: 2 })).toEqual(of(1, 2));
  });

  it('divides by the maximum, an empty map stays empty', () => {
    expect(normaliseByMax(of(1, 2, 4))).toEqual(of(0.25, 0.5, 1));
    expect(normaliseByMax(of(0, 0))).toEqual(of(0, 0));
  });

  it('opens where a word is more than the limit', () => {
    const grid = { height: 1, width: 3 };
    expect(wordMask(of(1, 2, 4), grid, { height: 1, width: 3 }, 0.5, false)).toEqual(of(0, 0, 1));
    expect(wordMask(of(1, 2, 4), grid, { height: 1, width: 3 }, 0.5, true)).toEqual(of(0, 1, 1));
    expect(wordMask(of(0, 0, 0), grid, { height: 1, width: 3 }, 0.5, true)).toEqual(of(0, 0, 0));
  });

  it('joins and subtracts masks', () => {
    expect(union(of(0, 1, 0), of(1, 1, 0))).toEqual(of(1, 1, 0));
    expect(without(of(1, 1, 0), of(1, 0, 0))).toEqual(of(0, 1, 0));
  });
});

describe('InfEdit', () => {
  it('raises its threshold with the noise, never to where nothing opens', () => {
    expect(noiseAwareLimit(0.6, 1)).toBe(0.6);
    expect(noiseAwareLimit(0.3, 0.25)).toBeCloseTo(0.6, 10);
    expect(noiseAwareLimit(0.3, 0)).toBe(0.95);
  });

  it('chooses target, layout and source cell by cell', () => {
    expect(
      Array.from(chooseBranches({ edited: of(1, 0, 1, 1), kept: of(0, 0, 1, 1), mutual: of(0, 0, 0, 1) }, 4)),
    ).toEqual([1, 2, 3, 2]);
    expect(Array.from(chooseBranches({}, 2))).toEqual([1, 1]);
  });
});
