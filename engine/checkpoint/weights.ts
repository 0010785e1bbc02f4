import { isWeightDType, type WeightDType } from './dtypes.ts';
import { withFile } from './files.ts';
import { widenBfloat16, widenFloat16 } from './half.ts';
import { quote, refusal } from './refusal.ts';
import type { SafetensorsFile, TensorEntry } from './safetensors.ts';

/** Where one tensor lies on disk: enough for a runtime to map it. */
export interface WeightRef {
  readonly name: string;
  readonly dtype: WeightDType;
  /** Extents of the axes, outermost first; the data is dense, row-major, little-endian. */
  readonly shape: readonly number[];
  /** Absolute path with links resolved. */
  readonly file: string;
  /** First byte of the data, counted from the start of the file; any value, not only multiples of the element size. */
  readonly offset: number;
  readonly byteLength: number;
}

/** The tensors of one component, by name, over one file or several shards. */
export interface WeightSource {
  /** Names of all tensors, in the order of the files. */
  readonly names: readonly string[];
  has(name: string): boolean;
  /** The shape alone, also of a tensor whose dtype cannot be used; `undefined` when there is none. */
  shape(name: string): readonly number[] | undefined;
  /**
   * Throws 'checkpoint-incomplete' naming file and tensor when there is none, 'checkpoint-unsupported' when its dtype
   * cannot be used.
   */
  get(name: string): WeightRef;
  /**
   * All values as float32, for small tensors: 16-bit floats are widened exactly. Throws as `get`, and 'file-failed'.
   */
  read(name: string): Float32Array;
  /** All values of an I64 tensor. Throws as `get`, and 'file-failed'. */
  readInt64(name: string): BigInt64Array;
}

/**
 * Weights over opened files. `label` is the path that stands for all of them in errors (the file, or the index of the
 * shards). The names of the files must be disjoint; `openShards` sees to that.
 */
export function weightSource(files: readonly SafetensorsFile[], label: string): WeightSource {
  const entries = new Map<string, { readonly entry: TensorEntry; readonly file: SafetensorsFile }>();
  for (const file of files) for (const entry of file.tensors.values()) entries.set(entry.name, { entry, file });

  const find = (name: string): { readonly weight: WeightRef; readonly file: SafetensorsFile } => {
    const found = entries.get(name);
    if (found === undefined)
      throw refusal(
        'checkpoint-incomplete',
        label,
        `The tensor ${quote(name)} is missing, which this model needs. Download the file again, or check that it belongs to this config.json.`,
        { tensor: name },
      );
    const { dtype, shape, offset, byteLength } = found.entry;
    if (!isWeightDType(dtype))
      throw refusal(
        'checkpoint-unsupported',
        found.file.path,
        `The tensor ${quote(name)} has the dtype ${dtype}; Attune computes with F32, F16 and BF16. Download the variant of the model stored in one of these.`,
        { tensor: name, field: 'dtype' },
      );
    return { weight: { name, dtype, shape, file: found.file.realPath, offset, byteLength }, file: found.file };
  };

  return {
    names: [...entries.keys()],
    has: (name) => entries.has(name),
    shape: (name) => entries.get(name)?.entry.shape,
    get: (name) => find(name).weight,
    read: (name) => {
      const { weight, file } = find(name);
      return asFloat32(readBytes(weight, file), weight.dtype);
    },
    readInt64: (name) => {
      const { weight, file } = find(name);
      if (weight.dtype !== 'I64')
        throw refusal(
          'checkpoint-malformed',
          file.path,
          `The tensor ${quote(name)} has the dtype ${weight.dtype} where I64 is expected.`,
          {
            tensor: name,
            field: 'dtype',
          },
        );
      return new BigInt64Array(readBytes(weight, file).buffer);
    },
  };
}

function readBytes(weight: WeightRef, opened: SafetensorsFile): Uint8Array<ArrayBuffer> {
  return withFile(weight.file, (file) => {
    if (file.sizeBytes !== opened.sizeBytes || file.modifiedMs !== opened.modifiedMs)
      throw refusal(
        'file-failed',
        opened.path,
        'The file was changed after it had been opened. Open the model again.',
        {
          tensor: weight.name,
        },
      );
    return file.read(weight.offset, weight.byteLength);
  });
}

function asFloat32(bytes: Uint8Array<ArrayBuffer>, dtype: WeightDType): Float32Array {
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes.buffer);
    case 'F16':
      return widenFloat16(new Uint16Array(bytes.buffer));
    case 'BF16':
      return widenBfloat16(new Uint16Array(bytes.buffer));
    case 'I64':
      return Float32Array.from(new BigInt64Array(bytes.buffer), Number);
  }
}
