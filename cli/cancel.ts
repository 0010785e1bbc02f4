import { discardAllNow } from '../native/files.ts';
import { EXIT } from './errors.ts';

/** A terminal's Ctrl-C reaches us twice when the launcher passes it on; a person is not faster than this. */
const ONE_PRESS_MS = 200;

/**
 * Ctrl-C once ends the job at its next step, twice at once; either way no unfinished file stays. A step of the runtime cannot be
 * interrupted: the signals are seen when it ends.
 */
export function cancelOnSignals(target: NodeJS.Process): AbortSignal {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const onSignal = () => {
    if (firstMs === undefined) {
      firstMs = performance.now();
      controller.abort();
      target.stderr.write(`${target.stderr.isTTY ? '\n' : ''}attune: stopping; press Ctrl-C again to stop at once\n`);
    } else if (performance.now() - firstMs > ONE_PRESS_MS) {
      discardAllNow();
      target.exit(EXIT.cancelled);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) target.on(signal, onSignal);
  return controller.signal;
}
