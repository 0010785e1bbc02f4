import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttuneError } from '../../engine/index.ts';
import { openImageCodec } from '../../native/images.ts';
import { expandTable } from './expand.ts';
import { fakeJob, generateMethod, killOptions, tableOf } from './kill-job.ts';
import { nameJobs, safeStem } from './names.ts';
import { runBatch } from './run.ts';

const codec = openImageCodec();
const methods = [generateMethod];
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'attune-batch-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it('names are safe, unique and stable', () => {
  const { jobs } = expandTable(tableOf(3), methods);
  const naming = { format: 'jpeg', startedMs: 0, taken: ['A.jpg'] } as const;
  expect(nameJobs(jobs, { ...naming, pattern: 'a[none]' })).toEqual(['a-2.jpg', 'a-3.jpg', 'a-4.jpg']);
  expect(nameJobs(jobs, { ...naming, pattern: '[date] [batch_number] [nope]' })[0]).toBe('1970-01-01 1 [nope].jpg');
  expect(['../..\\x', 'con', '...', 'a. '].map(safeStem)).toEqual(['x', '_con', 'picture', 'a']);
  expect(Buffer.byteLength(safeStem('雪'.repeat(200)))).toBeLessThanOrEqual(120);
});

describe('a batch', () => {
  it('goes on behind failures, stops and torn journals, and refuses what would mix', async () => {
    const folder = join(root, 'one');
    await rm(folder, { recursive: true, force: true });
    const options = killOptions(folder, codec);
    const stop = new AbortController();
    let runs = 0;
    const first = await runBatch({
      ...options,
      signal: stop.signal,
      runJob: async (job) => {
        if (++runs === 5) stop.abort();
        if (runs === 2) throw new AttuneError('media-invalid', 'x.png is damaged.');
        return fakeJob(job);
      },
    });
    expect(first).toMatchObject({ state: 'cancelled', done: 3, failed: 1 });
    await expect(runBatch(options)).rejects.toThrow(/not finished; resume it/);
    await expect(runBatch({ ...options, resume: true, table: tableOf(3) })).rejects.toThrow(/another table/);
    for (const change of [
      { format: 'webp' },
      { withMetadata: false },
      { quality: 3 },
      { pattern: '[seed]' },
    ] as const) {
      const table = { ...options.table, export: { ...options.table.export, ...change } };
      await expect(runBatch({ ...options, resume: true, table })).rejects.toThrow(/another table/);
    }
    const journal = join(folder, 'batch.jsonl');
    await truncate(journal, (await readFile(journal)).length - 5);
    const foreign = Buffer.from('mine');
    await writeFile(join(folder, '00010-109.png'), foreign);
    expect(await runBatch({ ...options, resume: true })).toMatchObject({ state: 'finished', done: 12, failed: 0 });
    expect((await readFile(join(folder, '00010-109.png'))).equals(foreign)).toBe(true);
    expect(await readdir(folder)).toContain('00010-109~2.png');
    expect(
      await runBatch({ ...options, resume: true, runJob: () => Promise.reject(new Error('never')) }),
    ).toMatchObject({ done: 12 });
    expect(await runBatch(options)).toMatchObject({ done: 12 });
    expect((await readdir(folder)).filter((name) => name.startsWith('batch'))).toHaveLength(2);
  });
});
