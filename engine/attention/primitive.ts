import type { Block } from './block.ts';
import type { AttentionOp } from './ops.ts';
import type { SiteScope } from './scope.ts';
import type { HookSizes } from './sizes.ts';
import type { HookInput } from './values.ts';

/**
 * When a primitive is folded into a block; within a stage operations follow the order of the list. The value channels of captures
 * are attached between `extend` and `filter`.
 */
export const stages = ['route', 'extend', 'filter', 'shape', 'share', 'fork', 'capture'] as const;
export type Stage = (typeof stages)[number];

/** One kind of operation. */
export interface Primitive<Op extends AttentionOp> {
  readonly stage: Stage;
  /** Throws AttuneError 'graph-invalid' for a structure that cannot be built at these sizes. */
  check(op: Op, sizes: HookSizes): void;
  /** The run-time inputs of an operation. */
  inputs(op: Op, sizes: HookSizes): readonly HookInput[];
  /** Whether rows that the operation does not name must be evaluated apart from those it names. */
  separatesRows(op: Op): boolean;
  /** Folds the operation into the block of a row group it acts on. Absent where the evaluation itself deals with it. */
  readonly fold?: (scope: SiteScope, block: Block, op: Op) => Block;
}
