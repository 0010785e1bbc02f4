import { type FloatTensor, valueAt } from '../base/tensor.ts';
import type { LatentSize } from '../latents/size.ts';
import { latentSizeOf } from '../latents/size.ts';
import type { Model } from '../model/model.ts';
import type { Pixels } from '../ports.ts';
import { triangleWeights, WindowBlend } from './blend.ts';
import { type BranchCall, type Branches, type BranchPlan, openBranches, outputOf } from './branches.ts';
import type { BranchLayout } from './layout.ts';

/** Latent frames of one pass of the network over a longer latent. */
export interface FrameWindow {
  readonly start: number;
  readonly frames: number;
}

/** What one window's capture operations read out. */
export interface WindowCaptures extends FrameWindow {
  readonly captures: Readonly<Record<string, FloatTensor>>;
}

export interface PassesResult {
  /** What the network predicts for each branch, over all frames. */
  readonly outputs: readonly Float32Array[];
  /** By window, in order. */
  readonly windows: readonly WindowCaptures[];
}

/** Branches over a latent of any number of frames. The layout is that of one window; hook values hold for each of them. */
export interface Passes extends BranchLayout {
  /** `latents` are whole: [total frames, channels, rows, columns]. */
  run(call: BranchCall): Promise<PassesResult>;
  /** Whether word maps are read out. */
  readonly hasMaps: boolean;
  /** Maps of the watched words of a branch as pictures of one latent frame; none where no words are watched. */
  pictures(branch: string, latentFrame: number): readonly { readonly word: string; readonly image: Pixels }[];
  /** Share of a watched word on the tokens [rows, columns] of one latent frame, 0..1. */
  share(branch: string, word: number, latentFrame: number): Float32Array;
}

/** Share of a window that neighbours have in common, as DiTCtrl publishes it (arXiv 2412.18597): 6 of 13 latent frames. */
export const PUBLISHED_OVERLAP = 6 / 13;

/** What of a model decides its windows. */
type WindowedModel = Pick<Model, 'name' | 'denoiser' | 'autoencoder' | 'defaults'>;

/** Latent frames that the network makes at once, with those that fill up its tokens. */
export function windowFrames(model: WindowedModel, size: Pick<LatentSize, 'width' | 'height'>): number {
  const { width, height } = size;
  return latentSizeOf(model, { width, height, frames: model.defaults.frames }).totalFrames;
}

/** Windows that cover a latent: the whole of it where the network makes it at once, else overlapping ones, the last moved back to its end. */
export function windowsOf(model: WindowedModel, size: LatentSize): readonly FrameWindow[] {
  const most = windowFrames(model, size);
  const { totalFrames } = size;
  if (totalFrames <= most) return [{ start: 0, frames: totalFrames }];
  const patch = model.denoiser.temporalPatchSize;
  // Windows begin where tokens do.
  const advance = Math.max(patch, Math.floor((most * (1 - PUBLISHED_OVERLAP)) / patch) * patch);
  const starts: number[] = [];
  for (let start = 0; start + most < totalFrames; start += advance) starts.push(start);
  return [...starts, totalFrames - most].map((start) => ({ start, frames: most }));
}

/**
 * Opens branches over all frames of a latent. Where it is longer than what the network makes at once, every call runs window by window,
 * and predictions of a frame are averaged with triangle weights (MultiDiffusion, arXiv 2302.08113, over time; weights of DiTCtrl).
 */
export async function openPasses(
  model: Model,
  size: LatentSize,
  plan: Pick<BranchPlan, 'branches' | 'operations' | 'watched'>,
): Promise<Passes> {
  const windows = windowsOf(model, size);
  const opened: Branches[] = [];
  for (const { frames } of windows)
    opened.push(await openBranches(model, { ...plan, frames, height: size.rows, width: size.columns }));
  const [first] = opened;
  if (first === undefined) throw new RangeError('a latent has a window');
  const inWindows = windows.map((window, at) => ({ ...window, branches: valueAt(opened, at) }));
  const { branches, rows, sizes, row } = first;
  return {
    ...{ branches, rows, sizes, row },
    hasMaps: first.maps !== undefined,
    run: (call) => runWindows(inWindows, size, call),
    pictures(branch, latentFrame) {
      const { maps, ...seen } = frameIn(inWindows, size, latentFrame);
      return maps?.pictures(branch, seen.size, seen.frame) ?? [];
    },
    share(branch, word, latentFrame) {
      const { maps, ...seen } = frameIn(inWindows, size, latentFrame);
      if (maps === undefined) throw new RangeError('no words are watched');
      return maps.frameMap(branch, word, seen.size, seen.frame);
    },
  };
}

/** The window that shows a latent frame, with its maps and the frame's place in it. */
function frameIn(windows: readonly OpenWindow[], size: LatentSize, latentFrame: number) {
  const at = size.paddingFrames + latentFrame;
  const { start, frames, branches } = nearestWindow(windows, at);
  const { maps } = branches;
  if (windows.length === 1) return { maps, size, frame: latentFrame };
  return { maps, size: { ...size, paddingFrames: 0, latentFrames: frames }, frame: at - start };
}

interface OpenWindow extends FrameWindow {
  readonly branches: Branches;
}

async function runWindows(
  windows: readonly OpenWindow[],
  { totalFrames, frameLength }: LatentSize,
  call: BranchCall,
): Promise<PassesResult> {
  const [only] = windows;
  if (only !== undefined && windows.length === 1) {
    const { outputs, captures } = await only.branches.run(call);
    return { outputs, windows: [{ start: 0, frames: totalFrames, captures }] };
  }
  const blends = call.latents.map(() => new WindowBlend(totalFrames, frameLength));
  const read: WindowCaptures[] = [];
  for (const { start, frames, branches } of windows) {
    const part = (latent: Float32Array) => latent.subarray(start * frameLength, (start + frames) * frameLength);
    const result = await branches.run({ ...call, latents: call.latents.map(part) });
    const weights = triangleWeights(frames);
    for (const [branch, blend] of blends.entries()) blend.add(start, outputOf(result, branch), weights);
    read.push({ start, frames, captures: result.captures });
  }
  return { outputs: blends.map((blend) => blend.finish()), windows: read };
}

/** The window in whose middle a latent frame lies most. */
function nearestWindow(windows: readonly OpenWindow[], frame: number): OpenWindow {
  const distance = ({ start, frames }: FrameWindow) => Math.abs(frame - start - (frames - 1) / 2);
  return windows.reduce((best, window) => (distance(window) < distance(best) ? window : best));
}
