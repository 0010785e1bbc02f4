import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../native/package.ts';

/** `npm run package` and `npm run make`: Electron Forge, and what helps where Electron's program cannot be fetched. */
const FORGE = join(ROOT, 'node_modules', '@electron-forge', 'cli', 'dist', 'electron-forge.js');
const OFFLINE = /fetch failed|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/;

const child = spawn(process.execPath, [FORGE, ...process.argv.slice(2)], { stdio: ['inherit', 'inherit', 'pipe'] });
let isOffline = false;
child.stderr.on('data', (part: Buffer) => {
  isOffline ||= OFFLINE.test(part.toString());
  process.stderr.write(part);
});
child.on('close', (code) => {
  process.exitCode = code ?? 1;
  if (code === 0 || !isOffline) return;
  process.stderr.write(
    "attune: Electron's program could not be fetched from the network. Where that cannot be reached, put the zip of the Electron that " +
      'package.json names, as its releases have it, into a folder and name the folder in ATTUNE_ELECTRON_ZIPS.\n',
  );
});
