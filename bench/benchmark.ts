import type { Workspace } from './workspace.ts';

export type Unit = 's' | 'ratio' | 'MiB' | 'share' | 'count';

/** One line of the table. */
export interface Figure {
  readonly label: string;
  readonly unit: Unit;
  /** By the wall clock where it is a time; one value a round. */
  readonly values: readonly number[];
  /** The same in processor time of the process, all threads: what other work on the machine disturbs least. */
  readonly cpu?: readonly number[];
  readonly bar?: Bar;
}

/** What the median must not exceed. */
export interface Bar {
  readonly atMost: number;
  /** Which clock is judged. Ratios of work of one thread go by processor time, what a person waits for by the wall clock. */
  readonly by: 'wall' | 'cpu';
}

export interface BenchContext {
  readonly workspace: Workspace;
  /** Threads of the runtime where steps are compared. */
  readonly threads: number;
  /** How long the soak works. */
  readonly minutes: number;
  /** One line for the person who waits. */
  readonly say: (line: string) => void;
}

/** One benchmark; a new one is a file like its neighbours and a line in `registry.ts`. */
export interface Benchmark {
  readonly name: string;
  readonly title: string;
  /** Runs only where it is named. */
  readonly isLong?: true;
  run(context: BenchContext): Promise<readonly Figure[]>;
}
