import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Weight files and folders made by hand, for tests. Independent of the reader they test. */

/** The bytes of a safetensors file whose header is this text (or these bytes), followed by `data` zero bytes. */
export function safetensorsOf(header: string | Uint8Array, data = 0, claimed?: bigint): Uint8Array<ArrayBuffer> {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

export type Shapes = Readonly<Record<string, readonly number[]>>;

const BYTES: Readonly<Record<string, number>> = { F64: 8, I64: 8, F32: 4, I32: 4, F16: 2, BF16: 2, U8: 1, BOOL: 1 };

/** A sound file of tensors of these shapes, all of one dtype, all zero unless `values` says otherwise. */
export function tensorsOf(shapes: Shapes, dtype = 'F32', values?: Uint8Array): Uint8Array<ArrayBuffer> {
  let end = 0;
  const entries = Object.entries(shapes).map(([name, shape]) => {
    const begin = end;
    end += shape.reduce((product, extent) => product * extent, BYTES[dtype] ?? 1);
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const;
  });
  const bytes = safetensorsOf(JSON.stringify(Object.fromEntries(entries)), end);
  if (values !== undefined) bytes.set(values, bytes.length - end);
  return bytes;
}

export type Files = Readonly<Record<string, string | Uint8Array | object>>;

/** A folder below the system's temporary one, gone when the test has ended. Objects are written as JSON. */
export function folderOf(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'attune-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(
      path,
      typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content),
    );
  }
  return folder;
}

/** What can be read of an AttuneError. */
export interface Refusal {
  readonly kind: string;
  readonly message: string;
  readonly where: { readonly file?: string; readonly tensor?: string; readonly field?: string };
}

/** The AttuneError that `act` throws; anything else it does is a failure of the test. */
export function thrownBy(act: () => unknown): Refusal {
  try {
    act();
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && error.name === 'AttuneError';
}
