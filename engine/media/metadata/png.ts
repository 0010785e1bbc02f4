import { concatBytes, crc32, fromLatin1, isAscii, latin1, startsWith, uint32, utf8 } from './bytes.ts';
import { malformed } from './limits.ts';

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
