import type { EditRequest } from '../../contract/index.ts';

/** A job before it has a file name. */
export interface ExpandedJob {
  readonly row: number;
  /** Which of the row's repeats, from 0. */
  readonly repeat: number;
  readonly request: EditRequest;
}
