import { describe, expect, it } from 'vitest';
import { defaultOverlap, layOut, snapped } from './layout.ts';

const division = { tile: 9, overlap: 4, transitions: 1 };

describe('a timeline', () => {
  it('of one prompt is what the model makes at once', () => {
    expect(layOut([9], division)).toEqual({ total: 9, stretches: [{ prompt: 0, kind: 'prompt', start: 0, end: 9 }] });
  });

  it('of three prompts has a transition between each two and no gap', () => {
    const { stretches, total } = layOut([9, 9, 9], division);
    expect(total).toBe(9 + 4 * 5);
    expect(stretches.map(({ kind }) => kind)).toEqual(['prompt', 'transition', 'prompt', 'transition', 'prompt']);
    expect(stretches[0]?.start).toBe(0);
    expect(stretches.at(-1)?.end).toBe(total);
    for (const [at, { start }] of stretches.entries()) if (at > 0) expect(start).toBe(stretches[at - 1]?.end);
  });

  it('grows by whole windows', () => {
    expect([1, 9, 11, 12, 14, 17].map((frames) => snapped(frames, division))).toEqual([9, 9, 9, 14, 14, 19]);
    expect(layOut([14, 9], division).total).toBe(9 + 3 * 5);
  });

  it('without transitions and overlap is one clip behind the other', () => {
    const { stretches, total } = layOut([9, 9], { tile: 9, overlap: 0, transitions: 0 });
    expect(total).toBe(18);
    expect(stretches.map(({ start, end }) => [start, end])).toEqual([
      [0, 9],
      [9, 18],
    ]);
  });

  it('of nothing has no length', () => {
    expect(layOut([], division)).toEqual({ stretches: [], total: 0 });
  });

  it('shares what the published method shares', () => {
    expect([9, 13].map(defaultOverlap)).toEqual([4, 6]);
  });
});
