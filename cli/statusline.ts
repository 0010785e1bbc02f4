import type { Host } from './host.ts';

/** What is going on. */
export interface Status {
  readonly what: string;
  /** How far it is, for a bar: 0..1. */
  readonly share?: number;
  /** Expected time to its end, from now on. */
  readonly etaMs?: number;
  /** Whether it is said at once where nobody sees a line move; otherwise when the last one was said some time ago. */
  readonly isNew: boolean;
}

/** Where nobody sees a line move, one comes at least this often, */
const TOLD_MS = 10_000;
/** and at most this often but for what is new. */
const SPARSE_MS = 5000;
/** A line that moves shows the time. */
const MOVED_MS = 1000;
/** What takes less is not counted. */
const COUNTED_MS = 2000;

const BAR_CELLS = 24;
const LEAST_CELLS = 6;

export type StatusHost = Pick<Host, 'writeErr' | 'hasTerminal' | 'columns' | 'now'>;

/** One status on standard error: a line that moves on a terminal, lines elsewhere. It speaks by itself while nothing is told. */
export class StatusLine {
  readonly #host: StatusHost;
  #status: Status | undefined;
  /** When the status was told, and when its `what` began. */
  #toldMs = 0;
  #sinceMs = 0;
  #saidMs = Number.NEGATIVE_INFINITY;
  #hasLine = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: StatusHost) {
    this.#host = host;
  }

  /** @param since whether the time so far counts on from the status before */
  show(status: Status, since: 'now' | 'before' = 'now'): void {
    const now = this.#host.now();
    if (since === 'now' || this.#status === undefined) this.#sinceMs = now;
    this.#status = status;
    this.#toldMs = now;
    if (this.#host.hasTerminal) this.#draw();
    else if (status.isNew || now - this.#saidMs >= SPARSE_MS) this.#say();
    this.#tick();
  }

  /** Takes a moving line away, so that what follows begins on a clean one. */
  clear(): void {
    if (this.#hasLine) this.#host.writeErr('\r\x1b[K');
    this.#hasLine = false;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#status = undefined;
    this.clear();
  }

  /** The next line comes by itself. */
  #tick(): void {
    clearTimeout(this.#timer);
    const wait = this.#host.hasTerminal ? MOVED_MS : Math.max(0, this.#saidMs + TOLD_MS - this.#host.now());
    this.#timer = setTimeout(() => {
      if (this.#host.hasTerminal) this.#draw();
      else this.#say();
      this.#tick();
    }, wait).unref();
  }

  #say(): void {
    if (this.#status === undefined) return;
    this.#saidMs = this.#host.now();
    this.#host.writeErr(`attune: ${this.#text(this.#status)}\n`);
  }

  #text(status: Status): string {
    return `${status.what}${this.#time(status)}`;
  }

  /** What is left where that is known, else how long it has been. */
  #time({ etaMs }: Status): string {
    const now = this.#host.now();
    const left = etaMs === undefined ? 0 : etaMs - (now - this.#toldMs);
    if (left > 0) return `, about ${duration(left)} left`;
    const so = now - this.#sinceMs;
    return so < COUNTED_MS ? '' : `, ${duration(so)} so far`;
  }

  #draw(): void {
    if (this.#status === undefined) return;
    this.#hasLine = true;
    this.#host.writeErr(`\r\x1b[K${this.#fitted(this.#status)}`);
  }

  /** The most that goes into one line: a line that wraps could not be taken away again. */
  #fitted(status: Status): string {
    const { columns = 80 } = this.#host;
    // The last column is the cursor's.
    const width = Math.max(1, columns - 1);
    const text = this.#text(status);
    const cells = Math.min(BAR_CELLS, width - text.length - 1);
    if (status.share !== undefined && cells >= LEAST_CELLS) {
      const full = Math.round(cells * status.share);
      return `${'█'.repeat(full)}${'░'.repeat(cells - full)} ${text}`;
    }
    return clipped(text, width);
  }
}

/** As many of the parts between commas as go into the width. */
function clipped(text: string, width: number): string {
  if (text.length <= width) return text;
  const end = text.lastIndexOf(', ', width);
  return end < 0 ? text.slice(0, width) : text.slice(0, end);
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
