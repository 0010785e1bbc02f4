import type {
  EditRecord,
  EditRequest,
  ProviderFigure,
  Region,
  RunEvent,
  Selection,
  UserError,
} from '../../contract/index.ts';
import type {
  CatalogPlaces,
  Clip,
  FrameShape,
  MemoryPlan,
  Pixels,
  RunResult,
  SelectRequest,
  SelectResult,
  UpscaleRequest,
} from '../../engine/index.ts';

/**
 * What a runner is told by whoever started it: the service, or a command. Both ends are ours and of one version, so that the types are the
 * check. The service gives files and gets files (`run`); a command gives pixels and takes frames one by one (`stream`, `look`).
 */
export type ToRunner = Setup | RunJob | GivenFrame | StreamJob | LookJob | EnlargeJob | Taken | Cancel | Gate | Ask;

/** The first message, and again when settings change: it holds from the next job on. */
export interface Setup {
  readonly kind: 'setup';
  readonly version: string;
  readonly places: CatalogPlaces;
  /** Folder for what a job writes down while it runs. */
  readonly scratch: string;
  readonly provider: string;
  /** Whatever loads from outside must not. */
  readonly isOffline: boolean;
}

export interface RunJob {
  readonly kind: 'run';
  readonly job: string;
  readonly request: EditRequest;
  /** Files of the media store. */
  readonly source?: string;
  readonly mask?: string;
  readonly previews: boolean;
}

/** The next frame of the source of a job that is told after its frames; a picture is one. */
export interface GivenFrame {
  readonly kind: 'given';
  readonly job: string;
  readonly frame: Pixels;
}

/** What of a source is no pixels; absent of a picture. */
export interface GivenClip {
  readonly clip?: Omit<Clip, 'frames'>;
}

/** Answered by `begin`, a `frame` each, and `made`. The runner waits after `begin`, and decodes at most one frame ahead of `taken`. */
export interface StreamJob extends GivenClip {
  readonly kind: 'stream';
  readonly job: string;
  readonly request: EditRequest;
  readonly mask?: Pixels;
}

/** Answered by `looked`. */
export interface LookJob extends GivenClip {
  readonly kind: 'look';
  readonly job: string;
  readonly request: Omit<SelectRequest, 'source'>;
}

/** Answered by `enlarged`, after the one frame it is given. */
export interface EnlargeJob {
  readonly kind: 'enlarge';
  readonly job: string;
  readonly request: Omit<UpscaleRequest, 'picture'>;
}

/** What `begin` or a `frame` brought is dealt with. */
export interface Taken {
  readonly kind: 'taken';
  readonly job: string;
}

export interface Cancel {
  readonly kind: 'cancel';
  readonly job: string;
}

/** While closed, the running job waits after its step. */
export interface Gate {
  readonly kind: 'gate';
  readonly isClosed: boolean;
}

/** A question, answered under its id after what runs. */
export type Ask = Measure | Select;

export interface Measure {
  readonly kind: 'measure';
  readonly id: number;
}

export interface Select {
  readonly kind: 'select';
  readonly id: number;
  readonly checkpoint: string;
  /** File of the media store. */
  readonly source: string;
  readonly word: string;
  readonly region?: Region;
  readonly prompt?: string;
}

export interface Answers {
  readonly measure: readonly ProviderFigure[];
  readonly select: Selection;
}

/** A picture, or a video as animated WebP, without metadata and without loss; and the size of its pixels. */
export interface Encoded {
  readonly format: 'png' | 'webp';
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface Done {
  readonly kind: 'done';
  readonly job: string;
  readonly result: Encoded;
  readonly record: EditRecord;
  readonly area?: Encoded;
  readonly maps: readonly (Encoded & { readonly word: string; readonly frame?: number })[];
  readonly figures: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
}

/** What a streamed job made, besides its frames. */
export type Made = Omit<RunResult, 'images' | 'unpasted'>;

/** What the runner tells. */
export type FromRunner =
  | { readonly kind: 'ready' }
  /** What will come, and what it will take of memory. */
  | { readonly kind: 'begin'; readonly job: string; readonly shape: FrameShape; readonly memory: MemoryPlan }
  | { readonly kind: 'frame'; readonly job: string; readonly frame: Pixels }
  | { readonly kind: 'made'; readonly job: string; readonly result: Made }
  | { readonly kind: 'looked'; readonly job: string; readonly result: SelectResult }
  | { readonly kind: 'enlarged'; readonly job: string; readonly picture: Pixels }
  | { readonly kind: 'event'; readonly job: string; readonly event: RunEvent }
  | Done
  /** Also the end of a cancelled job, as the kind `cancelled`. */
  | { readonly kind: 'failed'; readonly job: string; readonly error: UserError }
  | { readonly kind: 'answer'; readonly id: number; readonly value: Answers[keyof Answers] }
  | { readonly kind: 'refused'; readonly id: number; readonly error: UserError };
