import { concatBytes, fromUtf8OrLatin1, latin1, startsWith } from './bytes.ts';

/**
 * Texts of EXIF (EXIF 3.0, 4.6.6): a UserComment begins with eight bytes that name its character code, as far as tools care to write
 * them. What the bytes are counts more than what they are called.
 */
const UNICODE = latin1('UNICODE\0');
const ASCII = latin1('ASCII\0\0\0');
const JIS = latin1('JIS\0\0\0\0\0');
const UNDEFINED = new Uint8Array(8);
const ESCAPE = 0x1b;

/** @param isLittle the byte order of the block, which counts where UTF-16 itself does not give it away */
export function decodeComment(bytes: Uint8Array, isLittle: boolean): string {
  const text = bytes.subarray(8);
  if (startsWith(bytes, JIS)) return decodeJis(text);
  const isCoded = [UNICODE, ASCII, UNDEFINED].some((code) => startsWith(bytes, code));
  return decodeText(isCoded ? text : bytes, isLittle, startsWith(bytes, UNICODE));
}

/** UTF-8, Latin-1 or UTF-16. Text has no NUL in it except as one half of a UTF-16 unit. */
export function decodeText(bytes: Uint8Array, isLittle: boolean, isUtf16Likely = false): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return utf16(bytes, true);
  if (first === 0xfe && second === 0xff) return utf16(bytes, false);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const trimmed = bytes.subarray(0, end);
  if (trimmed.includes(0)) return utf16(bytes, looksLittleEndian(bytes, isLittle));
  if (!isUtf16Likely || isUtf8(trimmed)) return fromUtf8OrLatin1(trimmed);
  return utf16(bytes, isLittle);
}

function utf16(bytes: Uint8Array, isLittle: boolean): string {
  return new TextDecoder(isLittle ? 'utf-16le' : 'utf-16be')
    .decode(bytes.subarray(0, bytes.length & ~1))
    .replace(/\0+$/, '');
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Parameters always hold spaces and commas, whose zero byte gives the order away; without any, the block's own order counts. */
function looksLittleEndian(bytes: Uint8Array, otherwise: boolean): boolean {
  let zeroFirst = 0;
  let zeroSecond = 0;
  for (let index = 0; index + 1 < bytes.length; index += 2) {
    if (bytes[index] === 0) zeroFirst++;
    if (bytes[index + 1] === 0) zeroSecond++;
  }
  return zeroFirst === zeroSecond ? otherwise : zeroSecond > zeroFirst;
}

/** JIS X 0208, with the escapes that switch to it or bare, two bytes a character; Shift-JIS where it is neither. */
function decodeJis(bytes: Uint8Array): string {
  const isBare = bytes.length > 0 && bytes.length % 2 === 0 && bytes.every((byte) => byte > 0x20 && byte < 0x7f);
  if (bytes.includes(ESCAPE)) return new TextDecoder('iso-2022-jp').decode(bytes).replace(/\0+$/, '');
  if (isBare) return new TextDecoder('iso-2022-jp').decode(concatBytes([Uint8Array.of(ESCAPE, 0x24, 0x42), bytes]));
  return isUtf8(bytes) ? fromUtf8OrLatin1(bytes).replace(/\0+$/, '') : new TextDecoder('shift_jis').decode(bytes);
}
