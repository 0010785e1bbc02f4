import { build } from 'vite';
import { shellBuilds } from '../electron/vite.config.ts';

/** Bundles the desktop shell into `dist/electron`: its main process, preload script, service and runner. */
export async function buildShell(): Promise<void> {
  for (const config of shellBuilds) await build({ ...config, configFile: false, logLevel: 'warn' });
}

if (import.meta.main) await buildShell();
