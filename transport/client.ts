import { CALLS, type CallName, type CallParams, type CallResult, DeskEvent, UserError } from '../contract/index.ts';
import type { Port } from './port.ts';

/** A call that was answered with an error. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly error: UserError;

  constructor(error: UserError) {
    super(error.message);
    this.error = error;
  }
}

export interface Client {
  /**
   * Rejects with CallError: with the service's own sentence, because the connection went away before the answer, or with what the port
   * throws for a call that it cannot carry.
   */
  call<Name extends CallName>(name: Name, params: CallParams<Name>): Promise<CallResult<Name>>;
  /** Returns the function that takes the listener away. */
  onEvent(listener: (event: DeskEvent) => void): () => void;
  onClose(listener: () => void): void;
  close(): void;
}

interface Waiting {
  readonly name: CallName;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: CallError) => void;
}

const GONE: UserError = {
  kind: 'internal',
  message: 'The connection to the engine was lost. Attune is connecting again.',
};

/** The editor's end of a connection. */
export function openClient(port: Port): Client {
  const waiting = new Map<number, Waiting>();
  const listeners = new Set<(event: DeskEvent) => void>();
  let lastId = 0;
  let isOpen = true;
  const answer = (message: { readonly id?: unknown; readonly result?: unknown; readonly error?: unknown }) => {
    const call = waiting.get(Number(message.id));
    if (call === undefined) return;
    waiting.delete(Number(message.id));
    if (message.error !== undefined) {
      const error = UserError.safeParse(message.error);
      return call.reject(
        new CallError(error.success ? error.data : { kind: 'internal', message: 'The engine failed.' }),
      );
    }
    const result = CALLS[call.name].result.safeParse(message.result);
    if (result.success) return call.resolve(result.data);
    const [issue] = result.error.issues;
    const where = `${call.name}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`;
    call.reject(
      new CallError({ kind: 'internal', message: `The engine gave an answer that cannot be read (${where}).` }),
    );
  };
  port.onMessage((message) => {
    if (typeof message !== 'object' || message === null) return;
    if (!('event' in message)) return answer(message);
    const event = DeskEvent.safeParse(message.event);
    if (event.success) for (const listener of listeners) listener(event.data);
  });
  port.onClose(() => {
    isOpen = false;
    for (const { reject } of waiting.values()) reject(new CallError(GONE));
    waiting.clear();
  });
  return {
    call: (name, params) =>
      new Promise((resolve, reject) => {
        if (!isOpen) return reject(new CallError(GONE));
        lastId += 1;
        // The result was checked by the schema of the same name.
        waiting.set(lastId, { name, resolve: resolve as (result: unknown) => void, reject });
        try {
          port.send({ id: lastId, call: name, params });
        } catch (error) {
          waiting.delete(lastId);
          reject(error);
        }
      }),
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onClose: (listener) => port.onClose(listener),
    close: () => port.close(),
  };
}
