import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Mailbox } from '../../transport/index.ts';
import type { RunnerProcess } from '../service.ts';
import { openPulse, SILENT_MS, silentSentence } from './pulse.ts';

/** The open file of a forked runner that its pulse goes into. */
export const PULSE_FD = 4;
/** A process that is started on a busy machine takes its time. */
const FIRST_BEAT_MS = 60_000;

export interface ForkOptions {
  /** The file of the runner's entry; default: `main` beside this file. A bundle names its own. */
  readonly entry?: string | URL;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A runner from which nothing is heard for so long is ended; default: ten seconds. */
  readonly silentMs?: number;
}

/** Starts a runner as a child process of Node, with the Node that runs this. */
export function forkRunner({
  entry = ownEntry(),
  env = process.env,
  silentMs = SILENT_MS,
}: ForkOptions = {}): RunnerProcess & {
  readonly pid: number | undefined;
} {
  const path = entry instanceof URL ? fileURLToPath(entry) : entry;
  const child = fork(path, [], {
    serialization: 'advanced',
    execPath: process.execPath,
    execArgv: [],
    env: { ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc', 'pipe'],
  });
  const inbox = new Mailbox();
  let isKilled = false;
  const kill = () => {
    isKilled = true;
    child.kill('SIGKILL');
  };
  const listeners: Parameters<RunnerProcess['onExit']>[0][] = [];
  let ended: { readonly isCrash: boolean; readonly sentence: string } | undefined;
  const pulse = openPulse({
    silentMs,
    firstMs: FIRST_BEAT_MS,
    onSilent() {
      child.kill('SIGKILL');
      end(silentSentence(silentMs));
    },
  });
  const end = (sentence: string) => {
    if (ended !== undefined) return;
    ended = { isCrash: !isKilled, sentence };
    pulse.close();
    inbox.close();
    for (const listener of listeners.splice(0)) listener(ended);
  };
  child.on('message', (message) => inbox.deliver(message));
  child.stdio[PULSE_FD]?.on('data', () => pulse.beat());
  const endedSo = (how: string) => end(`The process that runs networks ended (${how}).`);
  child.on('exit', (code, signal) => endedSo(signal ?? `code ${code}`));
  child.on('error', (error) => endedSo(error.message));
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

const ownEntry = () => new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url);
