import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../native/package.ts';
import { builtEditor } from './editor.ts';

/** What `npm pack` runs first: builds JavaScript with declarations into `dist/lib`, since Node strips no types below node_modules, and the editor. */
const LIB = join(ROOT, 'dist', 'lib');

await rm(LIB, { recursive: true, force: true });
await compile();
await builtEditor((line) => process.stderr.write(`attune: ${line}\n`));

function compile(): Promise<void> {
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const child = spawn(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.build.json')], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`tsc ended with ${code}`))));
  });
}
