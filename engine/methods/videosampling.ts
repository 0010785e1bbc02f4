import type { ResolvedRequest } from '../../contract/index.ts';
import type { Branches } from '../pipeline/branches.ts';
import type { LatentFrames } from '../pipeline/latentframes.ts';
import type { Progress } from '../pipeline/progress.ts';
import type { VideoCanvas } from '../pipeline/videocanvas.ts';
import { decodeOneFrame } from '../pipeline/videocodec.ts';
import type { VideoModel } from '../pipeline/videomodel.ts';
import type { SamplingPlan } from '../sampling/scheduler.ts';
import type { FrameMap } from './videomethod.ts';

/** Noise levels sqrt(1 - a) of the steps and 0 behind them. */
export function levelsOf({ timesteps, alphas }: SamplingPlan): readonly number[] {
  return [...Array.from(timesteps, (time) => Math.sqrt(1 - (alphas?.[time] ?? 0))), 0];
}

/** How the sampler of a folder is called. */
export function samplerOf({ noiseUse }: SamplingPlan): { readonly name: string; readonly commonName: string } {
  return noiseUse === 'always'
    ? { name: 'cogvideox-dpm', commonName: 'DPM++ 2M SDE' }
    : { name: 'cogvideox-ddim', commonName: 'DDIM' };
}

/** Frames that a video has where the request does not say. */
export function framesOf(request: ResolvedRequest, model: Pick<VideoModel, 'defaults'>): number {
  return request.frames ?? model.defaults.frames;
}

/** Steps by which the previewed frame moves on, so that few steps show all parts of a clip. */
const STRIDE = 0.382;

interface Reporting {
  readonly model: VideoModel;
  readonly canvas: VideoCanvas;
  readonly progress: Progress;
  readonly of: number;
  /** Of one pass over the whole video; its maps of the branch `target` are shown. */
  readonly branches?: Branches | undefined;
}

/** After a step: shows one frame of the clean estimate, another each time, where somebody watches; then counts it. Throws 'cancelled'. */
export async function previewFrame(
  { model, canvas, progress, of, branches }: Reporting,
  step: number,
  clean: LatentFrames,
): Promise<void> {
  const done = step + 1;
  if (progress.wantsPreviews && done < of) {
    const latentFrame = Math.floor(((step * STRIDE) % 1) * canvas.codedFrames);
    const frame = Math.min(
      canvas.frames - 1,
      Math.round((latentFrame * (canvas.frames - 1)) / Math.max(1, canvas.codedFrames - 1)),
    );
    progress.preview(done, await decodeOneFrame(model, canvas, clean, latentFrame), frame);
    for (const { word, image } of branches?.maps?.pictures('target', canvas, latentFrame) ?? [])
      progress.map(done, word, image, frame);
  }
  await progress.step(done, of);
}

/** Maps of all words over all coded frames. */
export function frameMaps(branches: Branches, canvas: VideoCanvas): readonly FrameMap[] {
  const maps = branches.maps;
  if (maps === undefined) return [];
  return Array.from({ length: canvas.codedFrames }, (_, frame) =>
    maps.pictures('target', canvas, frame).map(({ word, image }) => ({ word, frame, image })),
  ).flat();
}
