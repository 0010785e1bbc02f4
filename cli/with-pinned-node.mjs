// node cli/with-pinned-node.mjs COMMAND [ARGUMENT...]: runs a command, found as npm scripts find theirs, so that `node`
// means the Node this project pins. Every npm script starts with it.

import { delimiter, dirname, join } from 'node:path';
import { become, findNode, noNodeMessage, root } from './pinned-node.mjs';

const [command, ...args] = process.argv.slice(2);
const node = findNode();
if (node === undefined || command === undefined) {
  console.error(command === undefined ? 'Name a command.' : noNodeMessage);
  process.exitCode = 1;
} else {
  const onWindows = process.platform === 'win32'; // commands are .cmd files there, which only a shell starts
  const path = [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH ?? ''];
  // Parsed and type-stripped modules are kept between runs, as `attune.mjs` does.
  const compiled = { NODE_COMPILE_CACHE: join(root, '.cache', 'node') };
  const env = { ...compiled, ...process.env, PATH: path.join(delimiter) };
  become(command, args, { env, shell: onWindows });
}
