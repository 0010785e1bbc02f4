import { EventEmitter } from 'node:events';
import type { MessagePortMain } from 'electron';

/** Where a port was moved to: another process or a page. */
export interface Elsewhere {
  deliver(message: unknown): void;
  closed(): void;
}

/** A MessagePortMain that may be moved out of this process; messages wait until it is started or moved. */
export class DoublePort extends EventEmitter {
  peer: DoublePort | undefined;
  #queue: unknown[] = [];
  #isStarted = false;
  #isClosed = false;
  #elsewhere: Elsewhere | undefined;

  postMessage(message: unknown, transfer: readonly MessagePortMain[] = []): void {
    if (transfer.length > 0) throw new TypeError('The stand-in moves no ports over ports.');
    if (this.#elsewhere !== undefined) throw new TypeError('This port was moved.');
    this.peer?.receive(structuredClone(message));
  }

  /** Messages from the place that the port was moved to. */
  sendFromElsewhere(message: unknown): void {
    this.peer?.receive(message);
  }

  receive(message: unknown): void {
    if (this.#isClosed) return;
    if (this.#elsewhere !== undefined) this.#elsewhere.deliver(message);
    else if (this.#isStarted) setImmediate(() => this.emit('message', { data: message, ports: [] }));
    else this.#queue.push(message);
  }

  start(): void {
    this.#isStarted = true;
    for (const message of this.#queue.splice(0)) this.receive(message);
  }

  moveTo(elsewhere: Elsewhere): void {
    this.#elsewhere = elsewhere;
    for (const message of this.#queue.splice(0)) elsewhere.deliver(message);
    if (this.#isClosed) elsewhere.closed();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#elsewhere?.closed();
    this.emit('close');
    this.peer?.close();
  }
}

export function doubleChannel(): { readonly port1: MessagePortMain; readonly port2: MessagePortMain } {
  const [port1, port2] = [new DoublePort(), new DoublePort()];
  port1.peer = port2;
  port2.peer = port1;
  return { port1: port1 as unknown as MessagePortMain, port2: port2 as unknown as MessagePortMain };
}

/** The stand-in behind a port that the shell was given. */
export const doubleOf = (port: MessagePortMain): DoublePort => port as unknown as DoublePort;
