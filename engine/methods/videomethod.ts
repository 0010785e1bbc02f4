import type { MethodDescription, Pixels, RecordedOperation, ResolvedRequest } from '../../contract/index.ts';
import type { Conditioning } from '../pipeline/condition.ts';
import type { LatentFrames, Scratch } from '../pipeline/latentframes.ts';
import type { Progress } from '../pipeline/progress.ts';
import type { VideoCanvas } from '../pipeline/videocanvas.ts';
import type { VideoModel } from '../pipeline/videomodel.ts';

/** What a method for videos works with. */
export interface VideoContext {
  readonly model: VideoModel;
  readonly request: ResolvedRequest;
  /** Frames of the clip to edit, RGB, of the request's size; present where the method lists `source`. */
  readonly source?: readonly Pixels[];
  /** One channel, 255 = may change, of the request's size; holds for every frame. */
  readonly mask?: Pixels;
  readonly progress: Progress;
  /** For what grows with the length of the video; closed after the frames were decoded. */
  readonly scratch: Scratch;
}

/** Where a word is in one latent frame: one channel, of the request's size, 255 = most. */
export interface FrameMap {
  readonly word: string;
  readonly frame: number;
  readonly image: Pixels;
}

/** What a method hands back: a clean latent, which the engine decodes frame by frame, so that no method holds a whole video. */
export interface VideoOutcome {
  readonly canvas: VideoCanvas;
  /** [leading + coded frames, C, rows, columns]; may lie in the run's scratch. */
  readonly latent: LatentFrames;
  readonly maps: readonly FrameMap[];
  /** One channel for each frame or one for all: where frames may change. Outside, the engine pastes the source back. */
  readonly masks?: readonly Pixels[];
  readonly prompts: readonly {
    readonly role: 'prompt' | 'sourcePrompt' | 'negative';
    readonly condition: Conditioning;
  }[];
  /** Noise level of each step, sqrt(1 - a) of the cumulative product a, from 1 to 0. */
  readonly levels: readonly number[];
  readonly sampler: { readonly name: string; readonly commonName: string };
  readonly operations: readonly RecordedOperation[];
  readonly figures: Readonly<Record<string, number>>;
}

/** What is known of a run before it starts: what it makes, and one pass of the network, which decides its memory. */
export interface VideoDemand {
  readonly canvas: VideoCanvas;
  /** Rows of the batch. */
  readonly rows: number;
  /** Latent frames of one pass. */
  readonly window: number;
  /** Whether the latent is in the scratch and goes through memory window by window. Default false. */
  readonly streams?: boolean;
  /** Whether rows take logits, keys or values from others. Default false. */
  readonly routed?: boolean;
}

/** One way to make or change a video. A new one is a file like its neighbours and a line in `videoregistry.ts`. */
export interface VideoMethod {
  readonly description: MethodDescription;
  demand(request: ResolvedRequest, model: VideoModel): VideoDemand;
  /** Whether a run reads the negative prompt; absent: where guidance is not 1. */
  readsNegative?(request: ResolvedRequest): boolean;
  run(context: VideoContext): Promise<VideoOutcome>;
}
