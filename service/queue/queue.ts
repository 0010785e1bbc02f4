import { randomUUID } from 'node:crypto';
import { EditRequest, JobState, type QueuedJob, type QueueState, UserError } from '../../contract/index.ts';
import { AttuneError } from '../../engine/index.ts';
import type { Database } from '../store/database.ts';

export interface NewJob {
  readonly request: EditRequest;
  readonly isFirst?: boolean;
  /** The batch it belongs to. */
  readonly batch?: string;
}

/** The jobs that wait, run or ended without a result, as rows on the disk. Nothing here runs anything. */
export interface JobQueue {
  /** Durable when it returns. */
  submit(job: NewJob): string;
  /** Throws 'request-invalid' for a job that is not in the queue. */
  get(job: string): QueuedJob;
  find(job: string): QueuedJob | undefined;
  /** The next one to run, or undefined when none waits. */
  next(): QueuedJob | undefined;
  started(job: string): void;
  /** Back to its place, to run again; returns how often the runner crashed with it. */
  putBack(job: string, isCrash: boolean): number;
  ended(job: string, state: 'failed' | 'cancelled', error?: UserError): void;
  /** Called within the transaction that adds its result to the history. */
  drop(job: string): void;
  retry(job: string): void;
  remove(job: string): void;
  move(job: string, before?: string): void;
  /** Takes out everything that waits; returns the ids. */
  clear(): readonly string[];
  isPaused(): boolean;
  setPaused(isPaused: boolean): void;
  state(): QueueState;
}

/** Opens the queue; what was running when the last process ended waits again, and batches put their own jobs in again. */
export function openQueue({ db, transaction }: Database): JobQueue {
  db.exec(`DELETE FROM jobs WHERE batch IS NOT NULL; UPDATE jobs SET state = 'waiting' WHERE state = 'running'`);
  const columns = 'id, state, request, created_ms, attempts, error, batch';
  const insert = db.prepare(
    `INSERT INTO jobs (id, position, state, request, created_ms, batch) VALUES (?, ?, 'waiting', ?, ?, ?)`,
  );
  const one = db.prepare(`SELECT ${columns} FROM jobs WHERE id = ?`);
  const first = db.prepare(`SELECT ${columns} FROM jobs WHERE state = 'waiting' ORDER BY position LIMIT 1`);
  const listed = db.prepare(
    `SELECT ${columns} FROM jobs ORDER BY CASE state WHEN 'running' THEN 0 WHEN 'waiting' THEN 1 ELSE 2 END, position`,
  );
  const ends = db.prepare('SELECT coalesce(min(position), 0) AS low, coalesce(max(position), 0) AS high FROM jobs');
  const place = db.prepare('UPDATE jobs SET position = ? WHERE id = ?');
  const setState = db.prepare('UPDATE jobs SET state = ?, error = ? WHERE id = ?');
  const drop = db.prepare('DELETE FROM jobs WHERE id = ?');
  const start = db.prepare(`UPDATE jobs SET state = 'running', attempts = attempts + 1, error = NULL WHERE id = ?`);
  const back = db.prepare(`UPDATE jobs SET state = 'waiting', crashes = crashes + ? WHERE id = ? RETURNING crashes`);
  const again = db.prepare(`UPDATE jobs SET state = 'waiting', error = NULL, crashes = 0, position = ? WHERE id = ?`);
  const waiting = db.prepare(`SELECT id FROM jobs WHERE state = 'waiting' ORDER BY position`);
  const getFlag = db.prepare(`SELECT value FROM flags WHERE name = 'paused'`);
  const setFlag = db.prepare(`INSERT OR REPLACE INTO flags (name, value) VALUES ('paused', ?)`);
  const edge = (isFirst: boolean) => {
    const row = ends.get();
    return isFirst ? Number(row?.low) - 1 : Number(row?.high) + 1;
  };
  const find = (job: string) => {
    const row = one.get(job);
    return row === undefined ? undefined : readRow(row);
  };
  const get = (job: string) => {
    const found = find(job);
    if (found !== undefined) return found;
    throw new AttuneError('request-invalid', `There is no job ${job} in the queue; it ended or was removed.`, {
      field: 'job',
    });
  };
  const getIn = (job: string, states: readonly QueuedJob['state'][], what: string) => {
    const found = get(job);
    if (states.includes(found.state)) return found;
    throw new AttuneError('request-invalid', `The job ${job} is ${found.state}; ${what}.`, { field: 'job' });
  };
  return {
    find,
    get,
    submit({ request, isFirst = false, batch }) {
      const id = randomUUID();
      insert.run(id, edge(isFirst), JSON.stringify(request), Date.now(), batch ?? null);
      return id;
    },
    next() {
      const row = first.get();
      return row === undefined ? undefined : readRow(row);
    },
    started: (job) => void start.run(job),
    putBack: (job, isCrash) => Number(back.get(isCrash ? 1 : 0, job)?.crashes ?? 0),
    ended: (job, state, error) => void setState.run(state, error === undefined ? null : JSON.stringify(error), job),
    drop: (job) => void drop.run(job),
    retry(job) {
      getIn(job, ['failed', 'cancelled'], 'only one that failed or was cancelled can be tried again');
      again.run(edge(false), job);
    },
    remove(job) {
      getIn(job, ['waiting', 'failed', 'cancelled'], 'cancel it first');
      drop.run(job);
    },
    move(job, before) {
      getIn(job, ['waiting'], 'only one that waits can be moved');
      if (before !== undefined) getIn(before, ['waiting'], 'a job can be put only before one that waits');
      transaction(() => {
        const ids = waiting.all().map(({ id }) => String(id));
        const others = ids.filter((id) => id !== job);
        const at = before === undefined ? others.length : others.indexOf(before === job ? '' : before);
        if (at < 0) return;
        others.splice(at, 0, job);
        const low = Number(ends.get()?.high) + 1;
        for (const [index, id] of others.entries()) place.run(low + index, id);
      });
    },
    clear: () =>
      transaction(() => {
        const ids = waiting.all().map(({ id }) => String(id));
        db.exec(`DELETE FROM jobs WHERE state = 'waiting'`);
        return ids;
      }),
    isPaused: () => getFlag.get()?.value === 1,
    setPaused: (isPaused) => void setFlag.run(isPaused ? 1 : 0),
    state: () => ({ isPaused: getFlag.get()?.value === 1, jobs: listed.all().map(readRow) }),
  };
}

type Row = Readonly<Record<string, unknown>>;

function readRow(row: Row): QueuedJob {
  return {
    job: String(row.id),
    state: JobState.parse(row.state),
    request: EditRequest.parse(JSON.parse(String(row.request))),
    createdMs: Number(row.created_ms),
    attempts: Number(row.attempts),
    ...(typeof row.error === 'string' ? { error: UserError.parse(JSON.parse(row.error)) } : {}),
    ...(typeof row.batch === 'string' ? { batch: row.batch } : {}),
  };
}
