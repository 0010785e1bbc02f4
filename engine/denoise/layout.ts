import type { HookSizes } from '../attention/sizes.ts';
import type { Conditioning } from '../conditioning/conditioning.ts';

/**
 * The branches of an edit as rows of one batch: source, target, and for each of them with a guidance scale other than 1 a row for its
 * negative prompt. One forward pass serves them all, and attention operations read one row from another inside the graph.
 */

export interface BranchSpec {
  readonly name: string;
  readonly condition: Conditioning;
  /** Needed when `guidance` is not 1. */
  readonly negative?: Conditioning;
  /** Scale of classifier-free guidance; 1 runs the positive row alone. */
  readonly guidance: number;
}

/** One row of the batch. */
export interface BranchRow {
  readonly branch: number;
  readonly kind: 'positive' | 'negative';
  readonly condition: Conditioning;
}

export interface BranchLayout {
  readonly branches: readonly BranchSpec[];
  readonly rows: readonly BranchRow[];
  readonly sizes: HookSizes;
  /** Batch row of a branch; throws RangeError when there is none. */
  row(branch: string, kind?: 'positive' | 'negative'): number;
}
