import { describe, expect, it } from 'vitest';
import { framesOfTimeline, lengthOf } from './layout.ts';

describe('a timeline', () => {
  it('gives a prompt whole windows, so many that it lasts at least as long as it shall', () => {
    const lengths = [1, 9, 10, 14, 15, 19].map((frames) => lengthOf(frames, { window: 9, step: 5 }));
    expect(lengths).toEqual([9, 9, 14, 14, 19, 19]);
  });

  it('is as long as its last stretch says', () => {
    const stretches = [
      { prompt: 0, kind: 'prompt' as const, start: 0, end: 9 },
      { prompt: 1, kind: 'prompt' as const, start: 9, end: 20 },
    ];
    expect(framesOfTimeline({ stretches })).toBe(20);
    expect(framesOfTimeline({ stretches: [] })).toBe(0);
  });
});
