import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderOf, tensorsOf, thrownBy } from '../../test/checkpoint-files.ts';
import { missingShards, openShards, parseIndex } from './shards.ts';

const INDEX = 'model.safetensors.index.json';
const index = (weightMap: Record<string, unknown>) => ({ metadata: { total_size: 8 }, weight_map: weightMap });
const A = 'model-00001-of-00002.safetensors';
const B = 'model-00002-of-00002.safetensors';

test('the tensors of all shards are found, each in its file', () => {
  const folder = folderOf({
    [INDEX]: index({ a: A, b: B, a2: A }),
    [A]: tensorsOf({ a: [1], a2: [2] }),
    [B]: tensorsOf({ b: [3] }),
  });
  const files = openShards(join(folder, INDEX));
  expect(files.map(({ path, tensors }) => [path, [...tensors.keys()]])).toEqual([
    [join(folder, A), ['a', 'a2']],
    [join(folder, B), ['b']],
  ]);
});

test('a shard that is a link out of the folder is read where it leads to, as in a download cache', () => {
  const folder = folderOf({ 'blobs/1': tensorsOf({ a: [1] }), [`snapshots/x/${INDEX}`]: index({ a: A }) });
  symlinkSync('../../blobs/1', join(folder, 'snapshots/x', A));
  expect(openShards(join(folder, 'snapshots/x', INDEX))[0]?.realPath.endsWith('/blobs/1')).toBe(true);
});

test('every missing shard is named, a link that leads nowhere among them', () => {
  const folder = folderOf({ [INDEX]: index({ a: A, b: B }) });
  symlinkSync('../../blobs/gone', join(folder, B));
  expect(missingShards(join(folder, INDEX))).toEqual([join(folder, A), join(folder, B)]);
  const error = thrownBy(() => openShards(join(folder, INDEX)));
  expect(error).toMatchObject({ kind: 'checkpoint-incomplete', where: { file: join(folder, A) } });
});

test('a tensor that the index promises and its shard lacks is named with the shard', () => {
  const folder = folderOf({ [INDEX]: index({ a: A, b: A }), [A]: tensorsOf({ a: [1] }) });
  const error = thrownBy(() => openShards(join(folder, INDEX)));
  expect(error).toMatchObject({ kind: 'checkpoint-incomplete', where: { file: join(folder, A), tensor: 'b' } });
});

test('a tensor that lies in another shard than the index says is missing from its own', () => {
  const folder = folderOf({
    [INDEX]: index({ a: A, b: A, c: B }),
    [A]: tensorsOf({ a: [1] }),
    [B]: tensorsOf({ b: [1], c: [1] }),
  });
  expect(thrownBy(() => openShards(join(folder, INDEX)))).toMatchObject({
    kind: 'checkpoint-incomplete',
    where: { tensor: 'b' },
  });
});

test('a tensor stored in two shards is refused, whichever the index prefers', () => {
  const folder = folderOf({
    [INDEX]: index({ a: A, b: B }),
    [A]: tensorsOf({ a: [1], b: [1] }),
    [B]: tensorsOf({ b: [1] }),
  });
  const error = thrownBy(() => openShards(join(folder, INDEX)));
  expect(error).toMatchObject({ kind: 'checkpoint-malformed', where: { file: join(folder, B), tensor: 'b' } });
});

test('a malformed shard is named, not the index', () => {
  const folder = folderOf({ [INDEX]: index({ a: A }), [A]: 'nonsense, but long enough' });
  expect(thrownBy(() => openShards(join(folder, INDEX))).where.file).toBe(join(folder, A));
});

describe('an index is refused when', () => {
  test.each([
    ['a shard leads upwards', { a: '../x.safetensors' }],
    ['a shard leads upwards on Windows', { a: '..\\x.safetensors' }],
    ['a shard is absolute', { a: '/etc/x.safetensors' }],
    ['a shard has a drive', { a: 'C:x.safetensors' }],
    ['a shard is a stream of another file', { a: 'x:y.safetensors' }],
    ['a shard lies in a folder', { a: 'sub/x.safetensors' }],
    ['a shard is a hidden file', { a: '.x.safetensors' }],
    ['a shard is the folder itself', { a: '.' }],
    ['a shard is the folder above', { a: '..' }],
    ['a shard has an empty name', { a: '' }],
    ['a shard has a zero byte in its name', { a: 'x\0.safetensors' }],
    ['a shard has a line break in its name', { a: 'x\n.safetensors' }],
    ['a shard has a name of 1,000 characters', { a: `${'x'.repeat(1_000)}.safetensors` }],
    ['a shard is no safetensors file', { a: 'config.json' }],
    ['a shard is a number', { a: 1 }],
    ['a shard is null', { a: null }],
  ])('%s', (_, weightMap) => {
    const error = thrownBy(() => parseIndex(JSON.stringify(index(weightMap)), 'dir/i.json'));
    expect(error).toMatchObject({
      kind: 'checkpoint-malformed',
      where: { file: 'dir/i.json', tensor: 'a', field: 'weight_map' },
    });
  });

  test('a tensor is listed twice', () => {
    const error = thrownBy(() => parseIndex(`{"weight_map":{"a":"${A}","a":"${B}"}}`, 'i.json'));
    expect(error).toMatchObject({ kind: 'checkpoint-malformed', where: { field: 'weight_map.a' } });
  });

  test.each(['{}', '[]', '{"weight_map":[]}', '{"weight_map":{}}', '', '{"weight_map":'])('its text is %j', (text) => {
    expect(thrownBy(() => parseIndex(text, 'i.json'))).toMatchObject({
      kind: 'checkpoint-malformed',
      where: { file: 'i.json' },
    });
  });

  test('it names a thousand shards and more', () => {
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`t${i}`, `s${i}.safetensors`]));
    expect(thrownBy(() => parseIndex(JSON.stringify(index(many)), 'i.json')).message).toMatch(/1001 shards/);
  });

  test('a shard is a pickle', () => {
    const error = thrownBy(() =>
      parseIndex(JSON.stringify(index({ a: 'pytorch_model-00001-of-00002.bin' })), 'dir/i.json'),
    );
    expect(error).toMatchObject({
      kind: 'checkpoint-unsupported',
      where: { file: 'dir/pytorch_model-00001-of-00002.bin' },
    });
  });

  test('it is a folder or larger than any index', () => {
    const folder = folderOf({ 'big.json': new Uint8Array(33 * 2 ** 20) });
    mkdirSync(join(folder, 'dir.json'));
    expect(thrownBy(() => openShards(join(folder, 'dir.json'))).kind).toBe('file-failed');
    expect(thrownBy(() => openShards(join(folder, 'big.json'))).kind).toBe('checkpoint-malformed');
  });
});
