import type { Size } from '../../contract/index.ts';
import type { Database } from './database.ts';

/** What of a job decides how long it takes on one machine. */
export interface TimedJob {
  readonly checkpoint: string;
  readonly method: string;
  /** Of the result. */
  readonly frames: number;
  readonly size: Size;
  readonly steps: number;
}

/** How long earlier jobs took. */
export interface Timings {
  add(job: TimedJob, ms: number): void;
  /** Milliseconds: the median of the last runs, scaled by the count of steps; undefined before the first. */
  expected(job: TimedJob): number | undefined;
}

const RUNS_COUNTED = 9;

const keyOf = ({ method, frames }: TimedJob) => (frames === 1 ? method : `${method}/${frames}`);

export function openTimings({ prepare }: Database): Timings {
  const insert = prepare(
    'INSERT INTO timings (checkpoint, method, width, height, steps, ms) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const last = prepare(
    `SELECT steps, ms FROM timings WHERE checkpoint = ? AND method = ? AND width = ? AND height = ?
     ORDER BY seq DESC LIMIT ${RUNS_COUNTED}`,
  );
  return {
    add: (job, ms) => void insert.run(job.checkpoint, keyOf(job), job.size.width, job.size.height, job.steps, ms),
    expected(job) {
      const { checkpoint, size, steps } = job;
      const perStep = last
        .all(checkpoint, keyOf(job), size.width, size.height)
        .map((row) => Number(row.ms) / Number(row.steps))
        .sort((a, b) => a - b);
      const median = perStep[Math.floor(perStep.length / 2)];
      return median === undefined ? undefined : median * steps;
    },
  };
}
