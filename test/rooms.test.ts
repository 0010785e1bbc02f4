import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Runs a module's text in a fresh process where Electron, native packages, child processes and the DOM are refused. */
function runClosed(code: string) {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', './test/closed-world.ts', '--input-type=module', '--eval', code],
    { cwd: root, encoding: 'utf8' },
  );
  return { status, stderr };
}

describe('rooms', () => {
  it.each(['contract/index.ts', 'engine/index.ts', 'models/registry.ts'])(
    '%s loads without Electron, native packages, child processes, DOM',
    (file) => {
      expect(runClosed(`await import('./${file}')`)).toEqual({ status: 0, stderr: '' });
    },
  );

  it.each([
    ['a native package', `await import('sharp')`, 'imports sharp'],
    ['a part of a package', `await import('onnxruntime-node/lib')`, 'imports onnxruntime-node'],
    ['child processes', `await import('node:child_process')`, 'imports child_process'],
    ['a require', `(await import('node:module')).createRequire(process.cwd() + '/x')('electron')`, 'imports electron'],
    ['the DOM', `document.title`, 'document was used'],
  ])('that test would notice %s', (_what, code, sentence) => {
    const { status, stderr } = runClosed(code);
    expect(status).not.toBe(0);
    expect(stderr).toContain(`closed world: `);
    expect(stderr).toContain(sentence);
  });
});
