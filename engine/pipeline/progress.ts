import type { RunEvent, Stage } from '../../contract/index.ts';
import { throwIfCancelled } from '../base/errors.ts';
import type { Pixels } from '../ports.ts';

/** Milliseconds, from any origin; injected so that no module reads a clock of its own. */
export type Clock = () => number;

/** Tells the outside what a run is doing, and stops it between steps when it was cancelled. */
export class Progress {
  readonly #emit: (event: RunEvent) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #clock: Clock;
  readonly #startMs: number;
  #loopStartMs = 0;
  /** Decoding previews costs time; they are made only where somebody looks at them. */
  readonly wantsPreviews: boolean;
  /** Milliseconds from the start to the first preview; absent until there was one. */
  firstPreviewMs: number | undefined;

  constructor(emit: (event: RunEvent) => void, signal: AbortSignal | undefined, clock: Clock, wantsPreviews: boolean) {
    this.wantsPreviews = wantsPreviews;
    this.#emit = emit;
    this.#signal = signal;
    this.#clock = clock;
    this.#startMs = clock();
  }

  get elapsedMs(): number {
    return this.#clock() - this.#startMs;
  }

  stage(stage: Stage): void {
    throwIfCancelled(this.#signal);
    if (stage === 'denoise') this.#loopStartMs = this.#clock();
    this.#emit({ kind: 'stage', stage });
  }

  /** Announces that `step` of `of` is done; the remaining time is that of the steps so far. Throws 'cancelled'. */
  step(step: number, of: number): void {
    const perStep = (this.#clock() - this.#loopStartMs) / step;
    this.#emit({ kind: 'step', step, of, etaMs: perStep * (of - step) });
    throwIfCancelled(this.#signal);
  }

  preview(step: number, image: Pixels): void {
    this.firstPreviewMs ??= this.elapsedMs;
    this.#emit({ kind: 'preview', step, image });
  }

  map(step: number, word: string, map: Pixels): void {
    this.#emit({ kind: 'map', step, word, map });
  }
}
