import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits as text that needs no escaping in a URL or a cookie. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** Compares in a time that tells nothing of either, not even the length. */
export function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** More than anyone opens at once; of more the oldest end. */
const MAX_TICKETS = 64;

/** What lets one browser in, once: an address stays in histories, logs and lists of processes, where it must be worth nothing. */
export class Tickets {
  /** Ticket -> when it ends, the oldest first. */
  readonly #ends = new Map<string, number>();

  /** One that may be used within so many milliseconds. */
  issue(lifeMs: number): string {
    const ticket = newToken();
    this.#ends.set(ticket, performance.now() + lifeMs);
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size <= MAX_TICKETS) break;
      this.#ends.delete(oldest);
    }
    return ticket;
  }

  /** Whether it is one; it is none afterwards. */
  use(given: string): boolean {
    for (const [ticket, end] of this.#ends) {
      if (performance.now() > end) this.#ends.delete(ticket);
      else if (isSame(given, ticket)) return this.#ends.delete(ticket);
    }
    return false;
  }
}
