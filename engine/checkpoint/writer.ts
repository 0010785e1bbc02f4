import { byteLengthOf, type FileDType } from './dtypes.ts';

export interface PlannedTensor {
  readonly name: string;
  readonly dtype: FileDType;
  readonly shape: readonly number[];
}

/**
 * The start of a .safetensors file for these tensors: length, header, padded with spaces to a multiple of 8 bytes. The
 * data of the tensors must follow in the given order without gaps. Throws RangeError for a shape that no file can hold.
 */
export function encodeHeader(
  tensors: readonly PlannedTensor[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  let begin = 0;
  const entries = tensors.map(({ name, dtype, shape }) => {
    const byteLength = byteLengthOf(dtype, shape);
    if (byteLength === undefined) throw new RangeError(`No file can hold ${name} ${dtype} [${shape}]`);
    const end = begin + byteLength;
    const entry = [name, { dtype, shape, data_offsets: [begin, end] }] as const;
    begin = end;
    return entry;
  });
  const described = metadata === undefined ? [] : [['__metadata__', metadata] as const];
  // fromEntries defines properties, so that even a tensor named __proto__ becomes a key.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...described, ...entries])));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}
