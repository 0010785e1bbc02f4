import { decodeFrame, FrameError } from '../../transport/index.ts';

/** The longest text that a call takes is a table of jobs with 64 Mi characters. */
const MAX_JSON_BYTES = 160 * 1024 * 1024;
/** The deepest call has about ten levels. */
const MAX_DEPTH = 64;

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];

/** A frame from outside as a message. Throws FrameError, also for JSON that would take the parser seconds. */
export function readFrame(frame: Uint8Array): unknown {
  const length = frame.length < 4 ? 0 : new DataView(frame.buffer, frame.byteOffset).getUint32(0, true);
  if (length > MAX_JSON_BYTES) throw new FrameError('the JSON is too long');
  if (depthOf(frame.subarray(4, 4 + length)) > MAX_DEPTH) throw new FrameError('the JSON is nested too deeply');
  return decodeFrame(frame);
}

/** How deeply lists and objects are nested at most; stops at the first that is too deep. */
function depthOf(json: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let isText = false;
  for (let at = 0; at < json.length && deepest <= MAX_DEPTH; at++) {
    const byte = json[at];
    if (isText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
  }
  return deepest;
}
