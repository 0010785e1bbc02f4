import { noiseSource } from '../base/noise.ts';
import { padToMultiple, resizeArea, toPlane } from '../media/pixels.ts';
import { openBranches } from '../pipeline/branches.ts';
import { cellsToMask } from '../pipeline/canvas.ts';
import type { Conditioning } from '../pipeline/condition.ts';
import type { VideoCanvas } from '../pipeline/videocanvas.ts';
import { frameScaleOf, type VideoModel } from '../pipeline/videomodel.ts';
import type { Pixels } from '../ports.ts';
import type { FlowView } from '../sampling/flowview.ts';
import type { SamplingPlan } from '../sampling/scheduler.ts';
import { renoise } from '../sampling/steps.ts';
import { editedCells } from './editarea.ts';
import type { Params } from './params.ts';
import type { VideoContext } from './videomethod.ts';

/** Where the frames of a clip may change. */
export interface FrameArea {
  /** An offset from the source, [latent frames, C, rows, columns], 0 outside the area. */
  inside(offset: Float32Array): Float32Array;
  /** One channel a frame, of the request's size. */
  readonly masks: readonly Pixels[];
}

interface Sampling {
  readonly plan: SamplingPlan;
  readonly view: FlowView;
}

/** The user's mask in every frame, or in each frame where the prediction changes with the prompt; undefined where all may change. */
export async function editedFrames(
  { model, request, mask }: VideoContext,
  canvas: VideoCanvas,
  clean: Float32Array,
  prompts: { readonly source: Conditioning; readonly target: Conditioning },
  sampling: Sampling,
  params: Params,
): Promise<FrameArea | undefined> {
  const frames = canvas.leadingFrames + canvas.codedFrames;
  if (mask !== undefined) {
    const cells = resizeArea(toPlane(padToMultiple(mask, canvas.multiple)), canvas.columns, canvas.rows).data.map(
      (share) => (share > 0 ? 1 : 0),
    );
    return areaOf(model, canvas, Array(frames).fill(cells), Array(canvas.frames).fill(mask));
  }
  if (!params.boolean('blend')) return undefined;
  const change = await changeOf(model, canvas, clean, prompts, sampling, request.seed);
  const patch = model.denoiser.patchSize;
  const [rows, columns] = [canvas.rows / patch, canvas.columns / patch];
  const cells = Array.from({ length: frames }, (_, frame) => {
    const map = change.subarray(frame * rows * columns, (frame + 1) * rows * columns);
    const area = { reading: 'change', threshold: params.number('threshold'), grow: params.number('grow') };
    return editedCells({ change: map, attention: map, rows, columns }, canvas, area);
  });
  // A latent frame stands for the frames up to the next one; what may change in either may change in them.
  const masks = Array.from({ length: canvas.frames }, (_, frame) => {
    const latent = Math.min(frames - 1, canvas.leadingFrames + Math.ceil(frame / frameScaleOf(model.coder)));
    return cellsToMask(canvas, cells[latent] ?? new Float32Array(canvas.rows * canvas.columns));
  });
  return areaOf(model, canvas, cells, masks);
}

function areaOf(
  { denoiser: { latentChannels } }: VideoModel,
  { rows, columns }: VideoCanvas,
  cells: readonly Float32Array[],
  masks: readonly Pixels[],
): FrameArea {
  const plane = rows * columns;
  return {
    masks,
    inside: (offset) =>
      offset.map((value, i) => value * (cells[Math.floor(i / (latentChannels * plane))]?.[i % plane] ?? 0)),
  };
}

/** Noise levels at which the source is looked at: from details to layout. */
const LOOKS = [0.25, 0.5, 0.75];

/**
 * How much the prediction changes with the prompt at each token of each latent frame, 0..1 over the whole clip (DiffEdit, arXiv 2210.11427,
 * section 3.2, with the source's caption as the reference).
 */
async function changeOf(
  model: VideoModel,
  canvas: VideoCanvas,
  clean: Float32Array,
  { source, target }: { readonly source: Conditioning; readonly target: Conditioning },
  { plan, view }: Sampling,
  seed: number,
): Promise<Float32Array> {
  const frames = canvas.leadingFrames + canvas.codedFrames;
  const branches = await openBranches(model, {
    branches: [
      { name: 'source', condition: source, guidance: 1 },
      { name: 'target', condition: target, guidance: 1 },
    ],
    frames,
    height: canvas.rows,
    width: canvas.columns,
  });
  const patch = model.denoiser.patchSize;
  const [rows, columns] = [canvas.rows / patch, canvas.columns / patch];
  const noise = noiseSource(seed, clean.length, 'selection');
  const sum = new Float32Array(frames * rows * columns);
  for (const [draw, level] of LOOKS.entries()) {
    const step = nearestStep(view.sigmas, level);
    const state = view.state(step, renoise(clean, noise(draw), view.sigmas[step] ?? 0));
    const { velocities } = await branches.run({ latents: [state, state], timestep: plan.timesteps[step] ?? 0 });
    const [a = state, b = state] = velocities;
    const change = new Float32Array(sum.length);
    for (let i = 0; i < a.length; i++)
      change[tokenOf(i)] = (change[tokenOf(i)] ?? 0) + ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
    const most = Math.sqrt(change.reduce((largest, value) => Math.max(largest, value), 1e-12));
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + Math.sqrt(change[i] ?? 0) / most;
  }
  const most = sum.reduce((largest, value) => Math.max(largest, value), 1e-12);
  return sum.map((value) => value / most);

  function tokenOf(i: number): number {
    const plane = canvas.rows * canvas.columns;
    const frame = Math.floor(i / (model.denoiser.latentChannels * plane));
    const cell = i % plane;
    const row = Math.floor(Math.floor(cell / canvas.columns) / patch);
    return (frame * rows + row) * columns + Math.floor((cell % canvas.columns) / patch);
  }
}

function nearestStep(sigmas: Float32Array, level: number): number {
  let best = 0;
  for (let step = 1; step < sigmas.length - 1; step++)
    if (Math.abs((sigmas[step] ?? 0) - level) < Math.abs((sigmas[best] ?? 0) - level)) best = step;
  return best;
}
