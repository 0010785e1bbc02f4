import { homeOf } from '../native/home.ts';
import { cancelOnSignals } from './cancel.ts';
import { exitCodeOf, toUserError } from './errors.ts';
import type { Host } from './host.ts';
import { openNodeHost } from './nodehost.ts';
import { whenLauncherIsKilled } from './parent.ts';

/** Runs a program of the command line on this process: its folders, streams, signals and exit code. */
export async function runHere(program: (host: Host) => Promise<number>): Promise<void> {
  const { env } = process;
  // Who is gone reads nothing.
  process.stderr.on('error', () => {});
  try {
    const host = openNodeHost({ env, home: homeOf(env), signal: cancelOnSignals(process) });
    // The same end as by the signal that it would have passed on.
    whenLauncherIsKilled(env, () => process.emit('SIGTERM', 'SIGTERM'));
    process.exitCode = await program(host);
    await host.close();
  } catch (error) {
    const shown = toUserError(error);
    process.stderr.write(`attune: ${shown.message}\n`);
    process.exitCode = exitCodeOf(shown);
  }
}
