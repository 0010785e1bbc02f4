import { concatBytes, fromLatin1, fromUtf8OrLatin1, latin1, startsWith, view } from './bytes.ts';
import { LIMITS } from './limits.ts';

/**
 * The one EXIF field the ecosystem uses for parameters: UserComment (EXIF 3.0, 4.6.6). Written as `UNICODE` + big-endian UTF-16
 * in a big-endian TIFF block, the form piexif gave to A1111 and everyone after it. sharp writes it as ASCII only, hence this file.
 */
const EXIF_IFD_POINTER = 0x8769;
const USER_COMMENT = 0x9286;
const UNICODE_MARK = latin1('UNICODE\0');
const ASCII_MARK = latin1('ASCII\0\0\0');

/** A TIFF block (without the `Exif\0\0` that JPEG wants) that holds just the comment. */
export function writeUserComment(text: string): Uint8Array {
  const utf16 = new Uint8Array(text.length * 2);
  const units = view(utf16);
  for (let index = 0; index < text.length; index++) units.setUint16(index * 2, text.charCodeAt(index));
  const comment = concatBytes([UNICODE_MARK, utf16]);

  // Header (8), IFD0 with one entry (2 + 12 + 4), Exif IFD with one entry (18), the comment.
  const head = new Uint8Array(44);
  const tiff = view(head);
  head.set(latin1('MM\0*'));
  tiff.setUint32(4, 8);
  writeEntry(tiff, 8, EXIF_IFD_POINTER, 4, 1, 26);
  writeEntry(tiff, 26, USER_COMMENT, 7, comment.length, 44);
  return concatBytes([head, comment]);
}

/** An IFD of a single entry at `offset`; the link to the next IFD stays 0. */
function writeEntry(tiff: DataView, offset: number, tag: number, type: number, count: number, value: number): void {
  tiff.setUint16(offset, 1);
  tiff.setUint16(offset + 2, tag);
  tiff.setUint16(offset + 4, type);
  tiff.setUint32(offset + 6, count);
  tiff.setUint32(offset + 10, value);
}

/** The user comment of a TIFF block, in whichever of the usual encodings; undefined when there is none or the block is damaged. */
export function readUserComment(block: Uint8Array): string | undefined {
  const tiff = view(block);
  const order = fromLatin1(block.subarray(0, 4));
  const littleEndian = order === 'II*\0';
  if (block.length < 8 || !(littleEndian || order === 'MM\0*')) return undefined;
  const exif = findEntry(tiff, tiff.getUint32(4, littleEndian), EXIF_IFD_POINTER, littleEndian);
  const comment = exif && findEntry(tiff, exif.value, USER_COMMENT, littleEndian);
  if (!comment || comment.count > LIMITS.textBytes || comment.value + comment.count > block.length) return undefined;
  return decodeComment(block.subarray(comment.value, comment.value + comment.count), littleEndian);
}

function findEntry(tiff: DataView, offset: number, tag: number, littleEndian: boolean) {
  if (offset + 2 > tiff.byteLength) return undefined;
  const entries = tiff.getUint16(offset, littleEndian);
  for (let index = 0; index < entries; index++) {
    const at = offset + 2 + index * 12;
    if (at + 12 > tiff.byteLength) return undefined;
    if (tiff.getUint16(at, littleEndian) === tag) {
      return { count: tiff.getUint32(at + 4, littleEndian), value: tiff.getUint32(at + 8, littleEndian) };
    }
  }
  return undefined;
}

function decodeComment(bytes: Uint8Array, littleEndianTiff: boolean): string | undefined {
  if (bytes.length < 8) return undefined;
  const text = bytes.subarray(8);
  if (!startsWith(bytes, UNICODE_MARK)) {
    // ASCII, or eight NULs for "undefined"; both hold UTF-8 in practice.
    const known = startsWith(bytes, ASCII_MARK) || bytes.subarray(0, 8).every((byte) => byte === 0);
    return known ? fromUtf8OrLatin1(text).replace(/\0+$/, '') : undefined;
  }
  const littleEndian = looksLittleEndian(text, littleEndianTiff);
  const units = view(text);
  let decoded = '';
  for (let index = 0; index + 1 < text.length; index += 2) {
    decoded += String.fromCharCode(units.getUint16(index, littleEndian));
  }
  return decoded.replace(/^\ufeff/, '').replace(/\0+$/, '');
}

/** Parameters always hold spaces and commas, whose zero byte gives the order away; without any, the block's own order counts. */
function looksLittleEndian(utf16: Uint8Array, otherwise: boolean): boolean {
  let zeroFirst = 0;
  let zeroSecond = 0;
  for (let index = 0; index + 1 < utf16.length; index += 2) {
    if (utf16[index] === 0) zeroFirst++;
    if (utf16[index + 1] === 0) zeroSecond++;
  }
  return zeroFirst === zeroSecond ? otherwise : zeroSecond > zeroFirst;
}

/** Tags of other tools: name -> where it stands. */
const ASCII_TAGS = [
  ['make', 0x010f, false],
  ['model', 0x0110, false],
  ['software', 0x0131, false],
  ['makerNote', 0x927c, true],
] as const;

/** Texts of the tags in which other tools keep what they know: camera make and model, software, maker note. */
export function readAsciiTags(block: Uint8Array): Map<string, string> {
  const found = new Map<string, string>();
  const tiff = view(block);
  const order = fromLatin1(block.subarray(0, 4));
  const littleEndian = order === 'II*\0';
  if (block.length < 8 || !(littleEndian || order === 'MM\0*')) return found;
  const root = tiff.getUint32(4, littleEndian);
  const exif = findEntry(tiff, root, EXIF_IFD_POINTER, littleEndian);
  for (const [name, tag, isInExif] of ASCII_TAGS) {
    const entry = isInExif
      ? exif && findEntry(tiff, exif.value, tag, littleEndian)
      : findEntry(tiff, root, tag, littleEndian);
    // Texts of at most four bytes stand in the entry itself; none that we look for is so short.
    if (!entry || entry.count <= 4 || entry.count > LIMITS.textBytes || entry.value + entry.count > block.length)
      continue;
    found.set(name, fromUtf8OrLatin1(block.subarray(entry.value, entry.value + entry.count)).replace(/\0+$/, ''));
  }
  return found;
}
