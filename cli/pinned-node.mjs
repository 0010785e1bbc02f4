// The Node that this project pins comes as a package per platform (optionalDependencies). npm 11 also links it as
// node_modules/.bin/node, npm 10 does not: so it is looked up here, with what Node 20 offers.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
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
 * Runs a command to its end in place of this process: same terminal, same signals, same exit code. Where this process is killed, programs
 * of ours end as well: `ATTUNE_LAUNCHER` is its number.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function become(command, args, options = {}) {
  const env = { ...(options.env ?? process.env), ATTUNE_LAUNCHER: String(process.pid) };
  const child = spawn(command, args, { stdio: 'inherit', ...options, env });
  // A terminal sends Ctrl-C to both of us, a `kill` only to this process: the command must take two signals as one.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  whenNpmIsKilled(() => child.kill('SIGTERM'));
  child.on('error', (error) => {
    console.error(`${command} could not be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 128 + constants.signals[signal];
  });
}

const LOOK_MS = 500;

/**
 * Calls back when the npm that runs this has been killed: it passes signals on, but not that. Between the two may be the shell of a script,
 * which is there as long as it waits for us; what a script leaves running in the background is meant to go on without npm. Only Linux
 * tells who is above.
 * @param {() => void} listener
 */
export function whenNpmIsKilled(listener) {
  const above = process.ppid;
  const npm = [above, parentOf(above)].find(isNpm);
  if (npm === undefined) return;
  const timer = setInterval(() => {
    if (parentOf(npm) !== undefined && process.ppid === above) return;
    clearInterval(timer);
    if (npm === above || process.ppid === above) listener();
  }, LOOK_MS);
  timer.unref();
}

/** @param {number | undefined} pid */
function isNpm(pid) {
  const { npm_node_execpath: node } = process.env;
  try {
    return node !== undefined && realpathSync(`/proc/${pid}/exe`) === realpathSync(node);
  } catch {
    return false;
  }
}

/**
 * Undefined for a process that has ended, whether or not anyone has asked how.
 * @param {number} pid
 */
function parentOf(pid) {
  try {
    // The name before it may hold anything, brackets too.
    const [, state, parent] = /\) (\S) (\d+)[^)]*$/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return state === undefined || state === 'Z' ? undefined : Number(parent);
  } catch {
    return undefined;
  }
}
