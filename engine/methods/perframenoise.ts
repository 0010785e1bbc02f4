import type { ParamSchema, ResolvedRequest } from '../../contract/index.ts';
import { noiseSource } from '../base/noise.ts';
import type { LatentSize } from '../latents/size.ts';
import type { Renoising } from '../sampling/schedulerloop.ts';

/** How long frames have noise of their own, for methods that make frames from noise. */
export const PER_FRAME_NOISE = {
  name: 'perFrameNoise',
  title: 'Per-frame noise',
  summary:
    'Share of the steps in which each frame has noise of its own; then all go on from one and the same, which keeps still what stands still. 1: to the end.',
  only: 'video',
  type: 'number',
  min: 0.01,
  max: 1,
  step: 0.01,
  default: 1,
} as const satisfies ParamSchema;

/**
 * The noise of one latent frame, repeated for all, and the step from which on it takes the place of theirs; undefined: never. A network's
 * errors follow the noise it is given, so that frames of one noise err alike and do not flicker. Noise common to frames is of PYoCo (Ge et
 * al., arXiv 2305.10474), which trains with it from the first step on; here frames have their own until layout and motion are decided, so that a
 * network needs no such training.
 */
export function renoisingOf(
  { perFrameNoise }: { readonly perFrameNoise: number },
  { seed, steps }: Pick<ResolvedRequest, 'seed' | 'steps'>,
  { frameLength, totalFrames }: LatentSize,
): Renoising | undefined {
  const from = Math.max(1, Math.round(perFrameNoise * steps));
  if (totalFrames === 1 || from >= steps) return undefined;
  const one = noiseSource(seed, frameLength, 'shared')(0);
  return {
    from,
    noise(length) {
      const all = new Float32Array(length);
      for (let at = 0; at < length; at += one.length) all.set(one, at);
      return all;
    },
  };
}
