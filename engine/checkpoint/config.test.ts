import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderOf, thrownBy } from '../../test/checkpoint-files.ts';
import { type Config, parseConfig, readConfig } from './config.ts';

const config = (fields: object) => parseConfig(JSON.stringify(fields), 'dir/config.json');

test('fields of every type are read', () => {
  const read = config({
    layers: 24,
    eps: 1e-6,
    fast: false,
    act: 'silu',
    widths: [16, 32],
    ratios: [0.5, 1],
    names: ['a'],
    rope: { base: 10_000 },
  });
  expect(read.integer('layers')).toBe(24);
  expect(read.number('eps')).toBe(1e-6);
  expect(read.boolean('fast')).toBe(false);
  expect(read.string('act')).toBe('silu');
  expect(read.oneOf('act', ['gelu', 'silu'])).toBe('silu');
  expect(read.intArray('widths')).toEqual([16, 32]);
  expect(read.numberArray('ratios')).toEqual([0.5, 1]);
  expect(read.stringArray('names')).toEqual(['a']);
  expect(read.optionalObject('rope')?.integer('base')).toBe(10_000);
  expect(read.fields).toHaveLength(8);
});

test('absent and null are the same: undefined when optional, refused by name when required', () => {
  for (const read of [config({}), config({ x: null })]) {
    expect(read.has('x')).toBe(false);
    expect(read.optionalInteger('x')).toBeUndefined();
    expect(read.optionalIntArray('x') ?? [7]).toEqual([7]);
    expect(read.optionalObject('x')).toBeUndefined();
    const error = thrownBy(() => read.integer('x'));
    expect(error).toMatchObject({ kind: 'checkpoint-incomplete', where: { file: 'dir/config.json', field: 'x' } });
    expect(error.message).toMatch(/"x" is missing/);
  }
});

describe('a field is refused with file, field, what is there and what is expected:', () => {
  test.each<[string, unknown, (read: Config) => unknown, RegExp]>([
    [
      'text for a whole number',
      '24',
      (read) => read.integer('x'),
      /is the text "24" where a whole number from 0 to 1000000/,
    ],
    ['a fraction for a whole number', 2.5, (read) => read.integer('x'), /is 2\.5 where/],
    ['a negative number of layers', -1, (read) => read.integer('x'), /is -1 where/],
    ['a billion layers', 1e9, (read) => read.integer('x'), /from 0 to 1000000/],
    ['a whole number out of given bounds', 3, (read) => read.integer('x', { min: 4, max: 8 }), /from 4 to 8/],
    ['true for a number', true, (read) => read.number('x'), /is true where a number/],
    ['1e300 for a scale', 1e300, (read) => read.number('x'), /where a number from -1000000000/],
    ['a number for a flag', 1, (read) => read.boolean('x'), /is 1 where true or false/],
    ['a list for a text', ['a'], (read) => read.string('x'), /is a list of 1 where text/],
    ['an object for a text', { a: 1 }, (read) => read.string('x'), /is an object where text/],
    ['a number for a list', 3, (read) => read.intArray('x'), /is 3 where a list/],
    ['a fraction inside a list', [1, 1.5], (read) => read.intArray('x'), /is 1\.5 where a whole number/],
    ['null inside a list', [1, null], (read) => read.numberArray('x'), /is null where a number/],
    [
      'a list of the wrong length',
      [1],
      (read) => read.intArray('x', { minLength: 3, maxLength: 3 }),
      /a list of 1 where a list of 3 is/,
    ],
    ['a list of 5,000', Array(5_000).fill(1), (read) => read.intArray('x'), /a list of 0 to 4096/],
    ['a list for an object', [], (read) => read.optionalObject('x'), /where an object/],
  ])('%s', (_, value, read, says) => {
    const error = thrownBy(() => read(config({ x: value })));
    expect(error).toMatchObject({ kind: 'checkpoint-malformed', where: { file: 'dir/config.json', field: 'x' } });
    expect(error.message).toMatch(says);
  });

  test('a word that is sound but not ours is unsupported, with the list of ours', () => {
    const error = thrownBy(() => config({ act: 'mish' }).oneOf('act', ['silu', 'gelu']));
    expect(error).toMatchObject({ kind: 'checkpoint-unsupported', where: { field: 'act' } });
    expect(error.message).toMatch(/"mish"; Attune knows "silu", "gelu"/);
  });

  test('a nested field is named with its path', () => {
    const error = thrownBy(() =>
      config({ rope: { base: 'x' } })
        .optionalObject('rope')
        ?.number('base'),
    );
    expect(error.where.field).toBe('rope.base');
  });
});

test('the class is told by _class_name, else by architectures', () => {
  expect(config({ _class_name: 'A', architectures: ['B'] }).className).toBe('A');
  expect(config({ architectures: ['B'] }).className).toBe('B');
  expect(config({}).className).toBeUndefined();
});

test.each([
  ['an array', '[]'],
  ['broken JSON', '{"a":'],
  ['a number beyond all bounds', '{"a":1e999}'],
  ['a field given twice', '{"a":1,"a":2}'],
  ['seventeen nested lists', `{"a":${'['.repeat(17)}`],
  ['nothing', ''],
])('a config that is %s is refused', (_, text) => {
  expect(thrownBy(() => parseConfig(text, 'c.json'))).toMatchObject({
    kind: 'checkpoint-malformed',
    where: { file: 'c.json' },
  });
});

test('a config file that is missing, not UTF-8 or huge is refused by name', () => {
  const folder = folderOf({ 'latin.json': Uint8Array.of(0x7b, 0xe9, 0x7d), 'huge.json': new Uint8Array(5 * 2 ** 20) });
  const kindOf = (name: string) => thrownBy(() => readConfig(join(folder, name))).kind;
  expect(kindOf('none.json')).toBe('checkpoint-incomplete');
  expect(kindOf('latin.json')).toBe('checkpoint-malformed');
  expect(kindOf('huge.json')).toBe('checkpoint-malformed');
});
