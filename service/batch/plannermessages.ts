import type { BatchPlan, BatchTable, MethodDescription, UserError } from '../../contract/index.ts';
import type { BatchProblem } from './expand.ts';
import type { ExpandedJob } from './job.ts';
import type { Row } from './row.ts';

/** What the service asks of the thread that reads tables. Both ends are ours and of one version, so that the types are the check. */
export type Ask =
  | { readonly kind: 'parse'; readonly name: string; readonly bytes: Uint8Array }
  | { readonly kind: 'plan' | 'prepare'; readonly table: BatchTable; readonly methods: readonly MethodDescription[] };

export interface Answers {
  readonly parse: { readonly rows: Row[]; readonly notes: string[] };
  readonly plan: BatchPlan;
  /** The jobs come before it, some at a time. */
  readonly prepare: { readonly problems: readonly BatchProblem[]; readonly fingerprint: string };
}

export type FromPlanner =
  | { readonly id: number; readonly jobs: readonly ExpandedJob[] }
  | { readonly id: number; readonly value: Answers[keyof Answers] }
  | { readonly id: number; readonly error: UserError };
