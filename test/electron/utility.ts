import { fork } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { ForkOptions, MessagePortMain } from 'electron';
import type { ChildProcess } from '../../electron/api.ts';
import { doubleOf } from './port.ts';

type FromChild =
  | { readonly from: 'parentPort'; readonly message: unknown }
  | { readonly from: 'port'; readonly id: number; readonly message: unknown }
  | { readonly from: 'close'; readonly id: number };

export interface DoubleProcess extends ChildProcess {
  readonly pid: number | undefined;
}

/** `utilityProcess.fork` with processes of Node. */
export function forkDouble(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  { stdio = 'inherit' }: ForkOptions = {},
): DoubleProcess {
  const child = fork(join(import.meta.dirname, 'utility-child.ts'), [program, ...args], {
    serialization: 'advanced',
    execArgv: [],
    env: { ...env },
    stdio: ['ignore', stdio[1] === 'pipe' ? 'pipe' : 'inherit', 'inherit', 'ipc'],
  });
  const events = new EventEmitter();
  const ports = new Map<number, ReturnType<typeof doubleOf>>();
  let lastId = 0;
  const send = (message: object) => {
    if (child.connected) child.send(message, () => {});
  };
  child.on('message', (given) => {
    const message = given as FromChild; // of utility-child.ts
    if (message.from === 'parentPort') events.emit('message', message.message);
    else if (message.from === 'port') ports.get(message.id)?.sendFromElsewhere(message.message);
    else ports.get(message.id)?.close();
  });
  child.once('exit', (code) => {
    for (const port of ports.values()) port.close();
    events.emit('exit', code ?? 1);
  });
  return Object.assign(events as unknown as ChildProcess, {
    pid: child.pid,
    stdout: child.stdout,
    kill: () => child.kill('SIGKILL'),
    postMessage(message: unknown, transfer: MessagePortMain[] = []) {
      const ids = transfer.map((port) => {
        lastId += 1;
        const id = lastId;
        ports.set(id, doubleOf(port));
        return id;
      });
      send({ to: 'parentPort', message, ports: ids });
      for (const id of ids)
        ports.get(id)?.moveTo({
          deliver: (data) => send({ to: 'port', id, message: data }),
          closed: () => send({ to: 'closed', id }),
        });
    },
  });
}
