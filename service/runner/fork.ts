import { fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isOutOfMemory } from '../../engine/index.ts';
import { Mailbox } from '../../transport/index.ts';
import type { RunnerProcess } from '../service.ts';
import { exitOf, type RunnerExit } from './exit.ts';
import { openPulse, SILENT_MS, silentSentence } from './pulse.ts';

/** The open file of a forked runner that its pulse goes into. */
export const PULSE_FD = 4;
/** A process that is started on a busy machine takes its time. */
const FIRST_BEAT_MS = 60_000;
/** So much of what it wrote to standard error is kept: the last words of a process that ends. */
const KEPT_CHARACTERS = 16_384;
/** What it wrote last may come this much later than its end. */
const LAST_WORDS_MS = 500;

export interface ForkOptions {
  /** The file of the runner's entry; default: `main` beside this file. A bundle names its own. */
  readonly entry?: string | URL;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A runner from which nothing is heard for so long is ended; default: ten seconds. */
  readonly silentMs?: number;
}

/**
 * Starts a runner as a child process of Node, with the Node that runs this. It ends with this process, whatever ends that. What it writes to
 * standard error is for developers, and shown with ATTUNE_DEBUG=1.
 */
export function forkRunner({
  entry = ownEntry(),
  env = process.env,
  silentMs = SILENT_MS,
}: ForkOptions = {}): RunnerProcess & {
  readonly pid: number | undefined;
} {
  const path = entry instanceof URL ? fileURLToPath(entry) : entry;
  const compiled = getCompileCacheDir();
  const child = fork(path, [], {
    serialization: 'advanced',
    execPath: process.execPath,
    execArgv: [],
    env: { ...env, ...(compiled !== undefined && { NODE_COMPILE_CACHE: dirname(compiled) }) },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-KEPT_CHARACTERS);
    if (env.ATTUNE_DEBUG === '1') process.stderr.write(text);
  });
  const inbox = new Mailbox();
  let isKilled = false;
  const kill = () => {
    isKilled = true;
    child.kill('SIGKILL');
  };
  const listeners: ((exit: RunnerExit) => void)[] = [];
  let ended: RunnerExit | undefined;
  const pulse = openPulse({
    silentMs,
    firstMs: FIRST_BEAT_MS,
    onSilent() {
      child.kill('SIGKILL');
      end({ isCrash: !isKilled, isOutOfMemory: false, sentence: silentSentence(silentMs) });
    },
  });
  const end = (exit: RunnerExit) => {
    if (ended !== undefined) return;
    ended = exit;
    pulse.close();
    inbox.close();
    for (const listener of listeners.splice(0)) listener(exit);
  };
  child.on('message', (message) => inbox.deliver(message));
  child.stdio[PULSE_FD]?.on('data', () => pulse.beat());
  child.on('close', (code, signal) => end(exitOf({ code, signal, said, isKilled })));
  child.on('exit', (code, signal) => {
    setTimeout(() => end(exitOf({ code, signal, said, isKilled })), isKilled ? 0 : LAST_WORDS_MS).unref();
  });
  child.on('error', (error) => {
    end({ isCrash: !isKilled, isOutOfMemory: isOutOfMemory(error), sentence: sentenceOf(error) });
  });
  return {
    pid: child.pid,
    kill,
    onExit: (listener) => void (ended === undefined ? listeners.push(listener) : listener(ended)),
    port: {
      send: (message) => {
        // A runner that ends while it is spoken to is told of by its exit.
        if (child.connected) child.send(message as object, () => {});
      },
      onMessage: (listener) => inbox.listen(listener),
      onClose: (listener) => inbox.onClose(listener),
      close: kill,
    },
  };
}

const sentenceOf = (error: Error) => `The process that runs networks could not be started (${error.message}).`;

const ownEntry = () => new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url);
