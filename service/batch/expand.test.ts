import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_SEED } from '../../contract/index.ts';
import { expandTable, mediaKey, planBatch } from './expand.ts';
import { generateMethod, tableOf } from './kill-job.ts';
import { readSeed } from './seeds.ts';

const methods = [generateMethod];
const sha = (digit: string) => digit.repeat(64);
const problemsOf = (rows: readonly Readonly<Record<string, string>>[]) =>
  expandTable(tableOf(1, { rows: rows.map((row) => ({ ...row })) }), methods).problems.map(({ message }) => message);
const seedsOf = (rows: readonly Readonly<Record<string, string>>[], repeats = 1, seed = 100) =>
  expandTable(tableOf(1, { rows: rows.map((row) => ({ ...row })), repeats, base: { seed } }), methods).jobs.map(
    ({ request }) => request.seed,
  );

describe('seeds', () => {
  it('count up over all jobs, a row’s own over its repeats', () => {
    expect(seedsOf([{ prompt: 'a' }, { prompt: 'b', seed: '7' }, { prompt: 'c' }, { prompt: 'd' }], 2)).toEqual([
      100, 101, 7, 8, 104, 105, 106, 107,
    ]);
  });

  it('of -1 are drawn anew for every job, and alike when the batch goes on', () => {
    const rows = [
      { prompt: 'a', seed: '-1' },
      { prompt: 'b', seed: '-1' },
    ];
    const drawn = seedsOf(rows, 3);
    expect(new Set(drawn).size).toBe(6);
    expect(seedsOf(rows, 3)).toEqual(drawn);
    expect(seedsOf(rows, 3, 101)).not.toEqual(drawn);
  });

  it('of any size are taken exactly or told', () => {
    expect(seedsOf([{ prompt: 'a', seed: String(MAX_SEED) }])).toEqual([MAX_SEED]);
    for (const seed of [
      '9007199254740992',
      '18446744073709551615',
      '1'.repeat(5000),
      '-2',
      '1.5',
      '1e400',
      '0x10',
      'a',
    ])
      expect(problemsOf([{ prompt: 'a', seed }])).toEqual([
        expect.stringMatching(/^Row 1, seed: takes a whole number/),
      ]);
    expect(problemsOf([{ prompt: 'a', seed: '1.84467E+19' }])[0]).toMatch(/a spreadsheet has rounded it/);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 65n }), (seed) => {
        const read = readSeed(String(seed));
        if ('seed' in read) expect(BigInt(read.seed as number)).toBe(seed);
        else expect(seed).toBeGreaterThan(BigInt(MAX_SEED));
      }),
    );
  });

  it('never count past the largest to the smallest', () => {
    const { jobs, problems } = expandTable(
      tableOf(1, { rows: [{ prompt: 'a', seed: String(MAX_SEED) }], repeats: 2 }),
      methods,
    );
    expect(jobs).toHaveLength(1);
    expect(problems).toEqual([
      expect.objectContaining({ field: 'seed', message: expect.stringMatching(/past the largest/) }),
    ]);
  });
});

describe('a row', () => {
  it.each([
    [
      { promt: 'a', steps: 'x' },
      [
        'Row 1, promt: there is no column "promt". Did you mean prompt?',
        expect.stringMatching(/steps: takes a number/),
        expect.stringMatching(/prompt: the method generate needs it/),
      ],
    ],
    [{ prompt: 'a', to: 'b' }, [expect.stringMatching(/Row 1, to: says what the column "prompt" says/)]],
    [{ prompt: 'a', Prompt: 'b' }, [expect.stringMatching(/Row 1, Prompt: says what/)]],
    [
      { prompt: 'a', size: '8x8', width: '8', height: '8' },
      [expect.stringMatching(/width: says what the column "size"/), expect.stringMatching(/height: says what/)],
    ],
    [
      { prompt: 'a', width: '8', height: '8', size: '8x8' },
      [expect.stringMatching(/size: says what the column "height"/)],
    ],
    [
      { prompt: 'a', 'param.x': '1', 'Param.x': '2' },
      [expect.stringMatching(/Param\.x: says what the column "param\.x"/), expect.stringMatching(/no such parameter/)],
    ],
    [{ prompt: 'a', guidance: '4,5' }, ['Row 1, guidance: takes a number, e.g. 4.5, not "4,5".']],
    [{ prompt: 'a', width: '8' }, [expect.stringMatching(/only one of width and height/)]],
    [{ prompt: 'a', region: '1,2,3' }, [expect.stringMatching(/Row 1, region: takes auto or X,Y,WIDTH,HEIGHT/)]],
    [{ prompt: 'a', megapixels: '0' }, [expect.stringMatching(/Row 1, megapixels: must be from 0\.001 to 100/)]],
    [{ prompt: 'a', method: 'film' }, [expect.stringMatching(/there is no method "film"/)]],
    [{ prompt: 'a', source: 'x.png' }, [expect.stringMatching(/there is no picture "x\.png"/)]],
    [{ prompt: 'a', steps: '0' }, [expect.stringMatching(/Row 1, steps: /)]],
    [{ prompt: 'a __missing__' }, [expect.stringMatching(/Row 1, prompt: it names the list __missing__/)]],
  ])('that is wrong is told with its field: %j', (row, told) => {
    expect(problemsOf([row as unknown as Readonly<Record<string, string>>])).toEqual(told);
  });

  it('has parameters under the names of older tables too', () => {
    const nAvg = { name: 'nAvg', title: 'n', summary: 'n', type: 'integer', min: 1, max: 8, default: 1 } as const;
    const rows = [{ prompt: 'a', 'param.averages': '3' }];
    const { jobs } = expandTable(tableOf(1, { rows }), [{ ...generateMethod, params: [nAvg] }]);
    expect(jobs.map(({ request }) => request.params)).toEqual([{ nAvg: 3 }]);
  });

  it('finds pictures of one content under each of their names, and of one name by their content', () => {
    const media = [
      { sha256: sha('a'), name: 'cat.png' },
      { sha256: sha('a'), name: 'dog.png' },
      { sha256: sha('b'), name: 'cat.png' },
    ];
    const rows = [...media.map(mediaKey), 'dog.png', sha('b')].map((source) => ({
      source,
      prompt: 'x',
      method: 'generate',
    }));
    const table = tableOf(1, { media, rows });
    expect(expandTable(table, methods).jobs.map(({ request }) => mediaKey(request.source!))).toEqual([
      ...media.map(mediaKey),
      mediaKey(media[1]!),
      mediaKey(media[2]!),
    ]);
    expect(planBatch(table, methods).jobs.map(({ file }) => file.split('-')[0])).toEqual([
      'cat',
      'dog',
      'cat',
      'dog',
      'cat',
    ]);
  });
});

describe('a table beyond sense', () => {
  it('gives at most 200 problems', () => {
    const rows = Array.from({ length: 500 }, () => ({ nope: 'x', no: 'y' }));
    expect(expandTable(tableOf(1, { rows }), methods).problems).toHaveLength(200);
  });
  it('of 100,000 columns is one problem', () => {
    const row = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`c${at}`, 'x']));
    expect(problemsOf([row])).toEqual(['Row 1, columns: it has 100000, and a table at most 200.']);
  });
  it('of more jobs than a batch may have is refused before any is made', () => {
    const { jobs, problems } = expandTable(tableOf(400, { repeats: 300 }), methods);
    expect([jobs.length, problems.length]).toEqual([0, 1]);
  });
  it('is expanded or told, whatever its cells say', () => {
    const cell = fc.string({
      unit: fc.constantFrom('{', '}', '|', '__', 'a', '1', '-', '$$', '${', ':', '.', 'e', 'x', ' ', '%'),
      maxLength: 12,
    });
    const column = fc.constantFrom(
      'prompt',
      'to',
      'seed',
      'steps',
      'size',
      'width',
      'height',
      'guidance',
      'maps',
      'method',
      'source',
      'negative',
      'param.x',
      'nope',
    );
    fc.assert(
      fc.property(fc.dictionary(column, cell, { maxKeys: 5 }), (row) => {
        const { jobs, problems } = expandTable(tableOf(1, { rows: [row] }), methods);
        expect(jobs.length + Math.min(1, problems.length)).toBe(1);
      }),
      { numRuns: 5000, seed: 30 },
    );
  });
});
