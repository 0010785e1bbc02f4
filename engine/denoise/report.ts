import type { LatentFrames } from '../latents/frames.ts';
import { decodePreview } from '../latents/preview.ts';
import type { LatentSize } from '../latents/size.ts';
import type { Model } from '../model/model.ts';
import type { Pixels } from '../ports.ts';
import type { Passes } from './passes.ts';
import type { Progress } from './progress.ts';

/** The branch whose words are shown. */
export const TARGET = 'target';

/** Where a word is in one latent frame: one channel, of the request's size, 255 = most. */
export interface FrameMap {
  readonly word: string;
  readonly frame: number;
  readonly image: Pixels;
}

/** Steps by which the previewed frame moves on, so that few steps show all parts of a video. */
const STRIDE = 0.382;

interface Reporting {
  readonly model: Model;
  readonly size: LatentSize;
  readonly progress: Progress;
  /** Steps that run. */
  readonly of: number;
  /** What runs; the word maps of its branch `target` are shown. */
  readonly passes?: Pick<Passes, 'pictures'> | undefined;
}

/**
 * After a step, counted from 0: shows one frame of the clean estimate, another each time, and the word maps where somebody watches; then
 * counts the step. Throws 'cancelled'.
 */
export async function reportStep(
  { model, size, progress, of, passes }: Reporting,
  step: number,
  clean: LatentFrames,
): Promise<void> {
  const done = step + 1;
  if (progress.wantsPreviews && done < of) {
    const latentFrame = Math.floor(((step * STRIDE) % 1) * size.latentFrames);
    const frame = shownFrame(size, latentFrame);
    progress.preview(done, await decodePreview(model, size, clean, latentFrame), frame);
    for (const { word, image } of passes?.pictures(TARGET, latentFrame) ?? []) progress.map(done, word, image, frame);
  }
  await progress.step(done, of);
}

/** The frame that a latent frame stands for; undefined for a picture. */
function shownFrame({ frames, latentFrames }: LatentSize, latentFrame: number): number | undefined {
  if (frames === 1) return undefined;
  return Math.min(frames - 1, Math.round((latentFrame * (frames - 1)) / Math.max(1, latentFrames - 1)));
}

/** Maps of all words of the branch `target` over all latent frames. */
export function frameMaps(passes: Passes, { latentFrames }: LatentSize): readonly FrameMap[] {
  if (!passes.hasMaps) return [];
  return Array.from({ length: latentFrames }, (_, frame) =>
    passes.pictures(TARGET, frame).map(({ word, image }) => ({ word, frame, image })),
  ).flat();
}
