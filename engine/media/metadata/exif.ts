import { concatBytes, latin1, view } from './bytes.ts';

/**
 * The one EXIF field the ecosystem uses for parameters: UserComment (EXIF 3.0, 4.6.6). Written as `UNICODE` + big-endian UTF-16
 * in a big-endian TIFF block, the form piexif gave to A1111 and everyone after it. sharp writes it as ASCII only, hence this file.
 */
export const EXIF_IFD_POINTER = 0x8769;
export const USER_COMMENT = 0x9286;
const UNICODE_MARK = latin1('UNICODE\0');

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
