import type { z } from 'zod';
import {
  CALLS,
  type CallName,
  type CallResult,
  type Calls,
  type DeskEvent,
  type UserError,
} from '../contract/index.ts';
import type { Port } from './port.ts';

/** What answers the calls; a call may throw, and `explain` makes of it what the user is told. */
export type Handlers = {
  readonly [Name in CallName]: (
    params: z.output<Calls[Name]['params']>,
  ) => Promise<CallResult<Name>> | CallResult<Name>;
};

export interface HostOptions {
  readonly handlers: Handlers;
  /** Subscribes to events; returns the function that ends it. */
  readonly subscribe: (listener: (event: DeskEvent) => void) => () => void;
  readonly explain: (error: unknown) => UserError;
  /** Whether the other end is the desktop shell's own window. */
  readonly isShell: boolean;
  /** Calls that may be under way at once on one connection. */
  readonly maxCalls?: number;
}

/** The service's end of a connection: checks every message, calls the handler of its name, answers under its id. */
export function hostCalls(port: Port, { handlers, subscribe, explain, isShell, maxCalls = 256 }: HostOptions): void {
  let running = 0;
  const end = subscribe((event) => port.send({ event }));
  port.onClose(end);
  port.onMessage((message) => {
    const { id, call, params } = readEnvelope(message);
    if (id === undefined) return;
    const refuse = (text: string) => port.send({ id, error: { kind: 'usage', message: text } satisfies UserError });
    if (typeof call !== 'string' || !Object.hasOwn(CALLS, call)) return refuse('There is no such call.');
    const name = call as CallName; // it is a key of the table
    if (CALLS[name].caller === 'shell' && !isShell)
      return refuse('This names a place on the disk, so only the desktop application and the command line may do it.');
    if (running >= maxCalls) return refuse('Too many calls at once; wait for an answer.');
    const read = CALLS[name].params.safeParse(params);
    if (!read.success) {
      const [issue] = read.error.issues;
      return refuse(
        `${name} cannot be understood, ${issue?.path.join('.') || 'the call'}: ${issue?.message ?? 'malformed'}.`,
      );
    }
    running += 1;
    // The handler takes what its own schema made.
    const handler = handlers[name] as (params: unknown) => unknown;
    Promise.resolve()
      .then(() => handler(read.data))
      .then(
        (result) => port.send({ id, result }),
        (error: unknown) => port.send({ id, error: explain(error) }),
      )
      .finally(() => {
        running -= 1;
      });
  });
}

function readEnvelope(message: unknown): { readonly id?: number; readonly call?: unknown; readonly params?: unknown } {
  if (typeof message !== 'object' || message === null) return {};
  const { id, call, params } = message as Readonly<Record<string, unknown>>;
  return typeof id === 'number' && Number.isSafeInteger(id) ? { id, call, params } : {};
}
