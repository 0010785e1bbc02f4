import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AttuneError } from '../../engine/index.ts';
import { folderRows, matrixRows, parseRows, productRows } from './rows.ts';

describe('a table', () => {
  const wanted = [{ prompt: 'a, b', seed: '7' }];
  it.each([
    ['x.csv', '\ufeffprompt,seed,steps\n"a, b",7,\n'],
    ['x.csv', 'prompt;seed\r\n"a, b";7\r\n'],
    ['x.csv', 'prompt\tseed\na, b\t7\n'],
    ['x.csv', 'sep=;\r\nprompt;seed\r\na, b;7\r\n'],
    ['x.csv', '"sep=|"\nprompt|seed\na, b|7\n'],
    ['x.csv', 'prompt;seed\na, b;7\n;\n;\n'],
    ['x.csv', 'prompt,seed,,\n"a, b",7,,\n,,,\n,\n\n'],
    ['x.csv', 'prompt,seed\n"a, b",7,,,\n'],
    ['x.csv', 'prompt,seed\r"a, b",7\r'],
    ['x.tsv', 'prompt\tseed\na, b\t7\n'],
    ['x.json', '[{"prompt":"a, b","seed":7,"steps":null}]'],
    ['x.jsonl', '{"prompt":"a, b","seed":7}\n\n'],
    ['x.txt', '# no\n--prompt "a, b" --seed 7\n'],
    ['x.txt', "--seed 7 --prompt 'a, b'\n"],
  ])('%s is read as spreadsheets and other tools save it (%j)', (name, text) => {
    expect(parseRows(name, text)).toEqual(
      name === 'x.txt' && text.startsWith('--seed') ? [{ seed: '7', prompt: 'a, b' }] : wanted,
    );
  });

  it('of prompts may have the options of "Prompts from file"', () => {
    const text =
      'a cat\n--prompt a red apple on grass --negative_prompt "blurry, dark" --steps 20 --cfg_scale 4.5 --width 512 --height 768\n-- not an option\n';
    expect(parseRows('x.txt', text)).toEqual([
      { prompt: 'a cat' },
      {
        prompt: 'a red apple on grass',
        negative: 'blurry, dark',
        steps: '20',
        guidance: '4.5',
        width: '512',
        height: '768',
      },
      { prompt: '-- not an option' },
    ]);
  });

  it.each([
    ['x.csv', 'a,b\n1,2,3\n', /x\.csv, line 2, has "3" behind the last of its 2 columns/],
    ['x.csv', 'a,b\n1,2\n1\n', /x\.csv, line 3, has 1 cells, and the table 2 columns/],
    ['x.csv', 'a,,b\n1,2,3\n', /x\.csv, line 2, has "2" in column 2, which has no name/],
    ['x.csv', 'a,b,a\n1,2,3\n', /has the column "a" twice/],
    ['x.csv', 'sep=;\na;b\n"1;2\n', /x\.csv, line 3, is no table/],
    ['x.csv', ',,\n', /is empty/],
    ['x.csv', 'prompt\n,\n', /has no rows/],
    ['x.csv', `${'c,'.repeat(100_000)}\n`, /has 100000 columns, and a table at most 200/],
    ['x.json', `[{${Array.from({ length: 300 }, (_, at) => `"c${at}":1`).join()}}]`, /has 300 columns/],
    ['x.csv', `${'n'.repeat(70)}\nx\n`, /a column name of 70 characters/],
    ['x.csv', `prompt\n${'x'.repeat(20_001)}\n`, /20001 characters in "prompt", and a cell at most 20000/],
    ['x.jsonl', '{}\n{', /x\.jsonl, line 2/],
    ['x.json', '['.repeat(1e6), /nests/],
    ['x.json', '[{"prompt":{"a":1}}]', /x\.json, row 1, holds a list or an object/],
    ['x.txt', 'a\n--sampler_name Euler\n', /x\.txt, line 2, has --sampler_name, which has no use here/],
    ['x.txt', '--stesp 3 --prompt a\n', /Did you mean steps/],
    ['x.txt', '--prompt "a\n', /opens " and does not close it/],
    ['x.txt', '--prompt\n', /has --prompt without a value/],
    ['x.txt', '--to a --prompt b\n', /has --prompt twice/],
  ])('%s that is wrong is told with its line (%.30j)', (name, text, what) => {
    expect(() => parseRows(name, text)).toThrow(what);
  });

  it('keeps the digits of numbers that JSON rounds', () => {
    expect(parseRows('x.json', '[{"seed":9007199254740993,"steps":4,"guidance":1e300}]')).toEqual([
      { seed: '9007199254740993', steps: '4', guidance: '1e300' },
    ]);
  });
});

it('matrices and products give every combination', () => {
  expect(matrixRows('x|a|{b|c}').map(({ prompt }) => prompt)).toEqual(['x', 'x, a', 'x, {b|c}', 'x, a, {b|c}']);
  expect(productRows({ a: ['1', '2'], b: ['3', '4'] })).toHaveLength(4);
});

describe('any table', () => {
  const cell = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.trim());
  const filled = cell.filter((text) => text !== '' && !text.includes('\0'));
  it('that is written as CSV with any of its separators is read as it was', () => {
    const table = fc
      .record({
        delimiter: fc.constantFrom(',', ';', '\t'),
        rows: fc.array(fc.tuple(filled, cell), { minLength: 1, maxLength: 8 }),
      })
      .map(({ delimiter, rows }) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const body = rows.map((row) => row.map(quoted).join(delimiter)).join('\r\n');
        return { rows, text: `prompt${delimiter}negative\r\n${body}\r\n${delimiter}\r\n` };
      });
    fc.assert(
      fc.property(table, ({ rows, text }) => {
        const wanted = rows.map(([prompt, negative]) => ({ prompt, ...(negative !== '' && { negative }) }));
        expect(parseRows('x.csv', text)).toEqual(wanted);
      }),
      { numRuns: 500, seed: 27 },
    );
  });

  it('that is written as JSON is read as it was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(filled, filled, { minKeys: 1, maxKeys: 5 }), { minLength: 1, maxLength: 5 }),
        (rows) => {
          const plain = rows.filter((row) => !Object.keys(row).some((key) => key.length > 64));
          fc.pre(plain.length > 0);
          expect(parseRows('x.json', JSON.stringify(plain))).toEqual(plain.map((row) => ({ ...row })));
          expect(parseRows('x.jsonl', plain.map((row) => JSON.stringify(row)).join('\n'))).toEqual(
            plain.map((row) => ({ ...row })),
          );
        },
      ),
      { numRuns: 500, seed: 28 },
    );
  });

  it('is read or refused with a sentence that names the file', () => {
    const noise = fc.string({
      unit: fc.constantFrom(
        'prompt',
        'seed',
        ',',
        ';',
        '\t',
        '"',
        '\n',
        '\r\n',
        '{',
        '}',
        '[',
        ']',
        ':',
        '1',
        'a',
        '--',
        '#',
        ' ',
        'sep=',
        "'",
        '\\',
        '\0',
        '😀',
      ),
      maxLength: 40,
    });
    const name = fc.constantFrom('x.csv', 'x.tsv', 'x.json', 'x.jsonl', 'x.txt', 'x');
    fc.assert(
      fc.property(noise, name, (text, file) => {
        try {
          expect(parseRows(file, text).length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(AttuneError);
          expect(error).toMatchObject({ kind: 'request-invalid', message: expect.stringContaining(file) });
        }
      }),
      { numRuns: 20_000, seed: 29 },
    );
  });
});

describe('a folder', () => {
  it('gives a row for every picture, however its name ends, and names what it passes over', () => {
    const names = ['b10.JPG', 'b9.jfif', 'a.jpe', 'IMG_1.HEIC', 'c.bmp', 'list.txt', 'more/', '.DS_Store', 'Thumbs.db'];
    expect(folderRows(names)).toEqual({
      rows: [{ source: 'a.jpe' }, { source: 'b9.jfif' }, { source: 'b10.JPG' }],
      passedOver: ['c.bmp', 'IMG_1.HEIC', 'list.txt', 'more/'],
    });
  });
});
