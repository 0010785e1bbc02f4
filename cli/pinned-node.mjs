// The Node that this project pins comes as a package per platform (optionalDependencies). npm 11 also links it as
// node_modules/.bin/node, npm 10 does not: so it is looked up here, with what Node 20 offers.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Whether this is the npm package, which brings JavaScript, and not the repository. */
export const isPackage = !existsSync(join(root, 'cli', 'main.ts'));

const oldestMajor = 24; // from here on TypeScript files run as they are
const packages = new Map([
  ['linux', 'node-linux'],
  ['darwin', 'node-bin-darwin'],
  ['win32', 'node-win'],
]);

/**
 * The path of the Node to run under: this very process's if it will do.
 * @returns {string | undefined} undefined: none is new enough
 */
export function findNode() {
  try {
    const name = `${packages.get(process.platform)}-${process.arch}`;
    // Beside us or in any node_modules above: where npm puts it is npm's affair.
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
    if (version !== process.versions.node) {
      return join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    }
  } catch {
    // No package for this platform, or not installed: the Node at hand may be new enough.
    if (Number.parseInt(process.versions.node, 10) < oldestMajor) return undefined;
  }
  return process.execPath;
}

export const noNodeMessage =
  `Attune runs on Node ${oldestMajor}, and this is Node ${process.versions.node}. ` +
  (isPackage ? 'Installing attune with its optional packages' : `"npm ci" in ${root}`) +
  ' brings it on Linux, Windows and Apple silicon; elsewhere install it.';

/**
 * Runs a command to its end in place of this process: same terminal, same signals, same exit code.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function become(command, args, options = {}) {
  const child = spawn(command, args, { stdio: 'inherit', ...options });
  // A terminal sends Ctrl-C to both of us, a `kill` only to this process: the command must take two signals as one.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    console.error(`${command} could not be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 128 + constants.signals[signal];
  });
}
