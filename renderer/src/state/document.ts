import type { MediaInfo, ParamValue, Region } from '../../../contract/index.ts';
import type { Box } from '../mask/box.ts';

/** A prompt on the timeline. */
export interface TimedClip {
  readonly id: string;
  readonly prompt: string;
  /** Frames it lasts at least. */
  readonly frames: number;
  /** Noise of its own; absent: the video's. */
  readonly seed?: number;
}

/** How a run samples; null: the method's or the model's own value. */
export interface Sampling {
  readonly steps: number | null;
  readonly guidance: number | null;
  readonly seed: number;
  /** Whether a new run keeps the seed. */
  readonly isSeedLocked: boolean;
}

/** A clip that is edited, and what is to change in it. */
export interface ClipEdit {
  readonly source: MediaInfo | null;
  /** Where the part that is edited begins: a frame. */
  readonly start: number;
  /** Frames of the part; absent: all that follow. */
  readonly frames?: number | undefined;
  readonly sourcePrompt: string;
  readonly prompt: string;
  /** Where its frames may change; absent: everywhere. */
  readonly box?: Box | undefined;
}

/** Everything about a video that undo and restart bring back. */
export interface VideoDraft extends Sampling {
  /** Absent: the one of the timeline. */
  readonly method?: string;
  readonly edit?: ClipEdit;
  readonly checkpoint: string;
  readonly clips: readonly TimedClip[];
  readonly negative: string;
  /** Values that were set by hand, by method. */
  readonly params: Readonly<Record<string, Readonly<Record<string, ParamValue>>>>;
  /** The history entry that is played. */
  readonly shown: string | null;
}

const SAMPLE_VIDEO: VideoDraft = {
  checkpoint: 'embedded/video',
  clips: [
    { id: 'first', prompt: 'a red apple moving right, on sand', frames: 9 },
    { id: 'second', prompt: 'a red apple rising, on sand', frames: 9 },
    { id: 'third', prompt: 'a blue apple moving left, on sand', frames: 9 },
  ],
  negative: '',
  params: {},
  steps: null,
  guidance: null,
  seed: 7,
  isSeedLocked: true,
  shown: null,
};

/** Everything about an edit that undo and restart bring back; the painted mask lies beside it, in pixels. */
export interface Document extends Sampling {
  readonly source: MediaInfo | null;
  readonly checkpoint: string;
  /** The part of the picture that is edited, in its pixels; null: placed by itself. */
  readonly region: Region | null;
  readonly method: string;
  readonly sourcePrompt: string;
  readonly prompt: string;
  readonly negative: string;
  /** Values that were set by hand, by method; the others follow the model and the method. */
  readonly params: Readonly<Record<string, Readonly<Record<string, ParamValue>>>>;
  /** The history entry that is shown over the source. */
  readonly shown: string | null;
  readonly video: VideoDraft;
}

export const EMPTY_DOCUMENT: Document = {
  source: null,
  checkpoint: 'embedded/image',
  region: null,
  method: 'prompt-edit',
  sourcePrompt: '',
  prompt: '',
  negative: '',
  params: {},
  steps: null,
  guidance: null,
  seed: 7,
  isSeedLocked: true,
  shown: null,
  video: SAMPLE_VIDEO,
};

/** One step of undo. */
export type Command =
  | {
      readonly kind: 'set';
      readonly label: string;
      readonly before: Partial<Document>;
      readonly after: Partial<Document>;
    }
  | { readonly kind: 'mask'; readonly label: string; readonly patch: Uint8Array }
  /** A result was taken out of the history, which undo puts back. */
  | {
      readonly kind: 'remove';
      readonly label: string;
      readonly id: string;
      readonly before: Partial<Document>;
      readonly after: Partial<Document>;
    }
  /** Another picture with a mask of its own, empty or as a result was made with; the old one is kept to come back to. */
  | {
      readonly kind: 'open';
      readonly label: string;
      readonly before: Partial<Document>;
      readonly after: Partial<Document>;
      readonly maskBefore: Uint8Array;
      readonly maskAfter: Uint8Array;
    };
