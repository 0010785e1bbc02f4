/**
 * A Matroska stream of raw RGB pictures with a time for each, for a program that reads one from a pipe: ffmpeg's own raw form knows only a
 * rate. Elements and their ids: RFC 9559; the picture's form: V_UNCOMPRESSED with the colour space "RGB" and 24 bits.
 */
const MICROSECOND_NS = 1000;
/** Of a segment whose end is not known. */
const UNKNOWN_SIZE = Uint8Array.of(0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

const bytesOf = (id: number): Uint8Array => {
  const bytes = [];
  for (let rest = id; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
};

/** Sizes always take eight bytes, which the format allows. */
function sizeOf(length: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length));
  bytes[0] = 0x01;
  return bytes;
}

const element = (id: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([bytesOf(id), sizeOf(length), ...parts]);
};

function whole(id: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.round(value)));
  return element(id, bytes);
}

const text = (id: number, value: string): Uint8Array => element(id, Buffer.from(value, 'latin1'));

/** What stands before the first frame. */
export function matroskaHead({ width, height }: { readonly width: number; readonly height: number }): Uint8Array {
  const ebml = element(0x1a45dfa3, text(0x4282, 'matroska'), whole(0x4287, 4), whole(0x4285, 2));
  const info = element(0x1549a966, whole(0x2ad7b1, MICROSECOND_NS), text(0x4d80, 'Attune'), text(0x5741, 'Attune'));
  const video = element(0xe0, whole(0xb0, width), whole(0xba, height), text(0x2eb524, 'RGB\x18'));
  const track = element(0xae, whole(0xd7, 1), whole(0x73c5, 1), whole(0x83, 1), text(0x86, 'V_UNCOMPRESSED'), video);
  return Buffer.concat([ebml, bytesOf(0x18538067), UNKNOWN_SIZE, info, element(0x1654ae6b, track)]);
}

/** What stands before a frame's bytes. @param startS when it is shown, in seconds @param lastsS for how long */
export function matroskaFrame(startS: number, lastsS: number, length: number): Uint8Array {
  const timestamp = whole(0xe7, startS * 1e6);
  const duration = whole(0x9b, lastsS * 1e6);
  // Track 1, no time beyond the cluster's, no flags.
  const block = Buffer.concat([bytesOf(0xa1), sizeOf(4 + length), Uint8Array.of(0x81, 0, 0, 0)]);
  const inGroup = duration.length + block.length + length;
  const group = Buffer.concat([bytesOf(0xa0), sizeOf(inGroup), duration, block]);
  return Buffer.concat([bytesOf(0x1f43b675), sizeOf(timestamp.length + group.length + length), timestamp, group]);
}
