/** ModelProto.metadata_props, and the fields of its entries. */
const METADATA = 14;
const KEY = 1;
const VALUE = 2;

/**
 * The folder an encoded model's weight files are given relative to: its metadata entry `root`; `/` if there is none. Only on Windows
 * is there a choice (the drive). Reads as much of protobuf's wire format as lies on the way; a broken model is left to the runtime.
 */
export function rootOf(model: Uint8Array): string {
  const text = new TextDecoder();
  for (const [field, entry] of fields(model)) {
    if (field !== METADATA) continue;
    const parts = new Map(fields(entry));
    if (text.decode(parts.get(KEY)) === 'root') return text.decode(parts.get(VALUE));
  }
  return '/';
}

/** The length-delimited fields of a message; ends at the first byte that is no such field and no varint. */
function* fields(message: Uint8Array): Generator<readonly [field: number, content: Uint8Array]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < message.length; scale *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    const wireType = tag % 8;
    const content = varint();
    if (wireType !== 0 && wireType !== 2) return;
    if (wireType === 0) continue;
    yield [Math.floor(tag / 8), message.subarray(at, at + content)];
    at += content;
  }
}
