import type { RunEvent, Stage } from '../../contract/index.ts';
import { throwIfCancelled } from '../base/errors.ts';
import type { Pixels } from '../ports.ts';

/** Milliseconds, from any origin; injected so that no module reads a clock of its own. */
export type Clock = () => number;

/** Asked between steps: a promise holds the run until it resolves, undefined lets it go on. */
export type Gate = () => Promise<void> | undefined;

/** A call of a network that a stage will make, and what it costs beside the others, in any unit. */
export interface StagePart {
  /** Component, e.g. `text_encoder_2`. */
  readonly network: string;
  readonly cost: number;
}

export interface ProgressOptions {
  readonly emit: (event: RunEvent) => void;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly wantsPreviews?: boolean;
  readonly gate?: Gate | undefined;
}

/** Tells the outside what a run is doing, and stops it between steps when it was cancelled. */
export class Progress {
  #emit: (event: RunEvent) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #clock: Clock;
  readonly #gate: Gate | undefined;
  readonly #startMs: number;
  #loopStartMs = 0;
  #stageStartMs = 0;
  /** Of the running stage: what it will call, and how much of that has begun. */
  #parts: readonly StagePart[] = [];
  #begun = 0;
  #pausedMs = 0;
  /** Decoding previews costs time; they are made only where somebody looks at them. */
  readonly wantsPreviews: boolean;
  /** Milliseconds from the start to the first preview; absent until there was one. */
  firstPreviewMs: number | undefined;

  constructor({ emit, clock, signal, wantsPreviews = false, gate }: ProgressOptions) {
    this.wantsPreviews = wantsPreviews;
    this.#emit = emit;
    this.#signal = signal;
    this.#clock = clock;
    this.#gate = gate;
    this.#startMs = clock();
  }

  /** Milliseconds that the run was held at its gate. */
  get pausedMs(): number {
    return this.#pausedMs;
  }

  /** Milliseconds of work since the start: the time at the gate is left out. */
  get elapsedMs(): number {
    return this.#clock() - this.#startMs - this.#pausedMs;
  }

  /** From now on events pass through `show`: what is seen of a part of a picture is put on the whole. */
  showOn(show: (event: RunEvent) => RunEvent): void {
    const emit = this.#emit;
    this.#emit = (event) => emit(show(event));
  }

  throwIfCancelled(): void {
    throwIfCancelled(this.#signal);
  }

  /** @param parts the calls of networks that the stage makes, in order, where they are known */
  stage(stage: Stage, parts: readonly StagePart[] = []): void {
    throwIfCancelled(this.#signal);
    this.#stageStartMs = this.#clock();
    if (stage === 'denoise' || stage === 'upscale') this.#loopStartMs = this.#stageStartMs;
    this.#parts = parts;
    this.#begun = 0;
    this.#emit({ kind: 'stage', stage });
    throwIfCancelled(this.#signal);
  }

  /** A network is about to be called: the next part of the stage begins, if it is the one that the stage expects. */
  begins(network: string): void {
    if (this.#parts[this.#begun]?.network !== network) return;
    const costOf = (parts: readonly StagePart[]) => parts.reduce((sum, { cost }) => sum + cost, 0);
    const done = costOf(this.#parts.slice(0, this.#begun));
    const perCost = done === 0 ? undefined : (this.#clock() - this.#stageStartMs) / done;
    const left = costOf(this.#parts.slice(this.#begun));
    this.#begun += 1;
    const eta = perCost === undefined ? {} : { etaMs: perCost * left };
    this.#emit({ kind: 'part', part: this.#begun, of: this.#parts.length, network, ...eta });
  }

  /**
   * Announces that `step` of `of` is done; the remaining time is that of the steps so far. Before another step, waits at the gate; that
   * time counts neither as work nor for what remains. Rejects with 'cancelled', while it waits too.
   */
  async step(step: number, of: number): Promise<void> {
    const perStep = (this.#clock() - this.#loopStartMs) / step;
    this.#emit({ kind: 'step', step, of, etaMs: perStep * (of - step) });
    throwIfCancelled(this.#signal);
    if (step < of) await this.#pass();
  }

  async #pass(): Promise<void> {
    const open = this.#gate?.();
    if (open === undefined) return;
    const startMs = this.#clock();
    await untilCancelled(open, this.#signal);
    const heldMs = this.#clock() - startMs;
    this.#pausedMs += heldMs;
    this.#loopStartMs += heldMs;
    throwIfCancelled(this.#signal);
  }

  /** `frame`: which frame of a video. */
  preview(step: number, image: Pixels, frame?: number): void {
    this.firstPreviewMs ??= this.elapsedMs;
    this.#emit({ kind: 'preview', step, image, ...(frame === undefined ? {} : { frame }) });
    throwIfCancelled(this.#signal);
  }

  map(step: number, word: string, map: Pixels, frame?: number): void {
    this.#emit({ kind: 'map', step, word, map, ...(frame === undefined ? {} : { frame }) });
    throwIfCancelled(this.#signal);
  }
}

/** Resolves when `promise` does or the signal is raised; no listener stays behind. */
async function untilCancelled(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  const raised = Promise.withResolvers<void>();
  const listener = () => raised.resolve();
  signal?.addEventListener('abort', listener);
  try {
    if (signal?.aborted !== true) await Promise.race([promise, raised.promise]);
  } finally {
    signal?.removeEventListener('abort', listener);
  }
}
