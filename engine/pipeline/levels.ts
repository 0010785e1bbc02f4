import { AttuneError } from '../base/errors.ts';
import type { Canvas } from './canvas.ts';
import type { Model } from './model.ts';

/** The noise levels of a run, from the checkpoint's own scheduler: steps + 1 values, the last 0. Throws for a diffusion scheduler. */
export function flowLevels(model: Model, steps: number, canvas: Canvas): { readonly sigmas: Float32Array } {
  const patch = model.denoiser.patchSize;
  const { sigmas } = model.scheduler.plan(steps, { imageTokens: (canvas.rows / patch) * (canvas.columns / patch) });
  if (sigmas === undefined)
    throw new AttuneError(
      'checkpoint-unsupported',
      `${model.name} has a diffusion scheduler; this method needs a flow model (SD3, SD3.5).`,
      {
        file: model.folder,
        field: 'scheduler',
      },
    );
  return { sigmas };
}
