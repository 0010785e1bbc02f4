import { MAX_CALL_JSON_BYTES } from '../../contract/index.ts';
import { decodeFrame, FrameError, jsonOf } from '../../transport/index.ts';

/** The deepest call has about ten levels. */
const MAX_DEPTH = 64;
/** Lists and objects: the longest table has 100,000 rows and as many pictures. */
const MAX_HOLDERS = 250_000;
/** Values in them: such a table with twenty-five columns. Small values take many times their bytes in memory. */
const MAX_VALUES = 2_500_000;

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];
const COMMA = 0x2c;

/** A frame from outside as a message. Throws FrameError, also for JSON that would take the parser seconds or much memory. */
export function readFrame(frame: Uint8Array): unknown {
  const json = jsonOf(frame);
  if (json.length > MAX_CALL_JSON_BYTES) throw new FrameError('the JSON is too long');
  const why = tooMuch(json);
  if (why !== undefined) throw new FrameError(why);
  return decodeFrame(frame);
}

/** What of the limits JSON breaks, from its marks alone; undefined where it keeps them. */
function tooMuch(json: Uint8Array): string | undefined {
  let [depth, holders, values] = [0, 0, 0];
  let isText = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (isText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === COMMA) {
      values += 1;
      if (values > MAX_VALUES) return 'the JSON has too many values';
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      depth += 1;
      holders += 1;
      if (depth > MAX_DEPTH) return 'the JSON is nested too deeply';
      if (holders > MAX_HOLDERS) return 'the JSON has too many lists and objects';
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
  }
  return undefined;
}
