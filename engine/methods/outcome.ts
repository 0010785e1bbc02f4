import type { Pixels, RecordedOperation, ResolvedRequest } from '../../contract/index.ts';
import type { Conditioning } from '../conditioning/conditioning.ts';
import type { Progress } from '../denoise/progress.ts';
import type { FrameMap } from '../denoise/report.ts';
import type { LatentFrames, TempStore } from '../latents/frames.ts';
import type { LatentSize } from '../latents/size.ts';
import type { Model } from '../model/model.ts';
import type { SamplerName } from '../sampling/scheduler.ts';

/** What a method works with. Frames have the request's size and are padded by the pipeline, never resized silently. */
export interface RunContext {
  readonly model: Model;
  readonly request: ResolvedRequest;
  readonly size: LatentSize;
  /** Frames to edit, RGB, of the request's size; present when the method lists `source`. A picture is one frame. */
  readonly source?: readonly Pixels[];
  /** One channel, 255 = may change, of the request's size; holds for every frame. */
  readonly mask?: Pixels;
  readonly progress: Progress;
  /** For what grows with the length of a video; closed after the frames were decoded. */
  readonly temp: TempStore;
}

export type PromptRole = 'prompt' | 'sourcePrompt' | 'negative';

export interface UsedPrompt {
  readonly role: PromptRole;
  readonly condition: Conditioning;
}

/** What a method hands back: a clean latent, which the engine decodes frame by frame, so that no method holds a whole video. */
export interface MethodOutcome {
  /** [padding + latent frames, C, rows, columns]; may lie in the run's temporary store. */
  readonly latent: LatentFrames;
  readonly maps: readonly FrameMap[];
  /** One channel for each frame or one for all: where frames may change. Outside, the engine pastes the source back. */
  readonly masks?: readonly Pixels[];
  readonly prompts: readonly UsedPrompt[];
  /** Noise levels of the steps, and 0. */
  readonly levels: readonly number[];
  readonly sampler: SamplerName;
  readonly operations: readonly RecordedOperation[];
  readonly metrics: Readonly<Record<string, number>>;
}

/** How a video of several prompts divides. Counts are of its frames. */
export interface Timeline {
  /** In order, without gaps. */
  readonly stretches: readonly Stretch[];
  /** What a prompt lasts at least: one window of the network. */
  readonly window: number;
  /** By how much each further window makes it longer. */
  readonly step: number;
}

/** A stretch of a video of several prompts, in its frames. */
export interface Stretch {
  /** Of which prompt, by its place; a transition lies between this and the next one. */
  readonly prompt: number;
  readonly kind: 'prompt' | 'transition';
  /** First frame, and the one behind the last. */
  readonly start: number;
  readonly end: number;
}
