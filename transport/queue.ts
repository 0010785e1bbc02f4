import type { QueueChange, QueueState } from '../contract/index.ts';

/** The queue after a change; one that is in the list already may come again. */
export function changedQueue({ jobs }: QueueState, { isPaused, gone, put }: QueueChange): QueueState {
  const moved = new Set([...gone, ...put.map(({ job }) => job.job)]);
  const next = jobs.filter(({ job }) => !moved.has(job));
  for (const { at, job } of put) next.splice(at, 0, job);
  return { isPaused, jobs: next };
}
