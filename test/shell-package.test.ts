import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { extractAll, extractFile, listPackage } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { connectOn, startOnDouble } from './electron/shell.ts';
import { type DoubleProcess, forkDouble } from './electron/utility.ts';

/** Packaging by Forge with a stand-in for Electron's zip: what is in the package, what is not, and which switches are off. */
const ROOT = join(import.meta.dirname, '..');
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
let folder: string;
let app: string;

/** As much of Electron's program as packaging touches: a file with the fuses in it. */
function standIn(): Uint8Array {
  const text = new TextEncoder();
  const fuses = Uint8Array.from([1, 9, ...text.encode('111100110')]);
  const program = new Uint8Array([...text.encode('#!/bin/sh\necho stand-in\n'), ...text.encode(SENTINEL), ...fuses, 0]);
  return zipSync({
    electron: program,
    version: text.encode('45.5.0'),
    LICENSE: text.encode('stand-in'),
    'resources/default_app.asar': text.encode('x'),
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-package-'));
  const { version } = JSON.parse(await readFile(join(ROOT, 'node_modules/electron/package.json'), 'utf8')) as {
    version: string;
  };
  await writeFile(join(folder, `electron-v${version}-${process.platform}-${process.arch}.zip`), standIn());
  const cli = createRequire(import.meta.url)
    .resolve('@electron-forge/cli/package.json')
    .replace('package.json', 'dist/electron-forge.js');
  await promisify(execFile)(process.execPath, [cli, 'package'], {
    cwd: ROOT,
    env: { ...process.env, CI: '1', ATTUNE_ELECTRON_ZIPS: folder, ATTUNE_PACKAGE_DIR: join(folder, 'out') },
  });
  app = join(folder, 'out', `Attune-${process.platform}-${process.arch}`);
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it("where Electron's program cannot be fetched, packaging says what to do", async () => {
  const { ATTUNE_ELECTRON_ZIPS: _, ...env } = process.env;
  // Nobody listens there, and the cache is an empty one.
  const nowhere = { ELECTRON_MIRROR: 'http://127.0.0.1:9/', XDG_CACHE_HOME: join(folder, 'cache'), HOME: folder };
  const packaging = promisify(execFile)(process.execPath, [join(ROOT, 'cli', 'forge.ts'), 'package'], {
    cwd: ROOT,
    env: { ...env, ...nowhere, CI: '1', ATTUNE_PACKAGE_DIR: join(folder, 'never') },
  });
  await expect(packaging).rejects.toMatchObject({ stderr: expect.stringContaining('ATTUNE_ELECTRON_ZIPS') });
});

describe.skipIf(process.platform !== 'linux')('the package', () => {
  const archive = () => join(app, 'resources', 'app.asar');
  const unpacked = () => join(app, 'resources', 'app.asar.unpacked');

  it('holds the bundles, the editor and the packages with native code, and nothing of development', () => {
    const files = listPackage(archive(), { isPack: false });
    for (const file of [
      '/package.json',
      '/dist/electron/main.js',
      '/dist/electron/preload.cjs',
      '/dist/electron/service.js',
      '/dist/electron/runner.js',
      '/dist/editor/index.html',
      '/node_modules/sharp/package.json',
      '/node_modules/tokenizers/package.json',
    ])
      expect(files).toContain(file);
    const strangers = files.filter(
      (file) => /\.(ts|tsx|map)$/.test(file) && !file.endsWith('.d.ts') && !file.startsWith('/node_modules/'),
    );
    expect(strangers).toEqual([]);
    for (const name of ['vitest', 'typescript', 'electron', 'react', 'vite', 'playwright-core'])
      expect(files).not.toContain(`/node_modules/${name}`);
    expect(extractFile(archive(), 'dist/electron/main.js').toString()).toContain('requestSingleInstanceLock');
  });

  it('keeps models, the sample and libraries outside of the archive, and only those of its platform', async () => {
    expect(existsSync(join(unpacked(), 'models/embedded/image/model_index.json'))).toBe(true);
    expect(existsSync(join(unpacked(), 'models/upscalers/realesr-animevideov3-x4.safetensors'))).toBe(true);
    expect(existsSync(join(unpacked(), 'cli/sample/scene.png'))).toBe(true);
    const bin = join(unpacked(), 'node_modules/onnxruntime-node/bin');
    const [api = ''] = await readdir(bin);
    expect(await readdir(join(bin, api))).toEqual([process.platform]);
    expect(await readdir(join(bin, api, process.platform))).toEqual([process.arch]);
    const libraries = await readdir(join(bin, api, process.platform, process.arch));
    expect(libraries.some((name) => name.endsWith('.node'))).toBe(true);
  });

  it('runs from its archive: service and runner edit a picture with what is in the package', async () => {
    const root = join(folder, 'extracted');
    extractAll(archive(), root);
    const bundle = (name: string) => join(root, 'dist', 'electron', name);
    const children: DoubleProcess[] = [];
    const double = await startOnDouble(
      {
        pictures: folder,
        fork: (path, args) => {
          const child = forkDouble(path, args, {
            ...process.env,
            HOME: folder,
            XDG_STATE_HOME: folder,
            XDG_DATA_HOME: folder,
            XDG_CONFIG_HOME: folder,
          });
          children.push(child);
          return child;
        },
      },
      {
        editor: join(root, 'dist', 'editor'),
        preload: bundle('preload.cjs'),
        serviceFile: bundle('service.js'),
        runnerFile: bundle('runner.js'),
        embedded: join(root, 'models', 'embedded'),
        sample: join(root, 'cli', 'sample', 'scene.png'),
      },
    );
    try {
      const { client, events } = await connectOn(double);
      const { sample } = await client.call('hello', {});
      const { job } = await client.call('jobs.submit', { request: { ...sample.request, steps: 4 } });
      await expect
        .poll(() => events.some((event) => event.kind === 'result' && event.entry.id === job), { timeout: 60_000 })
        .toBe(true);
    } finally {
      double.api.app.quit();
      await expect.poll(() => double.hasQuit(), { timeout: 10_000 }).toBe(true);
      for (const child of children) child.kill();
    }
  });

  it('runs no other program, takes no options of Node, and loads only its own whole archive', async () => {
    const wire = await getCurrentFuseWire(join(app, 'attune'));
    expect(wire[FuseV1Options.RunAsNode]).toBe(FuseState.DISABLE);
    expect(wire[FuseV1Options.EnableNodeOptionsEnvironmentVariable]).toBe(FuseState.DISABLE);
    expect(wire[FuseV1Options.EnableNodeCliInspectArguments]).toBe(FuseState.DISABLE);
    expect(wire[FuseV1Options.GrantFileProtocolExtraPrivileges]).toBe(FuseState.DISABLE);
    expect(wire[FuseV1Options.EnableCookieEncryption]).toBe(FuseState.ENABLE);
    expect(wire[FuseV1Options.EnableEmbeddedAsarIntegrityValidation]).toBe(FuseState.ENABLE);
    expect(wire[FuseV1Options.OnlyLoadAppFromAsar]).toBe(FuseState.ENABLE);
  });
});
