import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/**
 * Entry of the thread that says that its process is alive: the main thread cannot, since a running network blocks it, for minutes where
 * the network is large.
 */
const BEAT_MS = 1000;
const timer = setInterval(beat, BEAT_MS);
beat();

function beat(): void {
  try {
    writeSync(Number(workerData), '.');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EAGAIN') return; // nobody has read for hours
    clearInterval(timer);
    // Nobody is left to work for, and the main thread may not hear of it before its step has ended.
    if (code === 'EPIPE') process.kill(process.pid, 'SIGKILL');
  }
}
