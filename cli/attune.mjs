#!/usr/bin/env node
// Starts Attune under the Node that this project pins, whichever Node (20 or newer) called it.
// Under `npx attune` and npm scripts the pinned Node is already first on PATH, so usually nothing is started twice.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import module from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const oldestMajor = 24; // TypeScript files run as they are from here on

const pinned = findPinnedNode();
if (pinned !== undefined && pinned.version !== process.versions.node) runUnder(pinned.path);
else if (Number.parseInt(process.versions.node, 10) >= oldestMajor) await runHere();
else {
  console.error(
    `attune needs Node ${oldestMajor}, and this is Node ${process.versions.node}. Run "npm ci" in ${root}, which brings it on Linux, Windows and Apple silicon; elsewhere install it.`,
  );
  process.exitCode = 1;
}

async function runHere() {
  // Parsed and type-stripped modules are kept between runs; the folder is ours, since another user may own one in /tmp.
  module.enableCompileCache(join(root, '.cache', 'node'));
  await import('./main.ts');
}

/** @param {string} nodePath */
function runUnder(nodePath) {
  const child = spawn(nodePath, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both of us, a `kill` only to this process: the command must take two signals as one.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('error', (error) => {
    console.error(`attune could not start ${nodePath}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 128 + constants.signals[signal];
  });
}

/** The node-<platform>-<arch> package among optionalDependencies that npm installed for this machine. */
function findPinnedNode() {
  const platforms = new Map([
    ['linux', 'node-linux'],
    ['darwin', 'node-bin-darwin'],
    ['win32', 'node-win'],
  ]);
  const folder = join(root, 'node_modules', `${platforms.get(process.platform)}-${process.arch}`);
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return { version, path: join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node') };
  } catch {
    return undefined;
  }
}
