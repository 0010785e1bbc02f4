#!/usr/bin/env node
// Starts Attune under the Node that this project pins, whichever Node (20 or newer) called it.

import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { become, findNode, noNodeMessage, root } from './pinned-node.mjs';

const node = findNode();
if (node === undefined) {
  console.error(noNodeMessage);
  process.exitCode = 1;
} else if (node === process.execPath) {
  // Parsed and type-stripped modules are kept between runs; the folder is ours, since another user may own one in /tmp.
  module.enableCompileCache(join(root, '.cache', 'node'));
  await import('./main.ts');
} else {
  become(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
}
