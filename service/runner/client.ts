import type { EditRequest, UserError } from '../../contract/index.ts';
import {
  AttuneError,
  type ErrorKind,
  framesOfSource,
  type Pixels,
  type RunMedia,
  type RunOptions,
  type RunResult,
  type SelectRequest,
  type SelectResult,
  throwIfCancelled,
  type UpscaleRequest,
} from '../../engine/index.ts';
import { ToldError } from '../explain.ts';
import type { RunnerProcess } from '../service.ts';
import { Doing } from './doing.ts';
import type { RunnerExit } from './exit.ts';
import type { FromRunner, GivenClip, Setup, ToRunner } from './messages.ts';

/** What computes: an engine, in this process or behind a runner. */
export interface Compute {
  /** As `Engine.run`, without what the network made before it was pasted. */
  run(request: EditRequest, media: RunMedia, options?: ComputeOptions): Promise<Omit<RunResult, 'unpasted'>>;
  /** As `Engine.select`. */
  select(request: SelectRequest, options?: Pick<RunOptions, 'onEvent' | 'signal'>): Promise<SelectResult>;
  /** As `Engine.upscale`. */
  upscale(request: UpscaleRequest, options?: Pick<RunOptions, 'onEvent' | 'signal'>): Promise<Pixels>;
}

export interface ComputeOptions extends Pick<RunOptions, 'onEvent' | 'signal' | 'onBegin'> {
  /** Takes the frames in order as they are decoded. Absent: they are in the result. */
  readonly onFrame?: (frame: Pixels) => Promise<void> | void;
}

export interface ClientOptions {
  readonly startRunner: () => RunnerProcess;
  readonly setup: Promise<Setup>;
  /** A running step that has not ended this long after its signal is ended with its process; default 1.5 s. */
  readonly cancelMs?: number;
}

/** A runner for one program, which asks one thing after the other. */
export interface RunnerClient extends Compute {
  /** Ends the runner at once. */
  close(): void;
}

const CANCEL_MS = 1500;

const AGAIN = {
  way: 'Try it again; if it ends again, choose a smaller size or another checkpoint, and please report it.',
};

/** A job, and what is done with what the runner tells of it. */
interface Asked<Result> {
  readonly message: Extract<ToRunner, { readonly kind: 'stream' | 'look' | 'enlarge' }>;
  readonly source: RunMedia['source'];
  readonly signal: AbortSignal | undefined;
  /** Resolves when the runner may go on: to the result, with the message that brings it. What it throws ends the job. */
  hear(told: JobMessage): Promise<Result | undefined>;
}

/** What ends a job that went well. */
const ENDS: ReadonlySet<FromRunner['kind']> = new Set(['made', 'looked', 'enlarged']);

type JobMessage = Extract<FromRunner, { readonly job: string }>;

/** Starts a runner at once, and another one where it is asked after that one has ended. */
export function openRunnerClient({ startRunner, setup, cancelMs = CANCEL_MS }: ClientOptions): RunnerClient {
  let runner: Started | undefined = start(startRunner, setup);
  let lastJob = 0;
  const nextJob = () => {
    lastJob += 1;
    return String(lastJob);
  };

  async function ask<Result>({ message, source, signal, hear }: Asked<Result>): Promise<Result> {
    throwIfCancelled(signal);
    await setup;
    if (runner === undefined || runner.isGone()) runner = start(startRunner, setup);
    const { job } = message;
    const { process, listen, ready } = runner;
    const send = (told: ToRunner) => process.port.send(told);
    const doing = new Doing();
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    let own: unknown;
    let isTold = false;
    let timer: NodeJS.Timeout | undefined;
    const cancel = () => {
      if (!isTold) return reject(cancelled());
      send({ kind: 'cancel', job });
      timer ??= setTimeout(process.kill, cancelMs);
    };
    const ended = (error: Error) => reject(signal?.aborted ? cancelled() : (own ?? error));
    let last: Promise<void> = Promise.resolve();
    const take = async (told: JobMessage) => {
      // After an error here nothing of the job counts but its end.
      if (own !== undefined) return ENDS.has(told.kind) ? reject(own) : undefined;
      try {
        const result = await hear(told);
        if (result !== undefined) resolve(result);
        else if (told.kind === 'begin' || told.kind === 'frame') send({ kind: 'taken', job });
      } catch (error) {
        own = error;
        cancel();
      }
    };
    const stop = listen({
      hear(told) {
        if (!('job' in told) || told.job !== job) return;
        doing.hear(told);
        if (told.kind === 'failed') ended(asThrown(told.error));
        else last = last.then(() => take(told));
      },
      gone: (exit) => ended(doing.lostBy(exit, AGAIN)),
    });
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      await Promise.race([ready, promise]);
      throwIfCancelled(signal);
      isTold = true;
      // One by one, so that no message holds a whole clip.
      for (const frame of source === undefined ? [] : framesOfSource(source)) send({ kind: 'given', job, frame });
      send(message);
      const result = await promise;
      throwIfCancelled(signal);
      return result;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      stop();
      // Whoever takes frames is through with the last one.
      await last;
    }
  }

  return {
    async run(request, { source, mask }, { onEvent, onBegin, onFrame, signal } = {}) {
      const images: Pixels[] = [];
      return ask<Omit<RunResult, 'unpasted'>>({
        message: { kind: 'stream', job: nextJob(), request, ...(mask && { mask }), ...clipOf(source) },
        source,
        signal,
        async hear(told) {
          if (told.kind === 'event') onEvent?.(told.event);
          if (told.kind === 'begin') await onBegin?.(told.shape, told.memory);
          if (told.kind === 'frame' && onFrame === undefined) images.push(told.frame);
          if (told.kind === 'frame') await onFrame?.(told.frame);
          return told.kind === 'made' ? { ...told.result, images } : undefined;
        },
      });
    },
    async select({ source, ...request }, { onEvent, signal } = {}) {
      return ask<SelectResult>({
        message: { kind: 'look', job: nextJob(), request, ...clipOf(source) },
        source,
        signal,
        async hear(told) {
          if (told.kind === 'event') onEvent?.(told.event);
          return told.kind === 'looked' ? told.result : undefined;
        },
      });
    },
    async upscale({ picture, ...request }, { onEvent, signal } = {}) {
      return ask<Pixels>({
        message: { kind: 'enlarge', job: nextJob(), request },
        source: picture,
        signal,
        async hear(told) {
          if (told.kind === 'event') onEvent?.(told.event);
          return told.kind === 'enlarged' ? told.picture : undefined;
        },
      });
    },
    close: () => runner?.process.kill(),
  };
}

interface Listener {
  hear(message: FromRunner): void;
  gone(exit: RunnerExit): void;
}

interface Started {
  readonly process: RunnerProcess;
  /** Resolves when it hears what it is told. */
  readonly ready: Promise<void>;
  isGone(): boolean;
  /** One listener at a time; returns what ends it. Where the runner is gone it is told at once. */
  listen(listener: Listener): () => void;
}

function start(startRunner: () => RunnerProcess, setup: Promise<Setup>): Started {
  const process = startRunner();
  const ready = Promise.withResolvers<void>();
  let listener: Listener | undefined;
  let exit: RunnerExit | undefined;
  process.port.onMessage((received) => {
    const message = received as FromRunner; // both ends are ours
    if (message.kind !== 'ready') return listener?.hear(message);
    // Without a setup nothing is asked: who wanted to is told why.
    setup.then((told) => process.port.send(told)).then(ready.resolve, () => {});
  });
  process.onExit((how) => {
    exit = how;
    listener?.gone(how);
  });
  return {
    process,
    ready: ready.promise,
    isGone: () => exit !== undefined,
    listen(mine) {
      listener = mine;
      if (exit !== undefined) mine.gone(exit);
      return () => {
        listener = undefined;
      };
    },
  };
}

function clipOf(source: RunMedia['source']): GivenClip {
  if (source === undefined || !('frames' in source)) return {};
  const { frames: _frames, ...clip } = source;
  return { clip };
}

const cancelled = () => new AttuneError('cancelled', 'The job was cancelled.');

/** As the engine threw it, so that a front end can add its own way out. */
function asThrown(error: UserError): Error {
  const { kind, message, where } = error;
  if (kind === 'internal' || kind === 'usage') return new ToldError(error);
  return new AttuneError(kind satisfies ErrorKind, message, where);
}
