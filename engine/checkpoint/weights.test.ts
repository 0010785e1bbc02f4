import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderOf, safetensorsOf, tensorsOf, thrownBy } from '../../test/checkpoint-files.ts';
import { readSafetensors } from './safetensors.ts';
import { weightSource } from './weights.ts';
import { encodeHeader } from './writer.ts';

const opened = (bytes: Uint8Array) => {
  const file = join(folderOf({ 'model.safetensors': bytes }), 'model.safetensors');
  return { file, source: weightSource([readSafetensors(file)], file) };
};

test('gives name, dtype, shape and the absolute place of a tensor', () => {
  const { file, source } = opened(tensorsOf({ a: [3], b: [2, 2] }));
  const dataStart = readSafetensors(file).dataStart;
  expect(source.names).toEqual(['a', 'b']);
  expect(source.has('b')).toBe(true);
  expect(source.shape('b')).toEqual([2, 2]);
  expect(source.shape('c')).toBeUndefined();
  const place = { file: readSafetensors(file).realPath, offset: dataStart + 12, byteLength: 16 };
  expect(source.get('b')).toEqual({ name: 'b', dtype: 'F32', shape: [2, 2], ...place });
});

test('reads F32, F16 and BF16 as the float32 values they stand for, at any byte offset', () => {
  const bytes = (values: ArrayBufferView) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const values = new Uint8Array([
    1,
    ...bytes(Float32Array.of(1.5, -2)),
    ...bytes(Uint16Array.of(0x3c00, 0xc000)),
    ...bytes(Uint16Array.of(0x3f80, 0xc049)),
  ]);
  const header = JSON.stringify({
    odd: { dtype: 'U8', shape: [1], data_offsets: [0, 1] },
    wide: { dtype: 'F32', shape: [2], data_offsets: [1, 9] },
    half: { dtype: 'F16', shape: [2], data_offsets: [9, 13] },
    brain: { dtype: 'BF16', shape: [2], data_offsets: [13, 17] },
  });
  const file = safetensorsOf(header, values.length);
  file.set(values, file.length - values.length);
  const { source } = opened(file);
  expect(source.read('wide')).toEqual(Float32Array.of(1.5, -2));
  expect(source.read('half')).toEqual(Float32Array.of(1, -2));
  expect(source.read('brain')).toEqual(Float32Array.of(1, -3.140625));
});

test('reads I64 as bigints, and as numbers where numbers are asked for', () => {
  const ids = BigInt64Array.of(5n, -1n);
  const { source } = opened(tensorsOf({ ids: [2] }, 'I64', new Uint8Array(ids.buffer)));
  expect(source.readInt64('ids')).toEqual(ids);
  expect(source.read('ids')).toEqual(Float32Array.of(5, -1));
});

test('names the file and the tensor that is missing', () => {
  const { file, source } = opened(tensorsOf({ a: [1] }));
  const error = thrownBy(() => source.get('b.weight'));
  expect(error).toMatchObject({ kind: 'checkpoint-incomplete', where: { file, tensor: 'b.weight' } });
  expect(error.message).toMatch(/"b\.weight" is missing/);
});

test('refuses a dtype that no graph can use, only when it is used', () => {
  const { file, source } = opened(tensorsOf({ flag: [4] }, 'BOOL'));
  expect(source.shape('flag')).toEqual([4]);
  for (const use of [() => source.get('flag'), () => source.read('flag')])
    expect(thrownBy(use)).toMatchObject({
      kind: 'checkpoint-unsupported',
      where: { file, tensor: 'flag', field: 'dtype' },
    });
});

test('refuses floats where integers are asked for', () => {
  const { source } = opened(tensorsOf({ a: [1] }));
  expect(thrownBy(() => source.readInt64('a'))).toMatchObject({ kind: 'checkpoint-malformed', where: { tensor: 'a' } });
});

test('refuses to read a file that was changed after it was opened', () => {
  const { file, source } = opened(tensorsOf({ a: [4] }));
  appendFileSync(file, 'x');
  expect(thrownBy(() => source.read('a'))).toMatchObject({ kind: 'file-failed', where: { tensor: 'a' } });
  writeFileSync(file, 'short');
  expect(thrownBy(() => source.read('a')).kind).toBe('file-failed');
});

test('what the writer plans, the reader finds: names, types, places, alignment to 8 bytes', () => {
  const plan = [
    { name: 'a', dtype: 'BF16', shape: [3] },
    { name: '__proto__', dtype: 'F32', shape: [] },
    { name: 'ü"', dtype: 'I64', shape: [2, 0] },
  ] as const;
  const header = encodeHeader(plan, { made: 'here' });
  expect(header.length % 8).toBe(0);
  const bytes = new Uint8Array(header.length + 10);
  bytes.set(header);
  const file = readSafetensors(join(folderOf({ 'w.safetensors': bytes }), 'w.safetensors'));
  expect([...file.tensors.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape }))).toEqual(plan);
  expect(file.tensors.get('__proto__')?.offset).toBe(header.length + 6);
  expect(file.metadata.get('made')).toBe('here');
});
