import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../native/package.ts';
import { main } from './app.ts';
import { buildShell } from './buildshell.ts';
import { cancelOnSignals } from './cancel.ts';
import { builtEditor } from './editor.ts';
import { EXIT } from './errors.ts';
import { openNodeHost } from './nodehost.ts';

/**
 * `npm start`: the desktop application where its program is here, otherwise the same editor in the browser. Arguments are those of
 * `attune serve`, and `--no-open`.
 */
const argv = process.argv.slice(2);
const electron = electronPath();
if (electron !== undefined) process.exitCode = await startShell(electron);
else {
  process.stderr.write(
    'attune: Electron\'s program is not here ("npx install-electron" fetches it), so the editor is served to your browser instead.\n',
  );
  process.exitCode = await startServed(argv);
}

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

async function startShell(program: string): Promise<number> {
  await builtEditor((line) => process.stderr.write(`attune: ${line}\n`));
  await buildShell();
  // Electron takes a folder whose package.json names the main file.
  const child = spawn(program, [ROOT], { cwd: ROOT, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`attune: ${program} could not be started: ${error.message}\n`);
      resolve(EXIT.failed);
    });
    child.once('exit', (code) => resolve(code ?? EXIT.failed));
  });
}

async function startServed(given: readonly string[]): Promise<number> {
  const isQuiet = given.includes('--no-open') || process.env.ATTUNE_NO_OPEN === '1';
  const rest = given.filter((argument) => argument !== '--no-open' && argument !== '--open');
  const host = openNodeHost({ env: process.env, home: homedir(), signal: cancelOnSignals(process) });
  const code = await main(['serve', ...(isQuiet ? [] : ['--open']), ...rest], host);
  await host.close();
  return code;
}
