import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOM = fileURLToPath(new URL('.', import.meta.url));
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'attune-home-'));
});
afterAll(() => rm(home, { recursive: true }));

it('the runtime writes nothing about the machine below the home folder', async () => {
  // A process of its own: the library reads its environment once, with the first session.
  const program = `
    const { createOnnxRuntime } = await import('./runtime.ts');
    const { GraphBuilder } = await import('../engine/graph/builder.ts');
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', [1]);
    g.output('y', g.add(x, x));
    const session = await createOnnxRuntime().createSession(g.build(), { weights: 'private' });
    await session.release();
    console.log(process.env.ORT_DISABLE_TELEMETRY);
  `;
  const env = { PATH: process.env.PATH, HOME: home, USERPROFILE: home, XDG_CACHE_HOME: join(home, '.cache') };
  const ran = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: ROOM, env });
  expect(ran.stdout).toBe('1\n');
  expect(await readdir(home)).toEqual([]);
});

it('nobody loads the runtime past the file that turns its telemetry off', async () => {
  const files = (await readdir(ROOM)).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const doors: string[] = [];
  for (const name of files)
    if (/from 'onnxruntime-node'|import\('onnxruntime-node/.test(await readFile(join(ROOM, name), 'utf8')))
      doors.push(name);
  expect(doors).toEqual(['onnxruntime.ts']);
});
