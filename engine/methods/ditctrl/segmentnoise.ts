import { type NoisePurpose, noiseParts } from '../../base/noise.ts';
import type { FrameNoise } from '../../denoise/frameloop.ts';
import { nearestWindow, type SegmentPlan } from './segments.ts';

/**
 * Draws of noise for a long video in which a prompt may have a seed of its own: the frames whose nearest window shows that prompt
 * alone take their noise from it, all others from the video's seed, so that one part can be made anew.
 * @param seeds by prompt; undefined: the video's
 * @param frameLength numbers of one latent frame
 */
export function segmentNoise(
  plan: SegmentPlan,
  seeds: readonly (number | undefined)[],
  seed: number,
  frameLength: number,
  purpose: NoisePurpose,
): FrameNoise {
  const seedOf = (frame: number) => {
    const window = plan.segments[nearestWindow(plan, frame)];
    return (window?.from === window?.to ? seeds[window?.from ?? 0] : undefined) ?? seed;
  };
  return (draw, start, count) => {
    const noise = new Float32Array(count * frameLength);
    for (let frame = start; frame < start + count; frame++) {
      const part = noiseParts(seedOf(frame), purpose)(draw, frame * frameLength, frameLength);
      noise.set(part, (frame - start) * frameLength);
    }
    return noise;
  };
}
