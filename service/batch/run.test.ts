import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AttuneError } from '../../engine/index.ts';
import { openImageCodec } from '../../native/images.ts';
import { expandTable } from './expand.ts';
import { fakeJob, generateMethod, killOptions, tableOf } from './kill-job.ts';
import { nameJobs, safeStem } from './names.ts';
import { matrixRows, parseRows, productRows } from './rows.ts';
import { runBatch } from './run.ts';
import { chooseWords } from './words.ts';

const codec = openImageCodec();
const methods = [generateMethod];
let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'attune-batch-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('words', () => {
  const words = (prompt: string, seed = 1) =>
    chooseWords(prompt, { seed, wildcards: { color: ['red', '{blue|green}'], loop: ['__loop__'] } });
  it('follow from the seed', () => {
    expect(words('{a|b|c}', 5)).toBe(words('{a|b|c}', 5));
    expect(new Set(Array.from({ length: 50 }, (_, seed) => words('{a|b|c}', seed)))).toEqual(new Set(['a', 'b', 'c']));
    for (let seed = 0; seed < 50; seed++) {
      const [one, two] = words('{2$$a|b|c}', seed).split(', ');
      expect(one).not.toBe(two);
      expect(words('__color__', seed)).toMatch(/^(red|blue|green)$/);
    }
    expect(words('{plain} a_b __')).toBe('{plain} a_b __');
  });
  it('refuse loops and lists that are not there', () => {
    expect(() => words('__loop__')).toThrow(/names itself/);
    expect(() => words('__toString__')).toThrow(/__toString__/);
  });
});

describe('rows', () => {
  it('are read from every form', () => {
    const wanted = [{ prompt: 'a, b', seed: '7' }];
    expect(parseRows('x.csv', '\ufeffprompt,seed,steps\n"a, b",7,\n')).toEqual(wanted);
    expect(parseRows('x.json', '[{"prompt":"a, b","seed":7,"steps":null}]')).toEqual(wanted);
    expect(parseRows('x.jsonl', '{"prompt":"a, b","seed":7}\n\n')).toEqual(wanted);
    expect(parseRows('x.txt', 'a, b\n# no\n')).toEqual([{ prompt: 'a, b' }]);
  });
  it('tell the line that is wrong', () => {
    expect(() => parseRows('x.csv', 'a,b\n1,2,3\n')).toThrow(/x\.csv, line 2/);
    expect(() => parseRows('x.jsonl', '{}\n{')).toThrow(/x\.jsonl, line 2/);
    expect(() => parseRows('x.json', '['.repeat(1e6))).toThrow(/nests/);
  });
  it('come from matrices and products', () => {
    expect(matrixRows('x|a|{b|c}').map(({ prompt }) => prompt)).toEqual(['x', 'x, a', 'x, {b|c}', 'x, a, {b|c}']);
    expect(productRows({ a: ['1', '2'], b: ['3', '4'] })).toHaveLength(4);
  });
  it('become jobs with counted seeds, or problems with row and field', () => {
    const { jobs } = expandTable(
      tableOf(2, { repeats: 2, rows: [{ prompt: 'a' }, { prompt: 'b', seed: '7' }] }),
      methods,
    );
    expect(jobs.map(({ request }) => request.seed)).toEqual([100, 101, 7, 8]);
    const { problems } = expandTable(
      tableOf(1, {
        rows: [
          { promt: 'a', steps: 'x' },
          { prompt: 'a', steps: '0' },
        ],
      }),
      methods,
    );
    expect(problems.map(({ row, field }) => [row, field])).toEqual([
      [0, 'promt'],
      [0, 'steps'],
      [0, 'prompt'],
      [1, 'steps'],
    ]);
  });
});

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
    await expect(runBatch(options)).rejects.toThrow(/--resume/);
    await expect(runBatch({ ...options, resume: true, table: tableOf(3) })).rejects.toThrow(/another table/);
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
