import { AttuneError } from '../engine/index.ts';
import { isRunning } from '../native/files.ts';
import type { Outcome } from './command.ts';
import { UsageError } from './errors.ts';
import type { Host } from './host.ts';
import type { Values } from './options.ts';

/** Asks the one that is being served for another address, or for its end. */
export async function orderServed(values: Values, host: Host): Promise<Outcome> {
  const wants = ['address', 'stop'].filter((name) => values.has(name));
  if (wants.length > 1) throw new UsageError('--address and --stop do not go together; give one.');
  const [{ occupantOf }, { order: give }] = await Promise.all([
    import('../service/index.ts'),
    import('../service/http/index.ts'),
  ]);
  const startMs = host.now();
  const occupant = occupantOf(host.folders.state);
  if (occupant === undefined)
    throw new AttuneError('request-invalid', 'Attune is not being served; "attune serve" starts it.');
  const { pid, door, address } = occupant;
  if (door === undefined)
    throw new AttuneError(
      'request-invalid',
      `Attune is open as process ${pid}, in a window and not served; close that.`,
    );
  const done = (line: string, details: Readonly<Record<string, unknown>>): Outcome => ({
    ok: true,
    outputs: [],
    figures: { elapsedMs: host.now() - startMs },
    lines: [line],
    details,
  });
  if (values.has('address')) {
    const fresh = await give(door, '/address');
    return done(`Attune is at ${fresh.address}`, fresh);
  }
  await give(door, '/stop');
  await goneFrom(pid, host);
  return done(`Attune at ${address}, process ${pid}, has ended.`, { pid });
}

const LOOK_MS = 50;
const MAX_WAIT_MS = 30_000;

/** Resolves when the process has ended. Throws 'request-invalid' where it does not. */
async function goneFrom(pid: number, host: Host): Promise<void> {
  for (const endMs = host.now() + MAX_WAIT_MS; isRunning(pid); ) {
    if (host.now() > endMs || host.signal.aborted)
      throw new AttuneError(
        'request-invalid',
        `Attune was told to end, and process ${pid} has not yet; end it by its number.`,
      );
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}
