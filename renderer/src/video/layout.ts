import type { Timeline } from '../../../contract/index.ts';

/** Frames that a prompt lasts where it shall last at least so many: one window, and then one step more each time. */
export function lengthOf(frames: number, { window, step }: Pick<Timeline, 'window' | 'step'>): number {
  return window + Math.max(0, Math.ceil((frames - window) / step)) * step;
}

/** Most steps beyond its window that a prompt is drawn out to. */
const MAX_STEPS = 20;

/** The longest that a prompt is drawn out to, in frames. */
export const longestOf = ({ window, step }: Pick<Timeline, 'window' | 'step'>): number => window + MAX_STEPS * step;

/** Frames of the whole video. */
export const framesOfTimeline = ({ stretches }: Pick<Timeline, 'stretches'>): number => stretches.at(-1)?.end ?? 0;
