import { describe, expect, it } from 'vitest';
import { alignTokens } from '../../../engine/index.ts';
import { linkInsertedRuns, refineMap, replaceMatrix, selectInOrder, wordScheduleTable } from './tokenmaps.ts';

describe('linkInsertedRuns', () => {
  it('links the most similar pair of facing runs and nothing else', () => {
    const alignment = alignTokens([1, 10, 20, 21, 2], [1, 10, 30, 31, 32, 2]);
    const linked = linkInsertedRuns(alignment, 5, (source, target) => (source === 3 && target === 2 ? 1 : 0));
    expect(Array.from(linked)).toEqual([0, 1, 3, -1, -1, 4]);
  });

  it('leaves a run that faces nothing', () => {
    const alignment = alignTokens([1, 2], [1, 9, 2]);
    expect(Array.from(linkInsertedRuns(alignment, 2, () => 1))).toEqual([0, -1, 1]);
  });
});

describe('maps', () => {
  it('gives weight to matched columns, and to padding only if asked', () => {
    const alignment = alignTokens([1, 5, 2], [1, 7, 2]);
    expect(refineMap(alignment, 5)).toEqual({
      index: Int32Array.of(0, -1, 2, 3, 4),
      weight: Float32Array.of(1, 0, 1, 1, 1),
    });
    expect(Array.from(refineMap(alignment, 5, 0).weight)).toEqual([1, 0, 1, 0, 0]);
  });

  it('spreads a word over the tokens of its replacement', () => {
    const matrix = replaceMatrix([{ source: [1], target: [1, 2] }], 4);
    expect(Array.from(matrix)).toEqual([1, 0, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  });

  it('finds wanted ids in order', () => {
    expect(selectInOrder([1, 26, 27, 26, 2], [26])).toEqual([1]);
    expect(selectInOrder([1, 26, 27, 26, 2], [27, 26])).toEqual([2, 3]);
    expect(selectInOrder([1, 2], [5])).toEqual([]);
  });

  it('opens the columns of a word in its own window', () => {
    const table = wordScheduleTable({ everywhere: [0, 0.5], words: [{ tokens: [1], window: [0.5, 1] }] }, 3, 2);
    expect(Array.from(table)).toEqual([1, 0, 1, 0, 0, 1, 0, 1]);
  });
});
