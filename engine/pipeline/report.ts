import type { Branches } from './branches.ts';
import { type Canvas, decodePreview } from './canvas.ts';
import type { Model } from './model.ts';
import type { Progress } from './progress.ts';

interface Reporting {
  readonly model: Model;
  readonly canvas: Canvas;
  readonly progress: Progress;
  /** The branches that run; their maps of the branch `target` are shown where words are watched. */
  readonly branches: Branches;
  /** Index of the first step that runs, and the number of steps of the schedule. */
  readonly from: number;
  readonly of: number;
}

/** After a step: shows the clean estimate and the word maps where somebody watches, then counts the step. Throws 'cancelled'. */
export async function previewAndCount(
  { model, canvas, progress, branches, from, of }: Reporting,
  step: number,
  clean: Float32Array,
): Promise<void> {
  const done = step - from + 1;
  const isLast = done === of - from;
  if (progress.wantsPreviews && !isLast) {
    progress.preview(done, await decodePreview(model, canvas, clean));
    for (const { word, image } of branches.maps?.pictures('target', canvas) ?? []) progress.map(done, word, image);
  }
  await progress.step(done, of - from);
}
