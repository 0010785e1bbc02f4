import type { MessagePortMain } from 'electron';
import { openPulse, type RunnerProcess, silentSentence } from '../../service/index.ts';
import { exitOf, type RunnerExit } from '../../service/runner/exit.ts';
import { Mailbox } from '../../transport/index.ts';
import type { FromService } from '../messages.ts';
import { portOf } from './port.ts';

/** Runners that the main process starts when it is asked to; what is said to one before its port is here waits for it. */
export interface Runners {
  start(): RunnerProcess;
  joined(id: number, port: MessagePortMain): void;
  beat(id: number): void;
  ended(id: number, code: number): void;
}

interface Known {
  joined(port: MessagePortMain): void;
  beat(): void;
  ended(code: number): void;
}

export function openRunners(send: (message: FromService) => void): Runners {
  const known = new Map<number, Known>();
  let lastId = 0;
  return {
    joined: (id, port) => known.get(id)?.joined(port),
    beat: (id) => known.get(id)?.beat(),
    ended(id, code) {
      known.get(id)?.ended(code);
      known.delete(id);
    },
    start() {
      lastId += 1;
      const id = lastId;
      const inbox = new Mailbox();
      const unsent: unknown[] = [];
      let port: ReturnType<typeof portOf> | undefined;
      let isKilled = false;
      let exit: RunnerExit | undefined;
      const listeners: Parameters<RunnerProcess['onExit']>[0][] = [];
      const end = (how: RunnerExit) => {
        if (exit !== undefined) return;
        exit = how;
        pulse.close();
        inbox.close();
        for (const listener of listeners.splice(0)) listener(how);
      };
      // Where its beats cannot be read none is expected.
      const pulse = openPulse({
        onSilent() {
          send({ kind: 'killRunner', id });
          end({ isCrash: !isKilled, isOutOfMemory: false, sentence: silentSentence() });
        },
      });
      known.set(id, {
        beat: pulse.beat,
        joined(arrived) {
          port = portOf(arrived);
          port.onMessage((message) => inbox.deliver(message));
          for (const message of unsent.splice(0)) port.send(message);
        },
        ended: (code) => end(exitOf({ code, isKilled })),
      });
      const kill = () => {
        isKilled = true;
        send({ kind: 'killRunner', id });
      };
      send({ kind: 'startRunner', id });
      return {
        kill,
        onExit: (listener) => void (exit === undefined ? listeners.push(listener) : listener(exit)),
        port: {
          send: (message) => (port === undefined ? void unsent.push(message) : port.send(message)),
          onMessage: (listener) => inbox.listen(listener),
          onClose: (listener) => inbox.onClose(listener),
          close: kill,
        },
      };
    },
  };
}
