/**
 * A pipe for structured messages, one end of it: a MessagePort, a WebSocket behind `frame.ts`, or a pair in one process. Messages arrive
 * whole and in order. What is sent may be moved: a sender must not go on using the bytes in it.
 */
export interface Port {
  send(message: unknown): void;
  /** One listener; messages that came before there was one are kept for it. */
  onMessage(listener: (message: unknown) => void): void;
  /** Told once, also when the other end went away. */
  onClose(listener: () => void): void;
  close(): void;
}

/** Two ports joined within one process: for tests and for programs that need no second process. */
export function portPair(): readonly [Port, Port] {
  const ends = [new Mailbox(), new Mailbox()] as const;
  const open = (mine: Mailbox, other: Mailbox): Port => ({
    send: (message) => queueMicrotask(() => other.deliver(message)),
    onMessage: (listener) => mine.listen(listener),
    onClose: (listener) => mine.onClose(listener),
    close: () => {
      mine.close();
      other.close();
    },
  });
  return [open(ends[0], ends[1]), open(ends[1], ends[0])];
}

/** The receiving half of a port: keeps what comes before there is a listener. */
export class Mailbox {
  #listener: ((message: unknown) => void) | undefined;
  #kept: unknown[] = [];
  #closed = false;
  #onClose: (() => void)[] = [];

  deliver(message: unknown): void {
    if (this.#closed) return;
    if (this.#listener === undefined) this.#kept.push(message);
    else this.#listener(message);
  }

  listen(listener: (message: unknown) => void): void {
    this.#listener = listener;
    for (const message of this.#kept.splice(0)) listener(message);
  }

  onClose(listener: () => void): void {
    if (this.#closed) listener();
    else this.#onClose.push(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const listener of this.#onClose.splice(0)) listener();
  }
}
