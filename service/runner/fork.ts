import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Mailbox } from '../../transport/index.ts';
import type { RunnerProcess } from '../service.ts';

export interface ForkOptions {
  /** The file of the runner's entry; default: `main` beside this file. A bundle names its own. */
  readonly entry?: string | URL;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Starts a runner as a child process of Node, with the Node that runs this. */
export function forkRunner({ entry = ownEntry(), env = process.env }: ForkOptions = {}): RunnerProcess & {
  readonly pid: number | undefined;
} {
  const path = entry instanceof URL ? fileURLToPath(entry) : entry;
  const child = fork(path, [], {
    serialization: 'advanced',
    execPath: process.execPath,
    execArgv: [],
    env: { ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const inbox = new Mailbox();
  let isKilled = false;
  const kill = () => {
    isKilled = true;
    child.kill('SIGKILL');
  };
  const listeners: Parameters<RunnerProcess['onExit']>[0][] = [];
  let ended: { readonly isCrash: boolean; readonly sentence: string } | undefined;
  const end = (how: string) => {
    if (ended !== undefined) return;
    ended = { isCrash: !isKilled, sentence: `The process that runs networks ended (${how}).` };
    inbox.close();
    for (const listener of listeners.splice(0)) listener(ended);
  };
  child.on('message', (message) => inbox.deliver(message));
  child.on('exit', (code, signal) => end(signal ?? `code ${code}`));
  child.on('error', (error) => end(error.message));
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
