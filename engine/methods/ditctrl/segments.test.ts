import { describe, expect, it } from 'vitest';
import { framesOf } from '../../latents/size.ts';
import { planSegments } from './segments.ts';

const paper = { prompts: 2, tile: 13, overlap: 6, transitions: 1, extra: 0 };

describe('planSegments', () => {
  it("makes the paper's 27 latent and 105 pixel frames of two prompts", () => {
    const plan = planSegments(paper);
    expect(plan.segments.map(({ start, share }) => [start, share])).toEqual([
      [0, 0],
      [7, 0.5],
      [14, 0],
    ]);
    expect(plan.frames).toBe(27);
    expect(framesOf(plan.frames, { temporalCompression: 4 })).toBe(105);
    expect(framesOf(plan.frames, { temporalCompression: 1 })).toBe(27);
  });

  it.each([1, 2, 5])('has P + b(P-1) + m max(P-2, 0) windows that tile %i prompts without gaps', (prompts) => {
    for (const [overlap, transitions, extra] of [
      [9, 2, 0],
      [0, 0, 3],
      [6, 1, 1],
    ] as const) {
      const { frames, segments } = planSegments({ prompts, tile: 13, overlap, transitions, extra });
      expect(segments).toHaveLength(prompts + transitions * (prompts - 1) + extra * Math.max(prompts - 2, 0));
      expect(segments.at(-1)?.start).toBe(frames - 13);
      segments.slice(1).forEach(({ start }, at) => {
        expect(start - (segments[at]?.start ?? 0)).toBe(13 - overlap);
      });
    }
  });

  it('takes a length for every prompt', () => {
    const { segments } = planSegments({ ...paper, transitions: 0, extra: [2, 0] });
    expect(segments.map(({ from }) => from)).toEqual([0, 0, 0, 1]);
  });

  it('refuses windows that do not advance and counts that are none', () => {
    expect(() => planSegments({ ...paper, overlap: 13 })).toThrow(/overlap/);
    expect(() => planSegments({ ...paper, prompts: 0 })).toThrow(/prompts/);
    expect(() => planSegments({ ...paper, extra: [0.5] })).toThrow(/extra/);
  });
});
