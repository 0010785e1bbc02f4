import { readFile } from 'node:fs/promises';
import type { FixtureArray } from './types.ts';

/**
 * A plain reader for the fixtures' own files (trusted, small; F64, I32 and U8 besides what checkpoints hold). Kept apart
 * from the product's reader, so that a mistake there cannot hide itself here.
 */
export async function readFixtureTensors(file: string): Promise<Map<string, FixtureArray>> {
  const bytes = await readFile(file);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  // A safetensors header is an object of these entries by its definition; the files are our own.
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerLength)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, FixtureArray>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [start, end] = entry.data_offsets;
    const raw = bytes.buffer.slice(
      bytes.byteOffset + 8 + headerLength + start,
      bytes.byteOffset + 8 + headerLength + end,
    ) as ArrayBuffer; // readFile gives Buffers over ArrayBuffers, never over shared memory
    tensors.set(name, decode(entry.dtype, entry.shape, raw, `${file}: ${name}`));
  }
  return tensors;
}

function decode(dtype: string, shape: readonly number[], raw: ArrayBuffer, where: string): FixtureArray {
  switch (dtype) {
    case 'F32':
      return { dtype, shape, data: new Float32Array(raw) };
    case 'F64':
      return { dtype, shape, data: new Float64Array(raw) };
    case 'I64':
      return { dtype, shape, data: Float64Array.from(new BigInt64Array(raw), Number) };
    case 'I32':
      return { dtype, shape, data: new Int32Array(raw) };
    case 'U8':
    case 'BOOL':
      return { dtype: 'U8', shape, data: new Uint8Array(raw) };
    default:
      throw new Error(`${where}: dtype ${dtype} is not read here`);
  }
}

/** The tensor under `name`; a missing one is an error that names it. */
export function take(tensors: ReadonlyMap<string, FixtureArray>, name: string): FixtureArray {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`the fixture has no tensor ${name}`);
  return found;
}

/** As `take`, for a float32 tensor's data. */
export function takeFloats(tensors: ReadonlyMap<string, FixtureArray>, name: string): Float32Array {
  const { data } = take(tensors, name);
  return data instanceof Float32Array ? data : Float32Array.from(data);
}
