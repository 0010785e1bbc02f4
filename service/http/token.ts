import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits as text that needs no escaping in a URL or a cookie. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** Compares in a time that tells nothing of either, not even the length. */
export function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** How long the address that a browser is started with may be used. */
const TICKET_MS = 120_000;

/** Tokens that work once: other users of a computer can read the arguments of the browser that it is started with. */
export class Tickets {
  readonly #ends = new Map<string, number>();

  issue(): string {
    const ticket = newToken();
    this.#ends.set(ticket, performance.now() + TICKET_MS);
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
