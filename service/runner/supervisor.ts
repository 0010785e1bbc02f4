import type { DeskEvent } from '../../contract/index.ts';
import { AttuneError } from '../../engine/index.ts';
import { ToldError } from '../explain.ts';
import type { RunnerProcess } from '../service.ts';
import type { RunnerExit } from './exit.ts';
import type { Answers, Ask, FromRunner, Select, Setup, ToRunner } from './messages.ts';

export type EngineEvent = Extract<DeskEvent, { kind: 'engine' }>;
export type EngineState = EngineEvent['state'];
type JobMessage = Extract<FromRunner, { readonly job: string }>;

export interface SupervisorOptions {
  readonly startRunner: () => RunnerProcess;
  readonly setup: () => Setup;
  readonly onEngine: (event: EngineEvent) => void;
  readonly onJob: (message: JobMessage) => void;
  readonly onReady: () => void;
  /** The runner is gone, and with it what it was running. Told before the next one is started. */
  readonly onGone: (exit: RunnerExit) => void;
}

/** Keeps one runner alive: starts it again after a crash, but not after three in five minutes. */
export interface Supervisor {
  readonly state: EngineState;
  readonly last: EngineEvent;
  /** Starts it where it is stopped; forgets the crashes before. */
  start(): void;
  /** Only while it is ready. */
  send(message: ToRunner): void;
  /** Settings changed. */
  update(): void;
  /** Ends the runner at once and starts another; no crash. */
  replace(): void;
  measure(): Promise<Answers['measure']>;
  select(asked: Omit<Select, 'kind' | 'id'>): Promise<Answers['select']>;
  close(): void;
}

const MAX_CRASHES = 3;
const CRASH_WINDOW_MS = 5 * 60_000;

const LOST = 'The engine ended before it answered; ask again.';

export function openSupervisor({
  startRunner,
  setup,
  onEngine,
  onJob,
  onReady,
  onGone,
}: SupervisorOptions): Supervisor {
  let runner: RunnerProcess | undefined;
  let last: EngineEvent = { kind: 'engine', state: 'starting', sentence: 'The engine is starting.' };
  let isClosed = false;
  let crashes: number[] = [];
  let lastId = 0;
  const asked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  /** Questions that came before the runner was ready. */
  const unsent: Ask[] = [];

  const say = (state: EngineState, sentence: string) => {
    last = { kind: 'engine', state, sentence };
    onEngine(last);
  };
  const rejectAll = (sentence: string) => {
    unsent.length = 0;
    for (const { reject } of asked.values()) reject(new AttuneError('runtime-failed', sentence));
    asked.clear();
  };
  const hear = (message: FromRunner) => {
    switch (message.kind) {
      case 'ready':
        runner?.port.send(setup());
        say('ready', 'The engine is ready.');
        for (const ask of unsent.splice(0)) runner?.port.send(ask);
        return onReady();
      case 'answer':
        asked.get(message.id)?.resolve(message.value);
        return void asked.delete(message.id);
      case 'refused':
        asked.get(message.id)?.reject(new ToldError(message.error));
        return void asked.delete(message.id);
      default:
        return onJob(message);
    }
  };
  const launch = (state: 'starting' | 'restarting', sentence: string) => {
    say(state, sentence);
    const started = startRunner();
    runner = started;
    started.port.onMessage((message) => {
      // The runner is of our own version; a replaced one may still be speaking.
      if (runner === started && !isClosed) hear(message as FromRunner);
    });
    started.onExit((exit) => {
      if (runner !== started || isClosed) return;
      runner = undefined;
      gone(exit);
    });
  };
  const gone = (exit: RunnerExit) => {
    const { isCrash, sentence: how } = exit;
    rejectAll(LOST);
    if (isCrash) {
      const now = Date.now();
      crashes = [...crashes.filter((time) => now - time < CRASH_WINDOW_MS), now];
    }
    const isTooMuch = isCrash && crashes.length >= MAX_CRASHES;
    if (isTooMuch)
      last = { kind: 'engine', state: 'stopped', sentence: `${how} That was the third time in five minutes.` };
    else last = { ...last, state: 'restarting' };
    onGone(exit);
    if (isClosed) return;
    if (isTooMuch)
      say(
        'stopped',
        `${how} That was the third time in five minutes, so the engine stays off until you start it. Set aside what was running, or choose another size or checkpoint.`,
      );
    else launch('restarting', `${how} It is starting again.`);
  };
  const ask = <Kind extends Ask['kind']>(message: (id: number) => Ask): Promise<Answers[Kind]> =>
    new Promise((resolve, reject) => {
      if (isClosed || last.state === 'stopped')
        return reject(new AttuneError('runtime-failed', 'The engine is stopped; start it, then ask again.'));
      lastId += 1;
      // The runner answers a question with a value of its kind.
      asked.set(lastId, { resolve: resolve as (value: unknown) => void, reject });
      const full = message(lastId);
      if (last.state === 'ready') runner?.port.send(full);
      else unsent.push(full);
    });
  return {
    get state() {
      return last.state;
    },
    get last() {
      return last;
    },
    start() {
      if (runner !== undefined || isClosed) return;
      crashes = [];
      launch('starting', 'The engine is starting.');
    },
    send: (message) => runner?.port.send(message),
    update() {
      if (last.state === 'ready') runner?.port.send(setup());
    },
    replace() {
      const old = runner;
      if (old === undefined || isClosed) return;
      runner = undefined;
      old.kill();
      gone({ isCrash: false, isOutOfMemory: false, sentence: 'The running step was ended with its process.' });
    },
    measure: () => ask<'measure'>((id) => ({ kind: 'measure', id })),
    select: (what) => ask<'select'>((id) => ({ kind: 'select', id, ...what })),
    close() {
      isClosed = true;
      rejectAll('Attune is closing.');
      runner?.kill();
      runner = undefined;
    },
  };
}
