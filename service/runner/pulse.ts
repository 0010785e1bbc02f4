import { Worker } from 'node:worker_threads';

/** Listens to the beats of a runner's own thread (`pulsethread.ts`), which go on while a network runs and end when the process is stopped. */
export interface Pulse {
  beat(): void;
  close(): void;
}

export interface PulseOptions {
  /** Called once. */
  readonly onSilent: () => void;
  /** How long no beat may come; default: ten seconds. */
  readonly silentMs?: number;
  /** How long the first beat may take; default: for ever, for carriers that may not bring any. */
  readonly firstMs?: number;
}

export const SILENT_MS = 10_000;
const TICK_MS = 1000;

export function openPulse({ onSilent, silentMs = SILENT_MS, firstMs = Number.POSITIVE_INFINITY }: PulseOptions): Pulse {
  // Ticks are counted, not time: none pass while this process is stopped itself, and only one while it is busy.
  let left = firstMs / TICK_MS;
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    onSilent();
  }, TICK_MS);
  timer.unref();
  return {
    beat() {
      left = silentMs / TICK_MS;
    },
    close: () => clearInterval(timer),
  };
}

export const silentSentence = (silentMs: number = SILENT_MS): string =>
  `The process that runs networks did not answer for ${silentMs / 1000} seconds and was ended.`;

/** Starts the thread that beats into an open file of this process; called by a runner. */
export function startPulse(descriptor: number): void {
  const entry = new URL(import.meta.url.endsWith('.ts') ? './pulsethread.ts' : './pulsethread.js', import.meta.url);
  const thread = new Worker(entry, {
    execArgv: [],
    workerData: descriptor,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 1 },
  });
  thread.unref();
  // Without it the runner works as before, and is not watched any more.
  thread.on('error', () => {});
}
