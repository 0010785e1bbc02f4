import type { MediaInfo, ParamValue } from '../../../contract/index.ts';

/** A prompt on the timeline. */
export interface TimedClip {
  readonly id: string;
  readonly prompt: string;
  /** Frames it lasts at least. */
  readonly frames: number;
}

/** Everything about a video that undo and restart bring back. */
export interface VideoDraft {
  readonly checkpoint: string;
  readonly clips: readonly TimedClip[];
  readonly negative: string;
  /** Values that were set by hand. */
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly steps: number | null;
  readonly guidance: number | null;
  readonly seed: number;
  readonly isSeedLocked: boolean;
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
export interface Document {
  readonly source: MediaInfo | null;
  readonly checkpoint: string;
  readonly method: string;
  readonly sourcePrompt: string;
  readonly prompt: string;
  readonly negative: string;
  /** Values that were set by hand, by method; the others follow the model and the method. */
  readonly params: Readonly<Record<string, Readonly<Record<string, ParamValue>>>>;
  readonly steps: number | null;
  readonly guidance: number | null;
  readonly seed: number;
  /** Whether a new run keeps the seed. */
  readonly isSeedLocked: boolean;
  /** The history entry that is shown over the source. */
  readonly shown: string | null;
  readonly video: VideoDraft;
}

export const EMPTY_DOCUMENT: Document = {
  source: null,
  checkpoint: 'embedded/image',
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
  /** Another picture: its mask is empty, the old one is kept to come back to. */
  | {
      readonly kind: 'open';
      readonly label: string;
      readonly before: Partial<Document>;
      readonly after: Partial<Document>;
      readonly maskBefore: Uint8Array;
      readonly maskAfter: Uint8Array;
    };
