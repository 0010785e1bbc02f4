import type { StatementSync } from 'node:sqlite';

/** A prepared statement; what fails is told as AttuneError 'file-failed' where the file is the reason. */
export type Statement = Pick<StatementSync, 'get' | 'all' | 'run' | 'iterate'>;

/** What statements are prepared and joined with. */
export interface Tables {
  /** Where they lie. */
  readonly file: string;
  prepare(sql: string): Statement;
  exec(sql: string): void;
  /** All of `work` or nothing of it. */
  transaction<T>(work: () => T): T;
}
