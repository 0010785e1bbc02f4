import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openImageCodec } from '../../native/images.ts';
import { killOptions } from './kill-job.ts';
import { runBatch } from './run.ts';

/** kill -9 at random moments: whatever was told is there, and what comes out at last equals the undisturbed run. */
const KILLS = 100;
const CHILD = join(import.meta.dirname, 'kill-child.ts');
const codec = openImageCodec();
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'attune-kill-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(files.map(async (path) => [path.slice(folder.length + 1), await readFile(path)] as const)),
  );
}

/** Runs until it ends, or is killed so long after its first result or start. */
function runChild(
  folder: string,
  resume: boolean,
  killMs: number | undefined,
): Promise<{ told: string; code: number | null; err: string }> {
  const child = spawn(process.execPath, [CHILD, folder, ...(resume ? ['resume'] : [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let told = '';
  let err = '';
  child.stdout.on('data', (part: Buffer) => {
    told += part.toString();
  });
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString();
  });
  if (killMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killMs);
  return new Promise((done) => child.once('close', (code) => done({ told, code, err })));
}

it(`survives ${KILLS} kills`, async () => {
  const reference = join(root, 'undisturbed');
  await runBatch(killOptions(reference, codec));
  const wanted = await filesOf(reference);
  wanted.delete('batch.jsonl');
  expect(wanted.size).toBe(12 * 2 + 2);
  const startMs = performance.now();
  expect((await runChild(join(root, 'timed'), false, undefined)).code).toBe(0);
  const wholeMs = performance.now() - startMs;

  let kills = 0;
  let told = 0;
  for (let round = 0; kills < KILLS; round++) {
    const folder = join(root, `round-${round}`);
    const announced = new Map<string, Buffer>();
    for (let attempt = 0; ; attempt++) {
      // The start of a process takes most of its time; later attempts have less to do.
      const killMs = attempt < 12 ? wholeMs * (0.45 + Math.random() * 0.5) : undefined;
      const ended = await runChild(folder, attempt > 0, killMs);
      const lines = ended.told.split('\n').slice(0, -1);
      for (const line of lines) {
        const [, file = ''] = line.split(' ');
        expect(announced.has(file), `${file} was told twice`).toBe(false);
        const bytes = await readFile(join(folder, file));
        await codec.decode(bytes, file);
        announced.set(file, bytes);
        told++;
      }
      for (const [file, bytes] of announced) expect(bytes.equals(await readFile(join(folder, file)))).toBe(true);
      if (ended.code === 0) break;
      expect(ended.code, ended.err).toBe(null);
      kills++;
    }
    const got = await filesOf(folder);
    got.delete('batch.jsonl');
    expect([...got.keys()].toSorted()).toEqual([...wanted.keys()].toSorted());
    for (const [name, bytes] of wanted) expect(bytes.equals(got.get(name)!), name).toBe(true);
    const manifest = JSON.parse(got.get('manifest.json')!.toString());
    expect([manifest.done, manifest.failed, manifest.jobs.length]).toEqual([12, 0, 12]);
    await rm(folder, { recursive: true });
  }
  process.stdout.write(`${kills} kills, ${told} results told, none lost, none doubled\n`);
}, 300_000);
