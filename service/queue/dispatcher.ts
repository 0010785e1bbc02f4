import type { DeskEvent, HistoryEntry, QueuedJob, RunEvent } from '../../contract/index.ts';
import { AttuneError } from '../../engine/index.ts';
import { explain } from '../explain.ts';
import { Doing } from '../runner/doing.ts';
import type { RunnerExit } from '../runner/exit.ts';
import type { Done, Encoded, FromRunner } from '../runner/messages.ts';
import type { Supervisor } from '../runner/supervisor.ts';
import type { Database } from '../store/database.ts';
import type { History } from '../store/history.ts';
import type { MediaStore } from '../store/media.ts';
import type { Timings } from '../store/timings.ts';
import type { JobQueue, NewJob } from './queue.ts';

/** A step that has not ended this long after `cancel` is ended with its process. */
const CANCEL_MS = 1500;
/** A job with which the runner crashed this often is set aside. */
const MAX_CRASHES = 2;
/** How often a result that the disk did not take is offered again. */
const RETRY_MS = 5000;

const ASIDE = {
  what: 'That happened twice with this job, so it was set aside.',
  way: 'Try a smaller size or another checkpoint, or try it again.',
};

export interface DispatcherOptions {
  readonly database: Database;
  readonly queue: JobQueue;
  readonly history: History;
  readonly media: MediaStore;
  readonly timings: Timings;
  readonly supervisor: () => Supervisor;
  readonly emit: (event: DeskEvent) => void;
  /** Whether anybody looks at previews. */
  readonly wantsPreviews: () => boolean;
  /** Default: five seconds. */
  readonly retryMs?: number;
}

/** How a job ended: with a result in the history, or as the queue shows it; without a state it was taken out. */
export type JobEnd = { readonly isDone: true } | { readonly isDone: false; readonly job?: QueuedJob };

interface Current {
  readonly job: QueuedJob;
  readonly doing: Doing;
  isCancelled: boolean;
  timer?: NodeJS.Timeout;
  /** The runner is through with it, and this is on its way to the disk. */
  done?: Done;
}

/** Takes jobs from the queue to the runner and their results to the history. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  #current: Current | undefined;
  /** What the current job told that still holds, by what it is about. */
  readonly #told = new Map<string, RunEvent>();
  #isClosed = false;
  #queueIsTold = true;
  #disk: Extract<DeskEvent, { kind: 'disk' }> | undefined;
  #retry: NodeJS.Timeout | undefined;
  readonly #waiters = new Map<string, (end: JobEnd) => void>();

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /** Durable when it returns the id. */
  submit(job: NewJob): string {
    const id = this.#options.queue.submit(job);
    this.changed();
    this.pump();
    return id;
  }

  /** Tells the queue once for all changes of this turn. */
  changed(): void {
    if (!this.#queueIsTold) return;
    this.#queueIsTold = false;
    setImmediate(() => {
      this.#queueIsTold = true;
      if (this.#isClosed) return;
      const change = this.#options.queue.changes();
      if (change !== undefined) this.#options.emit({ kind: 'queue', change });
      for (const [id, tell] of this.#waiters) {
        const end = this.#endNow(id);
        if (end === undefined) continue;
        this.#waiters.delete(id);
        tell(end);
      }
    });
  }

  /** Set while the disk does not take what happens. */
  get disk(): Extract<DeskEvent, { kind: 'disk' }> | undefined {
    return this.#disk;
  }

  /** Resolves when the job has ended, whatever ends it. */
  endOf(id: string): Promise<JobEnd> {
    return new Promise((resolve) => {
      this.#waiters.set(id, resolve);
      this.changed();
    });
  }

  #endNow(id: string): JobEnd | undefined {
    const { queue, history } = this.#options;
    const job = queue.find(id);
    if (job === undefined) return history.has(id) ? { isDone: true } : { isDone: false };
    return job.state === 'failed' || job.state === 'cancelled' ? { isDone: false, job } : undefined;
  }

  /** Starts the next job where one can start. */
  pump(): void {
    const { queue, supervisor, media, wantsPreviews } = this.#options;
    if (this.#isClosed || this.#current !== undefined || supervisor().state !== 'ready' || queue.isPaused()) return;
    const job = queue.next();
    if (job === undefined) return;
    const { source, mask } = job.request;
    queue.started(job.job);
    this.#current = { job, doing: new Doing(), isCancelled: false };
    supervisor().send({
      kind: 'run',
      job: job.job,
      request: job.request,
      ...(source === undefined ? {} : { source: media.pathOf(source.sha256) }),
      ...(mask === undefined ? {} : { mask: media.pathOf(mask.sha256) }),
      previews: wantsPreviews(),
    });
    this.changed();
  }

  setPaused(isPaused: boolean): void {
    const { queue, supervisor } = this.#options;
    queue.setPaused(isPaused);
    supervisor().send({ kind: 'gate', isClosed: isPaused });
    this.changed();
    this.pump();
  }

  /** Returns at once; nothing more is told of the job. Harmless for one that ended. Throws 'request-invalid' for one that never was. */
  cancel(id: string): void {
    const { queue, history, supervisor } = this.#options;
    const job = queue.find(id);
    if (job === undefined && !history.has(id)) queue.get(id);
    if (job === undefined || (job.state !== 'waiting' && job.state !== 'running')) return;
    queue.ended(id, 'cancelled');
    const current = this.#current;
    if (current?.job.job === id) {
      current.isCancelled = true;
      if (current.done !== undefined) {
        // The runner is through with it: only the result was waiting.
        this.#diskIs(undefined);
        this.#next(current);
      } else {
        supervisor().send({ kind: 'cancel', job: id });
        current.timer = setTimeout(() => {
          if (this.#current === current) supervisor().replace();
        }, CANCEL_MS);
      }
    }
    this.changed();
  }

  /** A runner came up. */
  ready(): void {
    if (this.#options.queue.isPaused()) this.#options.supervisor().send({ kind: 'gate', isClosed: true });
    this.pump();
  }

  /** The runner went, and with it what it ran; a result that is here already stays. */
  gone(exit: RunnerExit): void {
    const { queue } = this.#options;
    const current = this.#current;
    if (current?.done !== undefined && !this.#isClosed) return;
    this.#free();
    if (current === undefined || current.isCancelled || this.#isClosed) return;
    const id = current.job.job;
    const crashes = queue.putBack(id, exit.isCrash);
    if (crashes >= MAX_CRASHES) this.#fail(id, explain(current.doing.lostBy(exit, ASIDE)));
    this.changed();
  }

  hear(message: Extract<FromRunner, { readonly job: string }>): void {
    const current = this.#current;
    if (current === undefined || current.job.job !== message.job) return;
    current.doing.hear(message);
    switch (message.kind) {
      case 'event':
        if (!current.isCancelled) this.#tell(message.job, message.event);
        return;
      case 'failed':
        if (!current.isCancelled) this.#fail(message.job, message.error);
        this.#next(current);
        return;
      case 'done':
        this.#finish(message, current);
    }
  }

  #tell(job: string, event: RunEvent): void {
    const subject = subjectOf(event);
    this.#told.delete(subject); // so that they stay in the order in which they were told
    this.#told.set(subject, event);
    // A part is of the stage that was told before it.
    if (event.kind === 'stage') this.#told.delete('part');
    this.#options.emit({ kind: 'run', job, event });
  }

  /** Stores what was made; where the disk does not take it, it waits here and is offered again, and the next job waits with it. */
  #finish(done: Done, current: Current): void {
    current.done = done;
    const stored = current.isCancelled ? Promise.resolve() : this.#store(done, current.job);
    stored.then(
      () => {
        this.#diskIs(undefined);
        this.#next(current);
      },
      (error: unknown) => {
        if (this.#isClosed || this.#current !== current) return;
        if (!current.isCancelled && error instanceof AttuneError && error.kind === 'file-failed') {
          this.#diskIs(error);
          return this.#tryAgain();
        }
        if (!current.isCancelled) this.#fail(done.job, explain(error));
        this.#next(current);
      },
    );
  }

  #tryAgain(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      const current = this.#current;
      if (this.#isClosed || current?.done === undefined) return;
      this.#finish(current.done, current);
    }, this.#options.retryMs ?? RETRY_MS).unref();
  }

  /** Says once that the disk fails, and once that it does no more. */
  #diskIs(failure: AttuneError | undefined): void {
    if ((failure === undefined) === (this.#disk === undefined)) return;
    this.#disk = failure && {
      kind: 'disk',
      state: 'failing',
      sentence: `${failure.message} The result waits and the queue with it; both go on by themselves when the disk takes it.`,
    };
    const sentence = 'The disk takes results again; all are kept.';
    this.#options.emit(this.#disk ?? { kind: 'disk', state: 'sound', sentence });
  }

  /** For a window that comes later: what the running job has told so far. */
  told(): { job: string; event: RunEvent }[] {
    const job = this.#current?.isCancelled === false ? this.#current.job.job : undefined;
    return job === undefined ? [] : [...this.#told.values()].map((event) => ({ job, event }));
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#free();
  }

  #free(): void {
    clearTimeout(this.#current?.timer);
    this.#current = undefined;
    this.#told.clear();
  }

  #next(current: unknown): void {
    if (this.#isClosed || this.#current !== current) return;
    this.#free();
    this.changed();
    this.pump();
  }

  #fail(job: string, error: ReturnType<typeof explain>): void {
    this.#options.queue.ended(job, 'failed', error);
    this.changed();
  }

  /** Files first, then in one step the entry comes into the history and the job goes out of the queue; then it is told. */
  async #store(done: Done, job: QueuedJob): Promise<void> {
    const { media, database, history, queue, timings, emit } = this.#options;
    const put = ({ bytes, format }: Encoded, part = '') => media.put(`${job.job.slice(0, 8)}${part}.${format}`, bytes);
    const result = await put(done.result);
    const area = done.area === undefined ? undefined : await put(done.area, '-area');
    const maps: HistoryEntry['maps'] = [];
    for (const [index, map] of done.maps.entries())
      maps.push({
        word: map.word,
        map: await put(map, `-map-${index + 1}`),
        ...(map.frame === undefined ? {} : { frame: map.frame }),
      });
    const entry: HistoryEntry = {
      id: job.job,
      createdMs: Date.now(),
      request: job.request,
      record: done.record,
      result,
      ...(area === undefined ? {} : { area }),
      maps,
      figures: { ...done.figures },
      warnings: [...done.warnings],
    };
    // Meanwhile it may have been cancelled.
    if (this.#isClosed || queue.find(job.job)?.state !== 'running') return;
    const { method, size, steps } = done.record.request;
    const timed = { checkpoint: job.request.checkpoint, method, frames: result.frames ?? 1, size, steps };
    database.transaction(() => {
      history.add(entry);
      queue.drop(job.job);
      const ms = done.figures.totalMs;
      if (ms !== undefined) timings.add(timed, ms);
    });
    queue.forget(job.job);
    emit({ kind: 'result', entry });
  }
}

/** Events about one thing replace each other: a later step stands for the earlier ones. */
function subjectOf(event: RunEvent): string {
  switch (event.kind) {
    case 'preview':
      return `preview ${event.frame ?? ''}`;
    case 'map':
      return `map ${event.word}`;
    default:
      return event.kind;
  }
}
