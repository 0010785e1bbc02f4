import { randomUUID } from 'node:crypto';
import {
  type EditRequest,
  type QueueChange,
  QueuedJob,
  type QueueState,
  type UserError,
} from '../../contract/index.ts';
import { AttuneError } from '../../engine/index.ts';
import type { Database } from '../store/database.ts';
import { type Item, JobOrder } from './order.ts';

export interface NewJob {
  readonly request: EditRequest;
  readonly isFirst?: boolean;
  /** The batch it belongs to. */
  readonly batch?: string;
}

/**
 * The jobs that wait, run or ended without a result: rows on the disk, read once. What a user asks for is on the disk when it returns, or
 * it did not happen. What happens to a job by itself is so at once and is written as soon as the disk takes it. Nothing here runs anything.
 */
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
  /** Takes its row away, within the transaction that adds its result to the history; `forget` follows when that is done. */
  drop(job: string): void;
  forget(job: string): void;
  retry(job: string): void;
  remove(job: string): void;
  move(job: string, before?: string): void;
  /** Takes out everything that waits; returns the ids. */
  clear(): readonly string[];
  isPaused(): boolean;
  setPaused(isPaused: boolean): void;
  state(): QueueState;
  /** What changed since the last time; undefined where nothing did. */
  changes(): QueueChange | undefined;
  /** Writes what could not be written before. Throws 'file-failed' while that is so. */
  save(): void;
}

type Row = Readonly<Record<string, unknown>>;

/** Opens the queue; what was running when the last process ended waits again, and batches put their own jobs in again. */
export function openQueue({ prepare, exec, transaction, aside }: Database): JobQueue {
  aside.restore('jobs', (row) => !(readItem(row) instanceof Error));
  const insert = prepare(
    `INSERT INTO jobs (id, position, state, request, created_ms, batch) VALUES (?, ?, 'waiting', ?, ?, ?)`,
  );
  const listed = prepare('SELECT * FROM jobs WHERE batch IS NULL ORDER BY position');
  const write = prepare('UPDATE jobs SET position = ?, state = ?, attempts = ?, crashes = ?, error = ? WHERE id = ?');
  const drop = prepare('DELETE FROM jobs WHERE id = ?');
  const getFlag = prepare(`SELECT value FROM flags WHERE name = 'paused'`);
  const setFlag = prepare(`INSERT OR REPLACE INTO flags (name, value) VALUES ('paused', ?)`);

  const order = new JobOrder();
  /** Jobs whose rows are not yet what they are here. */
  const unsaved = new Set<string>();
  let hasOldBatches = true;
  let isPaused = getFlag.get()?.value === 1;
  let told = { put: new Set<string>(), gone: new Set<string>(), isPaused };

  for (const row of listed.all()) {
    const item = readItem(row);
    if (item instanceof Error) aside.put('jobs', String(row.id), item);
    else {
      if (item.job.state === 'running') {
        item.job = { ...item.job, state: 'waiting' };
        unsaved.add(item.job.job);
      }
      order.add(item);
    }
  }

  const writeItem = ({ job, position, crashes }: Item) =>
    void write.run(
      position,
      job.state,
      job.attempts,
      crashes,
      job.error === undefined ? null : JSON.stringify(job.error),
      job.job,
    );
  const save = () => {
    if (hasOldBatches) exec('DELETE FROM jobs WHERE batch IS NOT NULL');
    hasOldBatches = false;
    for (const id of unsaved) {
      const item = order.find(id);
      if (item === undefined) drop.run(id);
      else writeItem(item);
      unsaved.delete(id);
    }
  };
  const saveLater = (id: string) => {
    unsaved.add(id);
    try {
      save();
    } catch (error) {
      // A full disk, most likely: it is so all the same, and is written when there is room.
      if (!(error instanceof AttuneError)) throw error;
    }
  };
  const see = (id: string) => {
    if (order.find(id) === undefined) {
      told.put.delete(id);
      told.gone.add(id);
    } else told.put.add(id);
  };
  const itemOf = (job: string): Item => {
    const found = order.find(job);
    if (found !== undefined) return found;
    throw new AttuneError('request-invalid', `There is no job ${job} in the queue; it ended or was removed.`, {
      field: 'job',
    });
  };
  const itemIn = (job: string, states: readonly QueuedJob['state'][], what: string): Item => {
    const found = itemOf(job);
    if (states.includes(found.job.state)) return found;
    throw new AttuneError('request-invalid', `The job ${job} is ${found.job.state}; ${what}.`, { field: 'job' });
  };
  /** A change by itself. */
  const become = (id: string, change: (item: Item) => Parameters<JobOrder['change']>[1]) => {
    const item = order.find(id);
    if (item === undefined) return;
    order.change(item, change(item));
    see(id);
    saveLater(id);
  };
  /** A change that somebody asked for: on the disk first. */
  const ask = (item: Item, change: Partial<Item>) => {
    writeItem({ ...item, ...change });
    order.change(item, change);
    see(item.job.job);
  };
  const forget = (id: string) => {
    order.remove(id);
    unsaved.delete(id);
    see(id);
  };
  try {
    save();
  } catch (error) {
    if (!(error instanceof AttuneError)) throw error;
  }
  return {
    find: (job) => order.find(job)?.job,
    get: (job) => itemOf(job).job,
    submit({ request, isFirst = false, batch }) {
      const job: QueuedJob = {
        job: randomUUID(),
        state: 'waiting',
        request,
        createdMs: Date.now(),
        attempts: 0,
        ...(batch === undefined ? {} : { batch }),
      };
      const position = order.edge(isFirst);
      insert.run(job.job, position, JSON.stringify(request), job.createdMs, batch ?? null);
      order.add({ job, position, crashes: 0 });
      see(job.job);
      return job.job;
    },
    next: () => order.waiting()[0]?.job,
    started: (id) =>
      become(id, ({ job: { error: _, ...job } }) => ({
        job: { ...job, state: 'running', attempts: job.attempts + 1 },
      })),
    putBack(id, isCrash) {
      become(id, ({ job, crashes }) => ({ job: { ...job, state: 'waiting' }, crashes: crashes + (isCrash ? 1 : 0) }));
      return order.find(id)?.crashes ?? 0;
    },
    ended: (id, state, error) =>
      become(id, ({ job: { error: _, ...job } }) => ({
        job: { ...job, state, ...(error === undefined ? {} : { error }) },
      })),
    drop: (id) => void drop.run(id),
    forget,
    retry(id) {
      const item = itemIn(id, ['failed', 'cancelled'], 'only one that failed or was cancelled can be tried again');
      const { error: _, ...job } = item.job;
      ask(item, { job: { ...job, state: 'waiting' }, crashes: 0, position: order.edge(false) });
    },
    remove(id) {
      itemIn(id, ['waiting', 'failed', 'cancelled'], 'cancel it first');
      forget(id);
      saveLater(id);
    },
    move(id, before) {
      const item = itemIn(id, ['waiting'], 'only one that waits can be moved');
      if (before === id) return;
      if (before === undefined) return ask(item, { position: order.edge(false) });
      const other = itemIn(before, ['waiting'], 'a job can be put only before one that waits');
      const places = order.before(other, item);
      transaction(() => {
        for (const { item, position } of places) writeItem({ ...item, position });
      });
      order.place(places);
      // The others stand where they stood among each other.
      see(id);
    },
    clear() {
      const ids = order.waiting().map(({ job }) => job.job);
      exec(`DELETE FROM jobs WHERE state = 'waiting'`);
      for (const id of ids) forget(id);
      return ids;
    },
    isPaused: () => isPaused,
    setPaused(value) {
      setFlag.run(value ? 1 : 0);
      isPaused = value;
    },
    state: () => ({ isPaused, jobs: order.all() }),
    changes() {
      const { put, gone, isPaused: wasPaused } = told;
      if (put.size === 0 && gone.size === 0 && isPaused === wasPaused) return undefined;
      told = { put: new Set(), gone: new Set(), isPaused };
      const items = [...put].flatMap((id) => order.find(id) ?? []);
      return {
        isPaused,
        gone: [...gone],
        put: items.map((item) => ({ at: order.indexOf(item), job: item.job })).sort((a, b) => a.at - b.at),
      };
    },
    save,
  };
}

/** A row of the table as a job, or why it is none. */
function readItem(row: Row): Item | Error {
  try {
    return {
      job: QueuedJob.parse({
        job: String(row.id),
        state: row.state,
        request: JSON.parse(String(row.request)),
        createdMs: Number(row.created_ms),
        attempts: Number(row.attempts),
        ...(typeof row.error === 'string' ? { error: JSON.parse(row.error) } : {}),
        ...(typeof row.batch === 'string' ? { batch: row.batch } : {}),
      }),
      position: Number(row.position),
      crashes: Number(row.crashes),
    };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
