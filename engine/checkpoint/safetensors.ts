import { byteLengthOf, type FileDType, isFileDType } from './dtypes.ts';
import { decodeUtf8, realPath, withFile } from './files.ts';
import { isObject, type JsonObject, type JsonValue, parseJson } from './json.ts';
import { malformed, quote, refusal } from './refusal.ts';
import { foreignFile, PICKLE_NAME, pickleRefusal } from './sniff.ts';

export interface TensorEntry {
  readonly name: string;
  readonly dtype: FileDType;
  /** Extents of the axes, outermost first; the data is dense and row-major. */
  readonly shape: readonly number[];
  /** First byte of the data, counted from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
  /** First byte after the header. */
  readonly dataStart: number;
}

export interface SafetensorsFile extends SafetensorsHeader {
  /** The path that was asked for. */
  readonly path: string;
  /** The path with links resolved: what a runtime maps. */
  readonly realPath: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

const LENGTH_BYTES = 8;
/** The format's own limit; the reference reader refuses more. */
const FORMAT_MAX_HEADER_BYTES = 100_000_000;
/**
 * Ours. SD3 medium has 0.1 MB, files of many small tensors or with pictures in their metadata have 5 MB; 47 MB of entries were measured to
 * take V8 3 s, and the service reads headers while it is asked other things.
 */
export const MAX_HEADER_BYTES = 8 * 1024 * 1024;
/** Stable Diffusion XL in one file has 2,500; files of quantised weights have several for each. */
export const MAX_TENSORS = 65_536;
export const MAX_NAME_LENGTH = 512;
const MAX_RANK = 16;
/** The header, a tensor, its shape. */
const HEADER_DEPTH = 3;

/**
 * Opens a .safetensors file and reads its header, following links. Nothing is allocated that the size of the file does
 * not cover.
 * Throws 'checkpoint-malformed' (naming file, tensor, field), 'checkpoint-incomplete' (no such file), 'checkpoint-
 * unsupported' (a pickle or another format by content), 'file-failed'.
 */
export function readSafetensors(path: string): SafetensorsFile {
  if (PICKLE_NAME.test(path)) throw pickleRefusal(path);
  const real = realPath(path);
  return withFile(real, (file) => {
    const start = file.read(0, Math.min(file.sizeBytes, 32));
    const length = headerLength(start, file.sizeBytes, path);
    const header = parseHeader(file.read(0, LENGTH_BYTES + length), file.sizeBytes, path);
    return { ...header, path, realPath: real, sizeBytes: file.sizeBytes, modifiedMs: file.modifiedMs };
  });
}

/**
 * Parses the header at the start of `bytes` (the 8 length bytes, the header, anything after it is ignored) of a file of
 * `fileSize` bytes. Pure: `file` is only the name for errors. Stricter than the reference reader, never laxer: every
 * byte of the data belongs to exactly one tensor, names and counts are bounded, duplicate keys and unknown fields are
 * refused.
 * Throws 'checkpoint-malformed' or, for a file of another format or an outsized header, 'checkpoint-unsupported' /
 * 'checkpoint-incomplete'.
 */
export function parseHeader(bytes: Uint8Array, fileSize: number, file: string): SafetensorsHeader {
  const length = headerLength(bytes, fileSize, file);
  const dataStart = LENGTH_BYTES + length;
  if (bytes.length < dataStart) throw malformed(file, 'The file ends inside its header');
  if (bytes[LENGTH_BYTES] !== 0x7b)
    throw foreignFile(bytes, file) ?? malformed(file, 'The header does not begin with "{"', { field: 'header' });
  const text = decodeUtf8(bytes.subarray(LENGTH_BYTES, dataStart), file);
  const json = parseJson(text, file, {
    maxDepth: HEADER_DEPTH,
    maxMembers: MAX_TENSORS,
    maxKeyLength: MAX_NAME_LENGTH,
    plainIntegers: true,
    keysAreTensors: true,
  });
  if (!isObject(json)) throw malformed(file, 'The header is not an object', { field: 'header' });

  const tensors = new Map<string, TensorEntry>();
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, value] of json) {
    if (name === '__metadata__') metadata = parseMetadata(value, file);
    else tensors.set(name, parseTensor(name, value, dataStart, file));
  }
  requireFullCover(tensors, dataStart, fileSize, file);
  return { tensors, metadata, dataStart };
}

function headerLength(start: Uint8Array, fileSize: number, file: string): number {
  if (fileSize === 0) throw malformed(file, 'The file is empty');
  const foreign = () => foreignFile(start, file);
  if (fileSize < LENGTH_BYTES + 2 || start.length < LENGTH_BYTES)
    throw foreign() ?? malformed(file, `The file is too short (${fileSize} bytes) to be safetensors`);
  const view = new DataView(start.buffer, start.byteOffset, LENGTH_BYTES);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  const where = { field: 'header length' };
  if (length > fileSize - LENGTH_BYTES)
    throw (
      foreign() ?? malformed(file, `The header claims ${length} bytes, but the file has only ${fileSize} in all`, where)
    );
  if (length > FORMAT_MAX_HEADER_BYTES)
    throw (
      foreign() ??
      malformed(file, `The header claims ${length} bytes, the format allows ${FORMAT_MAX_HEADER_BYTES}`, where)
    );
  if (length > MAX_HEADER_BYTES)
    throw refusal(
      'checkpoint-unsupported',
      file,
      `The header has ${length} bytes; Attune reads up to ${MAX_HEADER_BYTES}. Strip the metadata of the file, or store its tensors in several files.`,
      where,
    );
  if (length < 2)
    throw foreign() ?? malformed(file, `The header has ${length} bytes, which is too short for "{}"`, where);
  return length;
}

function parseMetadata(value: JsonValue, file: string): ReadonlyMap<string, string> {
  const tensor = '__metadata__';
  if (!isObject(value)) throw malformed(file, '"__metadata__" is not an object', { tensor });
  const metadata = new Map<string, string>();
  for (const [key, text] of value) {
    if (typeof text !== 'string')
      throw malformed(file, `"__metadata__" ${quote(key)} is not a string`, { tensor, field: key });
    metadata.set(key, text);
  }
  return metadata;
}

const FIELDS: ReadonlySet<string> = new Set(['dtype', 'shape', 'data_offsets']);

function parseTensor(name: string, value: JsonValue, dataStart: number, file: string): TensorEntry {
  const wrong = (what: string, field?: string) =>
    malformed(file, `Tensor ${quote(name)} ${what}`, field === undefined ? { tensor: name } : { tensor: name, field });
  if (name.length === 0) throw wrong('has an empty name', 'name');
  if (!isObject(value)) throw wrong('is not described by an object');
  for (const field of value.keys()) if (!FIELDS.has(field)) throw wrong(`has the unknown field ${quote(field)}`, field);

  const dtype = value.get('dtype');
  if (dtype === undefined) throw wrong('has no "dtype"', 'dtype');
  if (typeof dtype !== 'string' || !isFileDType(dtype))
    throw wrong(
      `has the unknown dtype ${typeof dtype === 'string' ? quote(dtype) : 'of another type than text'}`,
      'dtype',
    );

  const shape = wholeNumbers(value, 'shape', wrong);
  if (shape.length > MAX_RANK) throw wrong(`has ${shape.length} axes, at most ${MAX_RANK} are read`, 'shape');
  const byteLength = byteLengthOf(dtype, shape);
  if (byteLength === undefined)
    throw wrong(`of shape [${shape}] and dtype ${dtype} is too large to exist or does not fill whole bytes`, 'shape');

  const [begin, end, ...more] = wholeNumbers(value, 'data_offsets', wrong);
  if (begin === undefined || end === undefined || more.length > 0)
    throw wrong('needs two "data_offsets"', 'data_offsets');
  if (end < begin) throw wrong(`ends (${end}) before it begins (${begin})`, 'data_offsets');
  if (end - begin !== byteLength)
    throw wrong(
      `of shape [${shape}] and dtype ${dtype} needs ${byteLength} bytes, its offsets span ${end - begin}`,
      'data_offsets',
    );
  return { name, dtype, shape, offset: dataStart + begin, byteLength };
}

function wholeNumbers(
  entry: JsonObject,
  field: string,
  wrong: (what: string, field: string) => Error,
): readonly number[] {
  const list = entry.get(field);
  if (list === undefined) throw wrong(`has no "${field}"`, field);
  if (!Array.isArray(list)) throw wrong(`has a "${field}" that is not a list`, field);
  return list.map((item: JsonValue) => {
    // The parser let only plain digits through, so a number is a whole one of at least 0.
    if (typeof item !== 'number') throw wrong(`has something other than a whole number in "${field}"`, field);
    return item;
  });
}

// In the order of their offsets the tensors must follow one another without a gap or an overlap and end where the file
// ends: bytes that belong to no tensor could make the file something else as well.
function requireFullCover(
  tensors: ReadonlyMap<string, TensorEntry>,
  dataStart: number,
  fileSize: number,
  file: string,
): void {
  const inOrder = [...tensors.values()].sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  let next = dataStart;
  for (const { name, offset, byteLength } of inOrder) {
    const where = { tensor: name, field: 'data_offsets' };
    if (offset + byteLength > fileSize)
      throw malformed(
        file,
        `Tensor ${quote(name)} ends at byte ${offset + byteLength}, but the file has only ${fileSize}`,
        where,
      );
    if (offset < next)
      throw malformed(file, `Tensor ${quote(name)} overlaps the one before it by ${next - offset} bytes`, where);
    if (offset > next)
      throw malformed(file, `Before tensor ${quote(name)} are ${offset - next} bytes that belong to none`, where);
    next = offset + byteLength;
  }
  if (next !== fileSize)
    throw malformed(file, `The last ${fileSize - next} bytes of the file belong to no tensor`, {
      field: 'data_offsets',
    });
}
