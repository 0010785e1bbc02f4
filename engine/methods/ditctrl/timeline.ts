import type { LatentSize } from '../../latents/size.ts';
import type { Stretch, Timeline } from '../outcome.ts';
import type { SegmentPlan } from './segments.ts';

/**
 * Where the prompts and the transitions between them lie in the frames of a video. Where windows overlap, the border is in the middle of
 * what they share.
 */
export function timelineOf(
  { segments, tile, overlap }: SegmentPlan,
  { frames, paddingFrames }: LatentSize,
  temporalCompression: number,
): Timeline {
  const advance = tile - overlap;
  /** First frame of a latent frame. */
  const frameOf = (latentFrame: number) =>
    Math.min(frames, latentFrame <= 0 ? 0 : (latentFrame - 1) * temporalCompression + 1);
  const border = (window: number) => frameOf(window * advance + Math.floor(overlap / 2) - paddingFrames);
  const stretches: Stretch[] = [];
  for (const [window, { from, to }] of segments.entries()) {
    const kind = from === to ? 'prompt' : 'transition';
    const end = window === segments.length - 1 ? frames : border(window + 1);
    const last = stretches.at(-1);
    if (last !== undefined && last.prompt === from && last.kind === kind)
      stretches[stretches.length - 1] = { ...last, end };
    else stretches.push({ prompt: from, kind, start: last?.end ?? 0, end });
  }
  const window = (tile - paddingFrames - 1) * temporalCompression + 1;
  return { stretches, window, step: advance * temporalCompression };
}
