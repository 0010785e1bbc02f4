import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMetadata } from '../engine/index.ts';
import { clientOver, dial } from './serve-client.ts';
import { killServed, ROOT, serveIn } from './served.ts';

/**
 * The npm package as others get it: packed, installed by npm into an empty folder, and used from there. npm takes the dependencies from
 * its cache, where `npm ci` has put them, and from its registry what is not there.
 */
const run = promisify(execFile);
const onWindows = process.platform === 'win32';
const npm = (args: readonly string[], cwd: string) => run('npm', [...args], { cwd, shell: onWindows });
const FROM = 'a red car on the left and a blue house on the right, on sand';
const TO = 'a green car on the left and a blue house on the right, on sand';

let folder: string;
const at = (...path: readonly string[]) => join(folder, ...path);
/** Files of the installed package with their sizes in bytes, by paths with forward slashes. */
const sizes = new Map<string, number>();
let tarBytes = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-package-'));
  await npm(['run', 'pack:library', '--', '--pack-destination', folder], ROOT);
  const [file = ''] = await readdir(folder);
  tarBytes = (await stat(at(file))).size;
  await writeFile(at('package.json'), '{ "name": "elsewhere", "private": true, "type": "module" }');
  await npm(['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', `./${file}`], folder);
  await copyFile(join(ROOT, 'cli', 'sample', 'scene.png'), at('in.png'));
  const installed = at('node_modules', 'attune');
  for (const entry of await readdir(installed, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    sizes.set(relative(installed, path).split(sep).join('/'), (await stat(path)).size);
  }
}, 300_000);

afterAll(async () => {
  killServed();
  await rm(folder, { recursive: true, force: true });
});

describe('the package', () => {
  it('holds what runs and its declarations: no sources, no tests, no pictures of the docs', () => {
    const paths = [...sizes.keys()];
    expect(paths).toEqual(
      expect.arrayContaining([
        'README.md',
        'cli/attune.mjs',
        'dist/editor/index.html',
        'dist/lib/api/index.d.ts',
        'dist/lib/api/index.js',
        'dist/lib/service/batch/plannerthread.js',
        'dist/lib/service/runner/main.js',
        'dist/lib/service/runner/pulsethread.js',
        'docs/api.md',
        'models/embedded/image/transformer/diffusion_pytorch_model.safetensors',
        'models/embedded/video/transformer/diffusion_pytorch_model.safetensors',
        'models/upscalers/LICENSE',
        'models/upscalers/realesr-animevideov3-x4.safetensors',
      ]),
    );
    expect(paths.filter((path) => /(?<![.]d)[.]tsx?$|[.]test[.]|^docs[/]images/.test(path))).toEqual([]);
  });

  it('is at most 20 MB as a file and 30 MB installed, besides its dependencies', () => {
    expect(tarBytes).toBeLessThan(20e6);
    expect([...sizes.values()].reduce((sum, size) => sum + size, 0)).toBeLessThan(30e6);
  });

  it('edits a picture from plain JavaScript, as the README shows it', async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    const [, example = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
    await writeFile(at('example.js'), example);
    const { stderr } = await run(process.execPath, ['example.js'], { cwd: folder });
    expect(stderr).toBe('');
    const { record } = readMetadata(await readFile(at('out.png')));
    expect(record?.request).toMatchObject({ method: 'prompt-edit', prompt: TO, source: { name: 'in.png' } });
  });

  it('edits the same picture to the same bytes by its command', async () => {
    const argv = [
      'attune',
      'edit',
      'in.png',
      '--from',
      FROM,
      '--to',
      TO,
      '--seed',
      '7',
      '-o',
      'command.png',
      '--quiet',
    ];
    await run('npx', ['--no', ...argv], { cwd: folder, shell: onWindows });
    expect(await readFile(at('command.png'))).toEqual(await readFile(at('out.png')));
  });

  it('tells what went wrong by kind, file and sentence', async () => {
    await writeFile(
      at('wrong.js'),
      `import { AttuneError, openEngine, readPicture, writePicture } from 'attune';
       const engine = await openEngine();
       const { pixels } = await readPicture('in.png');
       const kinds = [];
       for (const work of [
         () => readPicture('none.png'),
         () => readPicture('wrong.js'),
         () => writePicture('out.bmp', pixels),
         () => writePicture('in.png', pixels),
         () => engine.run({ method: 'nope', checkpoint: 'embedded/image', prompt: '', seed: 1 }, {}),
         () => openEngine({ provider: 'nope' }),
       ])
         await work().catch((error) => kinds.push(error instanceof AttuneError ? error.kind : String(error)));
       await engine.close();
       console.log(JSON.stringify(kinds));`,
    );
    const { stdout } = await run(process.execPath, ['wrong.js'], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual([
      'file-failed',
      'media-invalid',
      'request-invalid',
      'file-failed',
      'request-invalid',
      'runtime-failed',
    ]);
  });

  it('has types that TypeScript resolves, with nothing skipped', async () => {
    await writeFile(
      at('typed.ts'),
      `import { AttuneError, type EditRequest, type Engine, openEngine, type RunResult } from 'attune';
       const request: EditRequest = { method: 'generate', checkpoint: 'embedded/image', prompt: 'a red apple', seed: 1 };
       // @ts-expect-error: the seed is a number
       const wrong: EditRequest = { ...request, seed: '1' };
       const engine: Engine = await openEngine({ threads: 1 });
       const { images, record }: RunResult = await engine.run(request, {}, { onEvent: ({ kind }) => console.log(kind) });
       export const width: number | undefined = images[0]?.width;
       export const isLost = (error: unknown): boolean => error instanceof AttuneError && error.kind === 'file-failed';
       export const name: string = record.checkpoint.name;
       export { wrong };`,
    );
    const options = ['--strict', '--noEmit', '--target', 'es2023', '--module', 'nodenext', '--lib', 'es2023,dom'];
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = await run(process.execPath, [tsc, ...options, 'typed.ts'], { cwd: folder }).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  });

  it('serves the editor, which edits', async () => {
    await mkdir(at('home'));
    const served = await serveIn(at('home'), [at('node_modules', 'attune', 'cli', 'attune.mjs'), 'serve'], {
      HOME: at('home'),
    });
    const entry = await fetch(served.url, { redirect: 'manual' });
    const cookie = entry.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    const page = await (await fetch(new URL('/', served.url), { headers: { Cookie: cookie } })).text();
    const [, script = ''] = /<script[^>]* src="[.]([^"]+)"/.exec(page) ?? [];
    expect((await fetch(new URL(script, served.url), { headers: { Cookie: cookie } })).status).toBe(200);
    const { origin, port } = new URL(served.url);
    const socket = await dial(Number(port), { Cookie: cookie, Origin: origin });
    if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
    const client = clientOver(socket);
    const { sample } = await client.call('hello', {});
    const { job } = await client.call('jobs.submit', { request: { ...sample.request, steps: 3 } });
    const results = async () => (await client.call('history.list', { limit: 1 })).entries.map(({ id }) => id);
    await expect.poll(results).toEqual([job]);
    socket.close();
    expect((await served.stop()).code).toBe(0);
  });
});

describe('an installation', () => {
  it('runs no script of a dependency', async () => {
    expect((await readFile(join(ROOT, '.npmrc'), 'utf8')).split('\n')).toContain('ignore-scripts=true');
  });
});
