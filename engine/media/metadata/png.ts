import {
  concatBytes,
  crc32,
  fromLatin1,
  fromUtf8OrLatin1,
  isAscii,
  latin1,
  startsWith,
  uint32,
  utf8,
  view,
} from './bytes.ts';
import { LIMITS, malformed } from './limits.ts';

/**
 * Text chunks of PNG files (PNG specification 11.3.3). Written as `tEXt` when the text is ASCII and as uncompressed `iTXt`
 * otherwise, right after IHDR: ComfyUI ignores `zTXt`, and Pillow reads text behind the pixels only once they are decoded.
 */
export interface TextField {
  /** 1 to 79 Latin-1 characters. */
  readonly keyword: string;
  readonly text: string;
}

export const PNG_SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** XMP is defined to lie in an `iTXt` chunk of this keyword, ASCII or not. */
export const XMP_KEYWORD = 'XML:com.adobe.xmp';

const IHDR_END = 8 + 12 + 13;

/** Inserts text fields into a PNG that has none of these keywords yet. */
export function insertPngText(png: Uint8Array, fields: readonly TextField[]): Uint8Array {
  if (!startsWith(png, PNG_SIGNATURE) || fromLatin1(png.subarray(12, 16)) !== 'IHDR') {
    throw malformed('PNG', 'it does not begin with its header');
  }
  return concatBytes([png.subarray(0, IHDR_END), ...fields.map(textChunk), png.subarray(IHDR_END)]);
}

function textChunk({ keyword, text }: TextField): Uint8Array {
  const plain = isAscii(text) && keyword !== XMP_KEYWORD;
  const name = concatBytes([latin1(keyword), Uint8Array.of(0)]);
  // iTXt: compression flag, compression method, empty language, empty translated keyword.
  const body = plain ? [name, latin1(text)] : [name, Uint8Array.of(0, 0, 0, 0), utf8(text)];
  const typed = concatBytes([latin1(plain ? 'tEXt' : 'iTXt'), ...body]);
  return concatBytes([uint32(typed.length - 4), typed, uint32(crc32(typed))]);
}

/**
 * Text fields of a PNG, in file order. Compressed ones, which may hold bombs, are named in `skipped` and not read. Damage ends the
 * reading early and is told in `problem`; what stands before it is kept.
 */
export function readPngText(png: Uint8Array): { fields: TextField[]; skipped: string[]; problem?: string } {
  const fields: TextField[] = [];
  const skipped: string[] = [];
  const bytes = view(png);
  let offset = PNG_SIGNATURE.length;
  while (offset + 12 <= png.length) {
    const length = bytes.getUint32(offset);
    const type = fromLatin1(png.subarray(offset + 4, offset + 8));
    const end = offset + 12 + length;
    if (end > png.length)
      return { fields, skipped, problem: `chunk ${printable(type)} reaches past the end of the file` };
    if (type === 'IEND') return { fields, skipped };
    if (type === 'tEXt' || type === 'iTXt' || type === 'zTXt') {
      if (fields.length >= LIMITS.fields) return { fields, skipped, problem: `more than ${LIMITS.fields} text fields` };
      const field = parseText(type, png.subarray(offset + 8, end - 4));
      if (typeof field === 'string') skipped.push(field);
      else fields.push(field);
    }
    offset = end;
  }
  return { fields, skipped, problem: 'the file ends before its last chunk' };
}

/** The field, or the keyword of a field that is left alone. */
function parseText(type: string, data: Uint8Array): TextField | string {
  const keywordEnd = data.indexOf(0);
  const keyword = printable(fromLatin1(data.subarray(0, Math.min(keywordEnd < 0 ? data.length : keywordEnd, 79))));
  if (keywordEnd < 1 || keywordEnd > 79 || data.length > LIMITS.textBytes || type === 'zTXt') return keyword;
  // tEXt is Latin-1 by the specification, UTF-8 in the files of many tools.
  if (type === 'tEXt') return { keyword, text: fromUtf8OrLatin1(data.subarray(keywordEnd + 1)) };
  const compressed = data[keywordEnd + 1] !== 0;
  const languageEnd = data.indexOf(0, keywordEnd + 3);
  const translatedEnd = languageEnd < 0 ? -1 : data.indexOf(0, languageEnd + 1);
  if (compressed || translatedEnd < 0) return keyword;
  return { keyword, text: fromUtf8OrLatin1(data.subarray(translatedEnd + 1)) };
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\xa1-\xff]/g, '?');
}
