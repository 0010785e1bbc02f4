import { closeSync, ftruncateSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderOf, safetensorsOf, tensorsOf, thrownBy } from '../../test/checkpoint-files.ts';
import type { ErrorKind } from '../base/errors.ts';
import { MAX_HEADER_BYTES, MAX_NAME_LENGTH, MAX_TENSORS, parseHeader, readSafetensors } from './safetensors.ts';

interface BadFile {
  /** Continues "refuses ...". */
  readonly promise: string;
  readonly bytes: Uint8Array;
  readonly kind?: ErrorKind;
  readonly tensor?: string;
  readonly field?: string;
  readonly says: RegExp;
}

const ascii = (text: string) => new TextEncoder().encode(text);
const entry = (dtype: string, shape: string, offsets: string) =>
  `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
const F32 = '"F32"';
/** A file with one tensor `w` described by these three texts. */
const one = (dtype: string, shape: string, offsets: string, data = 0) =>
  safetensorsOf(`{"w":${entry(dtype, shape, offsets)}}`, data);
/** Two float32 tensors `a` and `b` of these element counts at these offsets. */
const two = (a: readonly [number, number], b: readonly [number, number], data: number) =>
  safetensorsOf(
    `{"a":${entry(F32, `[${(a[1] - a[0]) / 4}]`, `[${a}]`)},"b":${entry(F32, `[${(b[1] - b[0]) / 4}]`, `[${b}]`)}}`,
    data,
  );
const w = (fault: Omit<BadFile, 'tensor'>): BadFile => ({ ...fault, tensor: 'w' });

const BAD: readonly BadFile[] = [
  // The length and the bytes of the header.
  { promise: 'an empty file', bytes: new Uint8Array(), says: /empty/ },
  { promise: 'a file of one byte', bytes: new Uint8Array(1), says: /too short \(1 bytes\)/ },
  { promise: 'a file of seven bytes', bytes: new Uint8Array(7), says: /too short/ },
  { promise: 'a file that ends after the length', bytes: safetensorsOf(''), says: /too short/ },
  { promise: 'a header length of 0', bytes: safetensorsOf('', 64), field: 'header length', says: /too short for/ },
  { promise: 'a header length of 1', bytes: safetensorsOf('{', 64), field: 'header length', says: /too short for/ },
  {
    promise: 'a header length one above the file',
    bytes: safetensorsOf('{}', 0, 3n),
    field: 'header length',
    says: /claims 3 bytes, but the file has only 10/,
  },
  {
    promise: 'a header length of 2^32',
    bytes: safetensorsOf('{}', 0, 1n << 32n),
    field: 'header length',
    says: /claims/,
  },
  {
    promise: 'a header length of 2^63',
    bytes: safetensorsOf('{}', 0, 1n << 63n),
    field: 'header length',
    says: /claims/,
  },
  {
    promise: 'a header length of 2^64 - 1',
    bytes: safetensorsOf('{}', 0, (1n << 64n) - 1n),
    field: 'header length',
    says: /claims/,
  },
  {
    promise: 'a header larger than we read',
    bytes: safetensorsOf(' '.repeat(MAX_HEADER_BYTES + 1)),
    kind: 'checkpoint-unsupported',
    field: 'header length',
    says: /Attune reads up to/,
  },
  { promise: 'a header that is not UTF-8', bytes: safetensorsOf(Uint8Array.of(0x7b, 0xff, 0x7d)), says: /UTF-8/ },
  {
    promise: 'an overlong UTF-8 form',
    bytes: safetensorsOf(Uint8Array.of(0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x7d)),
    says: /UTF-8/,
  },
  { promise: 'a header cut inside a character', bytes: safetensorsOf(Uint8Array.of(0x7b, 0xe2, 0x82)), says: /UTF-8/ },
  { promise: 'a byte order mark', bytes: safetensorsOf('\ufeff{}'), field: 'header', says: /begin with "\{"/ },
  { promise: 'a space before the header', bytes: safetensorsOf(' {}'), field: 'header', says: /begin with/ },
  { promise: 'a header that is an array', bytes: safetensorsOf('[]'), field: 'header', says: /begin with/ },
  { promise: 'a header that is text', bytes: safetensorsOf('"{}"'), field: 'header', says: /begin with/ },
  { promise: 'a header of zeros', bytes: new Uint8Array(64).fill(0).fill(16, 0, 1), field: 'header', says: /begin/ },
  // JSON.
  { promise: 'a header that is not closed', bytes: safetensorsOf('{"a":'), tensor: 'a', says: /ends in the middle/ },
  { promise: 'a second value after the header', bytes: safetensorsOf('{}{}'), says: /more text follows/ },
  { promise: 'zero bytes as padding', bytes: safetensorsOf('{}\0\0'), says: /more text follows/ },
  { promise: 'a trailing comma', bytes: safetensorsOf('{"__metadata__":{},}'), says: /key in double quotes/ },
  { promise: 'a comment', bytes: safetensorsOf('{/**/}'), says: /key in double quotes/ },
  { promise: 'a key without quotes', bytes: safetensorsOf('{w:1}'), says: /key in double quotes/ },
  { promise: 'a missing colon', bytes: safetensorsOf('{"w" 1}'), tensor: 'w', says: /":" is expected/ },
  { promise: 'a string without an end', bytes: safetensorsOf('{"w'), says: /has no end/ },
  { promise: 'a raw line break in a name', bytes: safetensorsOf('{"a\nb":1}'), says: /control character/ },
  { promise: 'an unknown escape in a name', bytes: safetensorsOf('{"\\x41":1}'), says: /unknown escape/ },
  { promise: 'half a surrogate pair in a name', bytes: safetensorsOf('{"\\ud800":1}'), says: /surrogate/ },
  {
    promise: '100,000 nested objects',
    bytes: safetensorsOf('{"a":'.repeat(100_000)),
    tensor: 'a',
    field: 'a',
    says: /nested deeper than 3/,
  },
  {
    promise: '1,000,000 nested arrays in a shape',
    bytes: safetensorsOf(`{"w":{"shape":${'['.repeat(1_000_000)}`),
    tensor: 'w',
    field: 'shape',
    says: /nested deeper than 3/,
  },
  {
    promise: 'a tensor named twice',
    bytes: safetensorsOf(`{"w":${entry(F32, '[1]', '[0,4]')},"w":${entry(F32, '[1]', '[0,4]')}}`, 4),
    tensor: 'w',
    says: /stands twice/,
  },
  {
    promise: 'a tensor named twice in two spellings',
    bytes: safetensorsOf(`{"w":${entry(F32, '[1]', '[0,4]')},"\\u0077":${entry(F32, '[1]', '[4,8]')}}`, 8),
    tensor: 'w',
    says: /stands twice/,
  },
  w({
    promise: 'a field given twice',
    bytes: safetensorsOf('{"w":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}', 4),
    field: 'dtype',
    says: /stands twice/,
  }),
  {
    promise: 'more tensors than we read',
    bytes: safetensorsOf(`{${Array.from({ length: MAX_TENSORS + 1 }, (_, i) => `"${i}":0`)}}`),
    tensor: String(MAX_TENSORS),
    says: /more than 65536 members/,
  },
  w({
    promise: 'a shape of a million axes',
    bytes: one(F32, `[${'1,'.repeat(1_000_000)}1]`, '[0,4]', 4),
    field: 'shape',
    says: /more than 65536 members/,
  }),
  // As large as a header may be.
  {
    promise: 'the largest header, of spaces',
    bytes: safetensorsOf(`{${' '.repeat(MAX_HEADER_BYTES - 1)}`),
    says: /key in double quotes/,
  },
  {
    promise: 'the largest header, of one name of escapes',
    bytes: safetensorsOf(`{"${'\\"'.repeat(MAX_HEADER_BYTES / 2 - 2)}"`),
    tensor: '\\"'.repeat(MAX_NAME_LENGTH / 2),
    says: /name is longer than 512/,
  },
  {
    promise: 'the largest header, of one piece of metadata full of escapes',
    bytes: safetensorsOf(`{"__metadata__":{"a":"${'\\"'.repeat(MAX_HEADER_BYTES / 2 - 14)}"`),
    tensor: '__metadata__',
    says: /"," or "\}" is expected/,
  },
  {
    promise: 'as many tensors as a header may have, the last one overlapping',
    bytes: safetensorsOf(
      `{${Array.from({ length: MAX_TENSORS }, (_, i) => `"layer.${i}":${entry(F32, '[1]', i === 0 ? '[4,8]' : `[${4 * i},${4 * i + 4}]`)}`)}}`,
      4 * MAX_TENSORS,
    ),
    tensor: 'layer.0',
    field: 'data_offsets',
    says: /belong to none|overlaps/,
  },
  // Metadata.
  {
    promise: 'metadata that are null',
    bytes: safetensorsOf('{"__metadata__":null}'),
    tensor: '__metadata__',
    says: /not an object/,
  },
  {
    promise: 'metadata that are a list',
    bytes: safetensorsOf('{"__metadata__":[]}'),
    tensor: '__metadata__',
    says: /not an object/,
  },
  {
    promise: 'a number in the metadata',
    bytes: safetensorsOf('{"__metadata__":{"epoch":3}}'),
    tensor: '__metadata__',
    field: 'epoch',
    says: /"epoch" is not a string/,
  },
  {
    promise: 'an object in the metadata',
    bytes: safetensorsOf('{"__metadata__":{"a":{}}}'),
    tensor: '__metadata__',
    field: 'a',
    says: /not a string/,
  },
  // Names.
  {
    promise: 'an empty tensor name',
    bytes: safetensorsOf(`{"":${entry(F32, '[1]', '[0,4]')}}`, 4),
    tensor: '',
    field: 'name',
    says: /empty name/,
  },
  {
    promise: 'a tensor name of 100,000 characters',
    bytes: safetensorsOf(`{"${'n'.repeat(100_000)}":${entry(F32, '[1]', '[0,4]')}}`, 4),
    tensor: 'n'.repeat(MAX_NAME_LENGTH),
    says: /name is longer than 512/,
  },
  {
    promise: 'a tensor named __proto__ that is none',
    bytes: safetensorsOf('{"__proto__":{"polluted":"yes"}}'),
    tensor: '__proto__',
    field: 'polluted',
    says: /unknown field/,
  },
  // The three fields.
  w({ promise: 'a tensor that is null', bytes: safetensorsOf('{"w":null}'), says: /not described by an object/ }),
  w({
    promise: 'a tensor that is a list',
    bytes: safetensorsOf('{"w":["F32",[1],[0,4]]}', 4),
    says: /not described by an object/,
  }),
  w({ promise: 'a tensor without fields', bytes: safetensorsOf('{"w":{}}'), field: 'dtype', says: /no "dtype"/ }),
  w({
    promise: 'a missing dtype',
    bytes: safetensorsOf('{"w":{"shape":[1],"data_offsets":[0,4]}}', 4),
    field: 'dtype',
    says: /no "dtype"/,
  }),
  w({
    promise: 'a missing shape',
    bytes: safetensorsOf('{"w":{"dtype":"F32","data_offsets":[0,4]}}', 4),
    field: 'shape',
    says: /no "shape"/,
  }),
  w({
    promise: 'missing offsets',
    bytes: safetensorsOf('{"w":{"dtype":"F32","shape":[1]}}', 4),
    field: 'data_offsets',
    says: /no "data_offsets"/,
  }),
  w({
    promise: 'a field the format does not have',
    bytes: safetensorsOf('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"file":"/etc/passwd"}}', 4),
    field: 'file',
    says: /unknown field "file"/,
  }),
  w({
    promise: 'an unknown dtype',
    bytes: one('"F33"', '[1]', '[0,4]', 4),
    field: 'dtype',
    says: /unknown dtype "F33"/,
  }),
  w({
    promise: 'a dtype in small letters',
    bytes: one('"f32"', '[1]', '[0,4]', 4),
    field: 'dtype',
    says: /unknown dtype/,
  }),
  w({
    promise: 'a dtype from an object prototype',
    bytes: one('"constructor"', '[1]', '[0,4]', 4),
    field: 'dtype',
    says: /unknown dtype/,
  }),
  w({
    promise: 'a dtype that is a number',
    bytes: one('4', '[1]', '[0,4]', 4),
    field: 'dtype',
    says: /another type than text/,
  }),
  w({ promise: 'a shape that is a number', bytes: one(F32, '4', '[0,4]', 4), field: 'shape', says: /not a list/ }),
  w({
    promise: 'a shape of strings',
    bytes: one(F32, '["1"]', '[0,4]', 4),
    field: 'shape',
    says: /other than a whole number/,
  }),
  w({
    promise: 'a shape with null',
    bytes: one(F32, '[null]', '[0,4]', 4),
    field: 'shape',
    says: /other than a whole number/,
  }),
  w({ promise: 'a negative extent', bytes: one(F32, '[-1]', '[0,4]', 4), field: 'shape', says: /plain whole number/ }),
  w({
    promise: 'an extent of minus zero',
    bytes: one(F32, '[-0]', '[0,0]'),
    field: 'shape',
    says: /plain whole number/,
  }),
  w({ promise: 'a fractional extent', bytes: one(F32, '[1.5]', '[0,6]', 6), field: 'shape', says: /"," or "]"/ }),
  w({
    promise: 'an extent with an exponent',
    bytes: one(F32, '[1e0]', '[0,4]', 4),
    field: 'shape',
    says: /"," or "]"/,
  }),
  w({
    promise: 'an extent with a leading zero',
    bytes: one(F32, '[01]', '[0,4]', 4),
    field: 'shape',
    says: /"," or "]"/,
  }),
  w({ promise: 'NaN as an extent', bytes: one(F32, '[NaN]', '[0,4]', 4), field: 'shape', says: /plain whole number/ }),
  w({
    promise: 'an extent above 2^53',
    bytes: one(F32, '[9007199254740993]', '[0,4]', 4),
    field: 'shape',
    says: /above 2\^53/,
  }),
  w({
    promise: 'an extent of 400 digits',
    bytes: one(F32, `[${'9'.repeat(400)}]`, '[0,4]', 4),
    field: 'shape',
    says: /above 2\^53/,
  }),
  w({
    promise: 'extents whose product is 2^64',
    bytes: one(F32, '[4294967296,4294967296]', '[0,0]'),
    field: 'shape',
    says: /too large to exist/,
  }),
  w({
    promise: 'extents whose product wraps to a small number',
    bytes: one('"U8"', '[9007199254740991,9007199254740991,2]', '[0,4]', 4),
    field: 'shape',
    says: /too large to exist/,
  }),
  w({
    promise: 'seventeen axes',
    bytes: one(F32, `[${Array(17).fill(1)}]`, '[0,4]', 4),
    field: 'shape',
    says: /17 axes/,
  }),
  w({
    promise: 'four-bit values that fill no whole byte',
    bytes: one('"F4"', '[3]', '[0,2]', 2),
    field: 'shape',
    says: /whole bytes/,
  }),
  w({
    promise: 'a shape larger than its bytes',
    bytes: one(F32, '[1000000]', '[0,4]', 4),
    field: 'data_offsets',
    says: /needs 4000000 bytes, its offsets span 4/,
  }),
  w({
    promise: 'a shape smaller than its bytes',
    bytes: one(F32, '[1]', '[0,8]', 8),
    field: 'data_offsets',
    says: /needs 4 bytes, its offsets span 8/,
  }),
  w({
    promise: 'a scalar without bytes',
    bytes: one(F32, '[]', '[0,0]'),
    field: 'data_offsets',
    says: /needs 4 bytes/,
  }),
  w({
    promise: 'an empty tensor with bytes',
    bytes: one(F32, '[0]', '[0,4]', 4),
    field: 'data_offsets',
    says: /needs 0 bytes/,
  }),
  w({ promise: 'one offset', bytes: one(F32, '[1]', '[4]', 4), field: 'data_offsets', says: /needs two/ }),
  w({ promise: 'three offsets', bytes: one(F32, '[1]', '[0,4,8]', 4), field: 'data_offsets', says: /needs two/ }),
  w({
    promise: 'offsets in an object',
    bytes: one(F32, '[1]', '{"begin":0,"end":4}', 4),
    field: 'data_offsets',
    says: /not a list/,
  }),
  w({
    promise: 'a negative offset',
    bytes: one(F32, '[1]', '[-4,0]', 4),
    field: 'data_offsets',
    says: /plain whole number/,
  }),
  w({
    promise: 'offsets the wrong way round',
    bytes: one(F32, '[1]', '[4,0]', 4),
    field: 'data_offsets',
    says: /ends \(0\) before it begins \(4\)/,
  }),
  // How the tensors lie in the file.
  w({
    promise: 'a tensor that ends behind the file',
    bytes: one(F32, '[2]', '[0,8]', 4),
    field: 'data_offsets',
    says: /but the file has only/,
  }),
  w({
    promise: 'a tensor that begins behind the file',
    bytes: one(F32, '[1]', '[4000000000,4000000004]', 4),
    field: 'data_offsets',
    says: /but the file has only/,
  }),
  w({
    promise: 'a tensor of 40 GB in a small file',
    bytes: one(F32, '[10000000000]', '[0,40000000000]', 4),
    field: 'data_offsets',
    says: /but the file has only/,
  }),
  w({
    promise: 'bytes before the first tensor',
    bytes: one(F32, '[1]', '[4,8]', 8),
    field: 'data_offsets',
    says: /4 bytes that belong to none/,
  }),
  {
    promise: 'bytes after the last tensor',
    bytes: one(F32, '[1]', '[0,4]', 5),
    field: 'data_offsets',
    says: /last 1 bytes/,
  },
  { promise: 'data without any tensor', bytes: safetensorsOf('{}', 8), field: 'data_offsets', says: /last 8 bytes/ },
  {
    promise: 'two tensors on the same bytes',
    bytes: two([0, 4], [0, 4], 4),
    tensor: 'b',
    field: 'data_offsets',
    says: /overlaps .* by 4/,
  },
  {
    promise: 'a tensor inside another',
    bytes: two([0, 12], [4, 8], 12),
    tensor: 'b',
    field: 'data_offsets',
    says: /overlaps/,
  },
  {
    promise: 'tensors that overlap by four bytes',
    bytes: two([0, 8], [4, 12], 12),
    tensor: 'b',
    field: 'data_offsets',
    says: /overlaps .* by 4/,
  },
  {
    promise: 'a hole between two tensors',
    bytes: two([0, 4], [8, 12], 12),
    tensor: 'b',
    field: 'data_offsets',
    says: /4 bytes that belong to none/,
  },
  {
    promise: 'a hole between tensors out of order',
    bytes: two([8, 12], [0, 4], 12),
    tensor: 'a',
    field: 'data_offsets',
    says: /belong to none/,
  },
  {
    promise: 'an empty tensor inside another',
    bytes: safetensorsOf(`{"a":${entry(F32, '[2]', '[0,8]')},"b":${entry(F32, '[0]', '[4,4]')}}`, 8),
    tensor: 'b',
    field: 'data_offsets',
    says: /overlaps/,
  },
  // Other files under this name.
  {
    promise: 'a torch archive (zip) renamed',
    bytes: ascii('PK\x03\x04\x14\0\0\0\0\0archive/data.pkl'),
    kind: 'checkpoint-unsupported',
    says: /pickle/,
  },
  {
    promise: 'an empty zip renamed',
    bytes: ascii('PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'),
    kind: 'checkpoint-unsupported',
    says: /pickle/,
  },
  {
    promise: 'a bare pickle renamed',
    bytes: Uint8Array.of(0x80, 4, 0x95, 0x10, 1, 2, 3, 4, 0x7d, 0x94, 0x2e),
    kind: 'checkpoint-unsupported',
    says: /pickle/,
  },
  {
    promise: 'a pickle of four bytes renamed',
    bytes: Uint8Array.of(0x80, 2, 0x4e, 0x2e),
    kind: 'checkpoint-unsupported',
    says: /pickle/,
  },
  {
    promise: 'a GGUF file renamed',
    bytes: ascii('GGUF\x03\0\0\0\0\0\0\0\0\0\0\0'),
    kind: 'checkpoint-unsupported',
    says: /GGUF/,
  },
  {
    promise: 'an HDF5 file renamed',
    bytes: Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10, 0, 0),
    kind: 'checkpoint-unsupported',
    says: /HDF5/,
  },
  {
    promise: 'a Git LFS pointer',
    bytes: ascii('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n'),
    kind: 'checkpoint-incomplete',
    says: /git lfs pull/,
  },
  { promise: 'a saved web page', bytes: ascii('<!DOCTYPE html><html><body>401</body></html>'), says: /web page/ },
];

describe('a malformed weight file', () => {
  test('has at least 60 hand-made examples', () => {
    expect(BAD.length).toBeGreaterThanOrEqual(60);
    expect(new Set(BAD.map(({ promise }) => promise)).size).toBe(BAD.length);
  });

  test.each(BAD)('is refused by name and at once: $promise', ({ bytes, kind, tensor, field, says }) => {
    const file = join(folderOf({ 'model.safetensors': bytes }), 'model.safetensors');
    let fastest = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 3; round += 1) {
      const stop = stopwatch();
      const error = thrownBy(() => readSafetensors(file));
      fastest = Math.min(fastest, stop());
      expect(error.kind).toBe(kind ?? 'checkpoint-malformed');
      expect(error.where).toEqual({
        file,
        ...(tensor !== undefined && { tensor }),
        ...(field !== undefined && { field }),
      });
      expect(error.message).toMatch(says);
      expect(error.message.startsWith(`${file}: `)).toBe(true);
      expect(error.message.length).toBeLessThan(1_000);
    }
    // A bound against work that grows with the square of the file: 30 to 60 ms on slow cores.
    expect(fastest).toBeLessThan(500);
  });

  test('of 40 GB that claims to hold one tensor of 80 GB is refused without being read', () => {
    const file = join(folderOf({}), 'huge.safetensors');
    const descriptor = openSync(file, 'w');
    writeSync(descriptor, one(F32, '[20000000000]', '[0,80000000000]'));
    ftruncateSync(descriptor, 40e9);
    closeSync(descriptor);
    const before = process.memoryUsage().rss;
    expect(thrownBy(() => readSafetensors(file)).kind).toBe('checkpoint-malformed');
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20);
  });

  test('never changes the prototype of anything', () => {
    const bytes = safetensorsOf(`{"__proto__":${entry(F32, '[1]', '[0,4]')},"__metadata__":{"__proto__":"x"}}`, 4);
    const { tensors, metadata } = parseHeader(bytes, bytes.length, 'f');
    expect([...tensors.keys()]).toEqual(['__proto__']);
    expect(metadata.get('__proto__')).toBe('x');
    expect(Object.hasOwn(Object.prototype, 'dtype')).toBe(false);
  });
});

describe('a sound weight file', () => {
  const read = (bytes: Uint8Array) => parseHeader(bytes, bytes.length, 'f');

  test('may have a header of 6 MB: a picture in its metadata, and 20,000 tensors', () => {
    const count = 20_000;
    const entries = Array.from(
      { length: count },
      (_, i) => `"layer.${i}":${entry(F32, '[1]', `[${4 * i},${4 * i + 4}]`)}`,
    );
    const header = `{"__metadata__":{"thumbnail":"${'A'.repeat(4_700_000)}"},${entries}}`;
    expect(header.length).toBeGreaterThan(6e6);
    expect(read(safetensorsOf(header, 4 * count)).tensors.size).toBe(count);
  });

  test('gives names, shapes and absolute offsets in whatever order the header lists them', () => {
    const header = `{"b":${entry(F32, '[2,3]', '[4,28]')},"__metadata__":{"format":"pt"},"a":${entry('"BF16"', '[2]', '[0,4]')}}   \n`;
    const { tensors, metadata, dataStart } = read(safetensorsOf(header, 28));
    expect(dataStart).toBe(8 + header.length);
    expect(metadata).toEqual(new Map([['format', 'pt']]));
    expect([...tensors.values()]).toEqual([
      { name: 'b', dtype: 'F32', shape: [2, 3], offset: dataStart + 4, byteLength: 24 },
      { name: 'a', dtype: 'BF16', shape: [2], offset: dataStart, byteLength: 4 },
    ]);
  });

  test('may have scalars, empty tensors, and no tensor at all', () => {
    expect(read(one(F32, '[]', '[0,4]', 4)).tensors.get('w')?.shape).toEqual([]);
    expect(read(one(F32, '[0,9007199254740991]', '[0,0]')).tensors.get('w')?.byteLength).toBe(0);
    const between = `{"a":${entry(F32, '[1]', '[0,4]')},"e":${entry(F32, '[0]', '[4,4]')},"b":${entry(F32, '[1]', '[4,8]')}}`;
    expect(read(safetensorsOf(between, 8)).tensors.size).toBe(3);
    expect(read(safetensorsOf('{}')).tensors.size).toBe(0);
  });

  test('may have every dtype of the format, used or not', () => {
    for (const dtype of [
      'BOOL',
      'U8',
      'I8',
      'F8_E5M2',
      'F8_E4M3',
      'I16',
      'U16',
      'F16',
      'BF16',
      'I32',
      'U32',
      'F32',
      'F64',
      'I64',
      'U64',
      'C64',
      'F4',
    ]) {
      const bits = dtype === 'BOOL' ? 8 : Number(/\d+/.exec(dtype)?.[0]);
      expect(read(one(`"${dtype}"`, '[8]', `[0,${bits}]`, bits)).tensors.get('w')?.dtype).toBe(dtype);
    }
  });

  test('may have names with escapes and any script', () => {
    const { tensors } = read(safetensorsOf(`{"\\u0061\\n\\"𝒳ü":${entry(F32, '[1]', '[0,4]')}}`, 4));
    expect([...tensors.keys()]).toEqual(['a\n"𝒳ü']);
  });

  test('is read through links, and its real path is known', () => {
    const folder = folderOf({ 'blobs/abc': tensorsOf({ w: [2] }) });
    mkdirSync(join(folder, 'snapshots/1'), { recursive: true });
    const link = join(folder, 'snapshots/1/model.safetensors');
    symlinkSync('../../blobs/abc', link);
    const file = readSafetensors(link);
    expect(file.path).toBe(link);
    expect(file.realPath.endsWith('/blobs/abc')).toBe(true);
  });
});

describe('a path that is no weight file', () => {
  test('is refused as missing when there is nothing, also behind a link or in a circle', () => {
    const folder = folderOf({});
    symlinkSync('nowhere', join(folder, 'dangling.safetensors'));
    symlinkSync('circle.safetensors', join(folder, 'circle.safetensors'));
    for (const name of ['none.safetensors', 'dangling.safetensors', 'circle.safetensors'])
      expect(thrownBy(() => readSafetensors(join(folder, name)))).toMatchObject({
        kind: 'checkpoint-incomplete',
        where: { file: join(folder, name) },
      });
  });

  test('is refused when it is a folder', () => {
    expect(thrownBy(() => readSafetensors(folderOf({}))).kind).toBe('file-failed');
  });

  test.each(['bin', 'pt', 'pth', 'ckpt', 'pkl'])(
    'is refused when it is a pickle by name (.%s), before it is opened',
    (ending) => {
      const file = `/nowhere/model.${ending}`;
      const error = thrownBy(() => readSafetensors(file));
      expect(error).toMatchObject({ kind: 'checkpoint-unsupported', where: { file } });
      expect(error.message).toMatch(/Download the \.safetensors/);
    },
  );

  test('is refused when it shrinks between the length and the header', () => {
    const whole = tensorsOf({ w: [4] });
    expect(thrownBy(() => parseHeader(whole.subarray(0, 20), whole.length, 'f')).message).toMatch(
      /ends inside its header/,
    );
  });
});

/** Milliseconds since it was started: of the clock or of the processor, whichever is less, so that busy neighbours do not count. */
function stopwatch(): () => number {
  const start = performance.now();
  const spent = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(spent);
    return Math.min(performance.now() - start, (user + system) / 1_000);
  };
}
