import type { Duplex } from 'node:stream';

export interface CrowdLimits {
  /** Connections that have not shown that they may be served. */
  readonly strangers: number;
  /** Connections that have, the sockets of open pages not among them. */
  readonly known: number;
}

/**
 * Every connection of a server. Where there are too many of one kind its oldest goes: whoever holds connections without a token keeps out
 * nobody who has one, since that is shown with the first request.
 */
export class Crowd {
  readonly #limits: CrowdLimits;
  readonly #strangers = new Set<Duplex>();
  readonly #known = new Set<Duplex>();

  constructor(limits: CrowdLimits) {
    this.#limits = limits;
  }

  /** A new connection. */
  add(connection: Duplex): void {
    connection.once('close', () => this.release(connection));
    join(this.#strangers, connection, this.#limits.strangers);
  }

  /** It has shown that it may be served. */
  letIn(connection: Duplex): void {
    if (!this.#strangers.delete(connection) && !this.#known.delete(connection)) return;
    join(this.#known, connection, this.#limits.known);
  }

  /** It is counted elsewhere, or gone. */
  release(connection: Duplex): void {
    this.#strangers.delete(connection);
    this.#known.delete(connection);
  }
}

function join(group: Set<Duplex>, connection: Duplex, limit: number): void {
  group.add(connection);
  if (group.size <= limit) return;
  const [oldest] = group;
  if (oldest === undefined) return;
  group.delete(oldest);
  oldest.destroy();
}
