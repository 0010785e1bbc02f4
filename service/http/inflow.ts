/** Bytes of calls that a client has sent and not been answered: a client that sends faster than it is answered is not read meanwhile. */
export class Inflow {
  readonly #limit: number;
  /** Id of a call -> bytes of those under way with it, of which there is one unless the client errs. */
  readonly #calls = new Map<number, number[]>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether nothing more should be read. */
  get isFull(): boolean {
    return this.#bytes > this.#limit;
  }

  /** A message that came; one that gets no answer is not counted. */
  came(message: unknown, bytes: number): void {
    const id = idOf(message);
    if (id === undefined) return;
    this.#calls.set(id, [...(this.#calls.get(id) ?? []), bytes]);
    this.#bytes += bytes;
  }

  /** A message that goes out, which may be an answer. */
  went(message: unknown): void {
    const id = idOf(message);
    const [bytes, ...others] = id === undefined ? [] : (this.#calls.get(id) ?? []);
    if (id === undefined || bytes === undefined) return;
    this.#bytes -= bytes;
    if (others.length > 0) this.#calls.set(id, others);
    else this.#calls.delete(id);
  }
}

function idOf(message: unknown): number | undefined {
  if (typeof message !== 'object' || message === null || !('id' in message)) return undefined;
  const { id } = message;
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : undefined;
}
