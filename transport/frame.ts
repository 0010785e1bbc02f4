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

/** Throws FrameError for bytes that are no frame. Byte arrays of the result are copies. */
export function decodeFrame(frame: Uint8Array): unknown {
  if (frame.length < 4) throw new FrameError('the frame is too short');
  const length = new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(0, true);
  const start = 4 + length;
  if (start > frame.length) throw new FrameError('the frame is shorter than its JSON');
  try {
    return JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(frame.subarray(4, start)),
      (_key, value: unknown) => {
        if (typeof value !== 'object' || value === null || !Object.hasOwn(value, MARK)) return value;
        const place = (value as { readonly [MARK]: unknown })[MARK]; // it has the key
        if (!Array.isArray(place) || place.length !== 2) throw new FrameError('bytes without a place');
        const [offset, size] = place as unknown[];
        if (!isIndex(offset) || !isIndex(size) || start + offset + size > frame.length)
          throw new FrameError('bytes outside of the frame');
        return frame.slice(start + offset, start + offset + size);
      },
    );
  } catch (error) {
    throw error instanceof FrameError ? error : new FrameError('the frame holds no JSON', { cause: error });
  }
}

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0; // a number by the first test
