import type { DeskEvent } from '../../contract/index.ts';

/** The newest preview and the newest map of each word, held back while a client is slow: older ones are of no use to anyone. */
export class Latest {
  readonly #held = new Map<string, unknown>();

  /** Whether the message is kept for `take` and must not be sent now. */
  holds(message: unknown, isSlow: boolean): boolean {
    const event = eventOf(message);
    if (event === undefined) return false;
    const key = pictureOf(event);
    if (key !== undefined) {
      if (isSlow) this.#held.set(key, message);
      // What is sent now is newer than what was held.
      else this.#held.delete(key);
      return isSlow;
    }
    // A job may have ended: its previews must not arrive after its result.
    if (event.kind !== 'run') this.#held.clear();
    return false;
  }

  /** What was held back, and forgets it. */
  take(): unknown[] {
    const held = [...this.#held.values()];
    this.#held.clear();
    return held;
  }
}

function eventOf(message: unknown): DeskEvent | undefined {
  if (typeof message !== 'object' || message === null || !('event' in message)) return undefined;
  return message.event as DeskEvent; // our own end sends nothing else under this name
}

function pictureOf(event: DeskEvent): string | undefined {
  if (event.kind !== 'run') return undefined;
  if (event.event.kind === 'preview') return 'preview';
  return event.event.kind === 'map' ? `map ${event.event.word}` : undefined;
}
