#!/usr/bin/env node
// Starts Attune under the Node that this project pins, whichever Node (20 or newer) called it.

import { existsSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { become, findNode, isPackage, noNodeMessage, root, whenNpmIsKilled } from './pinned-node.mjs';

const main = isPackage ? join(root, 'dist', 'lib', 'cli', 'main.js') : join(root, 'cli', 'main.ts');
const node = findNode();
if (!existsSync(main)) {
  console.error(`This package of Attune has no ${main}: it was packed without being built. Pack it with "npm pack".`);
  process.exitCode = 1;
} else if (node === undefined) {
  console.error(noNodeMessage);
  process.exitCode = 1;
} else if (node === process.execPath) {
  // Parsed and type-stripped modules are kept between runs; the folder is ours, since another user may own one in /tmp.
  module.enableCompileCache(join(root, '.cache', 'node'));
  whenNpmIsKilled(() => process.emit('SIGTERM', 'SIGTERM'));
  await import(pathToFileURL(main).href);
} else {
  become(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
}
