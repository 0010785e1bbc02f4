import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { DeskEvent } from '../../contract/index.ts';
import { isRunning } from '../../native/files.ts';
import { type Client, Mailbox, openClient } from '../../transport/index.ts';

/** One life of a service: from its start to its end, with the editor's client on it. */
export interface Life {
  readonly client: Client;
  readonly events: DeskEvent[];
  kill(what: 'service' | 'runner' | 'both'): void;
  /** Resolves when the process is gone, and every runner of it. */
  readonly ended: Promise<void>;
}

export async function startLife(home: string): Promise<Life> {
  const child: ChildProcess = fork(join(import.meta.dirname, 'service-child.ts'), [home], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let err = '';
  child.stderr?.on('data', (part: Buffer) => {
    err += part.toString();
  });
  const inbox = new Mailbox();
  const runners: number[] = [];
  child.on('message', (message: object) => {
    if ('runner' in message) runners.push(Number(message.runner));
    else inbox.deliver(message);
  });
  let isKilled = false;
  const gone = new Promise<void>((resolve, reject) => {
    child.once('exit', (code, signal) => {
      inbox.close();
      if (isKilled) resolve();
      else reject(new Error(`the service ended by itself (${signal ?? code}): ${err.slice(-2000)}`));
    });
  });
  const ended = gone.then(async () => {
    // A runner has nobody to work for.
    while (runners.some((pid) => isRunning(pid))) await new Promise((go) => setTimeout(go, 50));
  });
  ended.catch(() => {});
  const client = openClient({
    send: (message) => void (child.connected && child.send(message as object, () => {})),
    onMessage: (listener) => inbox.listen(listener),
    onClose: (listener) => inbox.onClose(listener),
    close: () => child.disconnect(),
  });
  const events: DeskEvent[] = [];
  client.onEvent((event) => events.push(event));
  const killRunner = () => {
    const last = runners.at(-1);
    if (last !== undefined && isRunning(last)) process.kill(last, 'SIGKILL');
  };
  return {
    client,
    events,
    ended,
    kill(what) {
      if (what !== 'service') killRunner();
      if (what === 'runner') return;
      isKilled = true;
      child.kill('SIGKILL');
    },
  };
}
