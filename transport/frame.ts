/**
 * One message as bytes, for carriers that have no structured clone: length of the JSON (32 bits, little-endian), the JSON, then all byte
 * arrays of the message one after another. In the JSON a byte array is `{"$bytes":[offset,length]}`.
 */
const MARK = '$bytes';

export class FrameError extends Error {
  override readonly name = 'FrameError';
}

export function encodeFrame(message: unknown): Uint8Array {
  const blobs: Uint8Array[] = [];
  let size = 0;
  // A plain `JSON.stringify` replacer sees typed arrays as objects, so they can be told apart here.
  const json = JSON.stringify(message, (_key, value: unknown) => {
    if (!(value instanceof Uint8Array)) return value;
    const mark = { [MARK]: [size, value.length] };
    blobs.push(value);
    size += value.length;
    return mark;
  });
  const head = new TextEncoder().encode(json);
  const frame = new Uint8Array(4 + head.length + size);
  new DataView(frame.buffer).setUint32(0, head.length, true);
  frame.set(head, 4);
  let at = 4 + head.length;
  for (const blob of blobs) {
    frame.set(blob, at);
    at += blob.length;
  }
  return frame;
}

/** The bytes of a frame that are JSON. Throws FrameError for bytes that are no frame. */
export function jsonOf(frame: Uint8Array): Uint8Array {
  if (frame.length < 4) throw new FrameError('the frame is too short');
  const length = new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(0, true);
  if (4 + length > frame.length) throw new FrameError('the frame is shorter than its JSON');
  return frame.subarray(4, 4 + length);
}

/** Throws FrameError for bytes that are no frame. Byte arrays of the result are copies, together no longer than the frame. */
export function decodeFrame(frame: Uint8Array): unknown {
  const json = jsonOf(frame);
  let text: string;
  let message: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(json);
    message = JSON.parse(text);
  } catch (error) {
    throw new FrameError('the frame holds no JSON', { cause: error });
  }
  // Looking at every value takes longer than the parser does; most messages have no bytes.
  return text.includes(`"${MARK}"`) ? withBytes(message, frame.subarray(4 + json.length)) : message;
}

/** Puts byte arrays in place of their marks, in the message itself. */
function withBytes(message: unknown, bytes: Uint8Array): unknown {
  let taken = 0;
  const bytesOf = (place: unknown): Uint8Array => {
    if (!Array.isArray(place) || place.length !== 2) throw new FrameError('bytes without a place');
    const [offset, size] = place as unknown[];
    if (!isIndex(offset) || !isIndex(size) || offset + size > bytes.length)
      throw new FrameError('bytes outside of the frame');
    taken += size;
    // Copies of the same bytes would make a small frame a large message.
    if (taken > bytes.length) throw new FrameError('bytes that are used twice');
    return bytes.slice(offset, offset + size);
  };
  const root = { message };
  const open: Record<string, unknown>[] = [root];
  for (let holder = open.pop(); holder !== undefined; holder = open.pop())
    for (const key of Object.keys(holder)) {
      const value = holder[key];
      if (typeof value !== 'object' || value === null) continue;
      const inner = value as Record<string, unknown>; // a list is one with indices for keys
      if (Object.hasOwn(inner, MARK)) holder[key] = bytesOf(inner[MARK]);
      else open.push(inner);
    }
  return root.message;
}

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0; // a number by the first test
