import type { MethodDescription, Pixels, RecordedOperation, ResolvedRequest } from '../../contract/index.ts';
import type { Conditioning } from '../pipeline/condition.ts';
import type { JobShape } from '../pipeline/memory.ts';
import type { Model } from '../pipeline/model.ts';
import type { Progress } from '../pipeline/progress.ts';

/** What a method works with. Pictures have the request's size and are padded by the pipeline, never resized silently. */
export interface MethodContext {
  readonly model: Model;
  readonly request: ResolvedRequest;
  /** RGB, of the request's size; present when the method lists `source`. */
  readonly source?: Pixels;
  /** One channel, 255 = repaint, of the request's size. */
  readonly mask?: Pixels;
  readonly progress: Progress;
}

export interface WordMap {
  readonly word: string;
  /** One channel, of the request's size; 255 = most. */
  readonly image: Pixels;
}

/** What a method hands back; the engine adds the record around it. */
export interface MethodOutcome {
  /** RGB, of the request's size, before any pasting. */
  readonly image: Pixels;
  readonly maps: readonly WordMap[];
  /** One channel, of the request's size: where the picture may change. Outside it the engine pastes the source back. */
  readonly mask?: Pixels;
  readonly prompts: readonly {
    readonly role: 'prompt' | 'sourcePrompt' | 'negative';
    readonly condition: Conditioning;
  }[];
  readonly sigmas: Float32Array;
  readonly sampler: { readonly name: string; readonly commonName: string };
  readonly operations: readonly RecordedOperation[];
  readonly figures: Readonly<Record<string, number>>;
}

/** The part of a job's shape that only its method knows. */
export type MethodDemand = Pick<JobShape, 'rows' | 'searchRows' | 'encodes' | 'routed'>;

/** Batch rows of a branch: a guidance scale of 1 needs no row for the negative prompt. */
export const rowsOf = (guidance: number): number => (guidance === 1 ? 1 : 2);

/** One way to make or change a picture. A new one is a file like its neighbours and a line in `registry.ts`. */
export interface Method {
  readonly description: MethodDescription;
  /** What a run keeps in memory at once, for the plan that is made before it starts. */
  demand(request: ResolvedRequest, hasMask: boolean): MethodDemand;
  /** Whether a run reads the negative prompt; absent: where guidance is not 1. */
  readsNegative?(request: ResolvedRequest): boolean;
  run(context: MethodContext): Promise<MethodOutcome>;
}
