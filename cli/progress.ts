import type { RunEvent } from '../contract/index.ts';
import type { Host } from './host.ts';

/** A line is repeated at most this often where nobody can see it move. */
const SPARSE_MS = 5000;
const BAR_CELLS = 24;

const STAGES = {
  open: 'opening the model',
  encode: 'reading the picture',
  condition: 'reading the prompt',
  search: 'looking for the place of the edit',
  denoise: 'working',
  decode: 'making the picture',
  write: 'writing',
} as const;

/** Progress on stderr: a bar on a terminal, now and then a line elsewhere. */
export class ProgressReport {
  readonly #host: Pick<Host, 'writeErr' | 'hasTerminal' | 'now'>;
  #lastMs: number;
  #hasLine = false;

  constructor(host: Pick<Host, 'writeErr' | 'hasTerminal' | 'now'>) {
    this.#host = host;
    this.#lastMs = host.now();
  }

  readonly onEvent = (event: RunEvent): void => {
    if (event.kind === 'stage') this.#stage(STAGES[event.stage]);
    else if (event.kind === 'step') this.#step(event.step, event.of, event.etaMs);
  };

  /** Takes the bar away, so that what follows begins on a clean line. */
  end(): void {
    if (this.#hasLine) this.#host.writeErr('\r\x1b[K');
    this.#hasLine = false;
  }

  #stage(what: string): void {
    if (this.#host.hasTerminal) this.#draw(what);
  }

  #step(step: number, of: number, etaMs: number): void {
    const left = `step ${step} of ${of}${step < of ? `, about ${duration(etaMs)} left` : ''}`;
    if (this.#host.hasTerminal) {
      const full = Math.round((BAR_CELLS * step) / of);
      this.#draw(`${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)} ${left}`);
    } else if (this.#host.now() - this.#lastMs >= SPARSE_MS) {
      this.#lastMs = this.#host.now();
      this.#host.writeErr(`attune: ${left}\n`);
    }
  }

  #draw(line: string): void {
    this.#hasLine = true;
    this.#host.writeErr(`\r\x1b[K${line}`);
  }
}

/** `0.4 s`, `12 s`, `3 min 5 s`. */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
