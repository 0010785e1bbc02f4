import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../native/package.ts';
import { main } from './app.ts';
import { buildShell } from './buildshell.ts';
import { builtEditor, mayBuild } from './editor.ts';
import { EXIT } from './errors.ts';
import { runHere } from './here.ts';
import type { Host } from './host.ts';

/**
 * `npm start`: the desktop application where its program is here, otherwise the same editor in the browser. Arguments are those of
 * `attune serve`, and `--no-open`.
 */
const argv = process.argv.slice(2);
const electron = electronPath();
await runHere((host) => (electron === undefined ? startServed(argv, host) : startShell(electron, host)));

/** Electron's program: a named one, or the one that its package has fetched. Asking the package itself would start a download. */
function electronPath(): string | undefined {
  const named = process.env.ATTUNE_ELECTRON;
  if (named !== undefined && named !== '') return existsSync(named) ? named : undefined;
  const folder = join(ROOT, 'node_modules', 'electron');
  try {
    const path = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8').trim());
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

async function startShell(program: string, host: Host): Promise<number> {
  await builtEditor((line) => host.writeErr(`attune: ${line}\n`));
  await mayBuild(join(ROOT, 'dist', 'electron'), 'shell');
  await buildShell();
  // Electron takes a folder whose package.json names the main file.
  const child = spawn(program, [ROOT], { cwd: ROOT, stdio: 'inherit' });
  host.signal.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.once('error', (error) => {
      host.writeErr(`attune: ${program} could not be started: ${error.message}\n`);
      resolve(EXIT.failed);
    });
    child.once('exit', (code) => resolve(code ?? EXIT.failed));
  });
}

async function startServed(given: readonly string[], host: Host): Promise<number> {
  host.writeErr(
    'attune: Electron\'s program is not here ("npx install-electron" fetches it), so the editor is served to your browser instead.\n',
  );
  const isQuiet = given.includes('--no-open') || host.env.ATTUNE_NO_OPEN === '1';
  const rest = given.filter((argument) => argument !== '--no-open' && argument !== '--open');
  return main(['serve', ...(isQuiet ? [] : ['--open']), ...rest], host);
}
