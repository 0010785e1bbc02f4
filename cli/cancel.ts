import { AttuneError, throwIfCancelled } from '../engine/index.ts';
import { discardAllNow } from '../native/files.ts';
import { EXIT } from './errors.ts';

/** A terminal's Ctrl-C reaches us twice when the launcher passes it on; a person is not faster than this. */
const ONE_PRESS_MS = 200;

/**
 * Ctrl-C once cancels the command, twice ends it at once; either way no unfinished file stays. Nothing that takes long runs in this process, so
 * that it is answered at once.
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

/** What work elsewhere gives, or 'cancelled' as soon as the signal is raised; the work is then left to itself. */
export async function orCancelled<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const raised = Promise.withResolvers<never>();
  const listener = () => raised.reject(new AttuneError('cancelled', 'The job was cancelled.'));
  signal.addEventListener('abort', listener, { once: true });
  try {
    throwIfCancelled(signal);
    return await Promise.race([work, raised.promise]);
  } finally {
    signal.removeEventListener('abort', listener);
  }
}
