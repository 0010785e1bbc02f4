import { Unzlib } from 'fflate';
import { concatBytes, fromLatin1, fromUtf8OrLatin1, startsWith, view } from './bytes.ts';
import { LIMITS, TEXT_MIB } from './limits.ts';
import { PNG_SIGNATURE, type TextField } from './png.ts';

/** Text chunks of PNG files as other tools write them: plain, compressed (`zTXt`, `iTXt`), and the EXIF block. */
export interface PngTexts {
  /** In file order. */
  readonly fields: readonly TextField[];
  /** Fields that are there and were not read: keyword, and why. */
  readonly skipped: readonly { readonly keyword: string; readonly why: string }[];
  /** A TIFF block: `eXIf`, or the text form that ImageMagick gave it before that chunk existed. */
  readonly exif?: Uint8Array;
  /** What is wrong with the file; what stands before the damage is kept. */
  readonly problem?: string;
}

const TOO_LONG = `has more than ${TEXT_MIB} MiB`;
/** Frames of an animated PNG whose text ComfyUI keeps in a chunk of its own: keyword, NUL, text. */
const COMFY = 'comf';
const TEXT_CHUNKS = new Set(['tEXt', 'zTXt', 'iTXt', COMFY]);
const RAW_EXIF = /^Raw profile type (?:exif|APP1)$/;

export function readPngText(png: Uint8Array): PngTexts {
  const fields: TextField[] = [];
  const skipped: { keyword: string; why: string }[] = [];
  let exif: Uint8Array | undefined;
  let bytesLeft: number = LIMITS.allTextBytes;
  const told = (problem?: string): PngTexts => {
    exif ??= rawProfile(fields);
    return { fields, skipped, ...(exif && { exif }), ...(problem !== undefined && { problem }) };
  };
  const bytes = view(png);
  let offset = PNG_SIGNATURE.length;
  while (offset + 12 <= png.length) {
    const length = bytes.getUint32(offset);
    const type = fromLatin1(png.subarray(offset + 4, offset + 8));
    const end = offset + 12 + length;
    if (end > png.length) return told(`chunk ${printable(type)} reaches past the end of the file`);
    if (type === 'IEND') return told();
    const data = png.subarray(offset + 8, end - 4);
    if (type === 'eXIf') exif ??= data;
    if (TEXT_CHUNKS.has(type)) {
      if (fields.length + skipped.length >= LIMITS.fields) return told(`it has more than ${LIMITS.fields} text fields`);
      const field = parseText(type, data, Math.min(LIMITS.textBytes, bytesLeft));
      if ('why' in field) skipped.push(field);
      else {
        fields.push(field);
        bytesLeft -= field.text.length;
      }
    }
    offset = end;
  }
  return told('the file ends before its last chunk');
}

type Field = TextField | { readonly keyword: string; readonly why: string };

function parseText(type: string, data: Uint8Array, room: number): Field {
  const keywordEnd = data.indexOf(0);
  const keyword = printable(fromLatin1(data.subarray(0, Math.min(keywordEnd < 0 ? data.length : keywordEnd, 79))));
  if (keywordEnd < 1 || keywordEnd > 79) return { keyword, why: 'has no name' };
  if (type === 'iTXt') return parseInternational(keyword, data, keywordEnd, room);
  if (type === 'zTXt')
    return data[keywordEnd + 1] === 0
      ? unpacked(keyword, data.subarray(keywordEnd + 2), room)
      : { keyword, why: 'is packed in a way that is not known' };
  // tEXt is Latin-1 by the specification, UTF-8 in the files of many tools.
  return plain(keyword, data.subarray(keywordEnd + 1), room);
}

/** Compression flag, compression method, language, translated keyword, text. */
function parseInternational(keyword: string, data: Uint8Array, keywordEnd: number, room: number): Field {
  const languageEnd = data.indexOf(0, keywordEnd + 3);
  const translatedEnd = languageEnd < 0 ? -1 : data.indexOf(0, languageEnd + 1);
  if (translatedEnd < 0) return { keyword, why: 'is cut off' };
  const text = data.subarray(translatedEnd + 1);
  if (data[keywordEnd + 1] === 0) return plain(keyword, text, room);
  return data[keywordEnd + 1] === 1 && data[keywordEnd + 2] === 0
    ? unpacked(keyword, text, room)
    : { keyword, why: 'is packed in a way that is not known' };
}

function plain(keyword: string, text: Uint8Array, room: number): Field {
  return text.length > room ? { keyword, why: TOO_LONG } : { keyword, text: fromUtf8OrLatin1(text) };
}

/** Bytes handed to the decoder at once: a thousand times of it is the most that comes out before the limit is looked at. */
const PACKED_STEP = 4096;

function unpacked(keyword: string, packed: Uint8Array, room: number): Field {
  const parts: Uint8Array[] = [];
  let length = 0;
  let hasEnded = false;
  const stream = new Unzlib((part, isLast) => {
    parts.push(part);
    length += part.length;
    hasEnded ||= isLast;
  });
  try {
    for (let at = 0; at < packed.length && length <= room; at += PACKED_STEP)
      stream.push(packed.subarray(at, at + PACKED_STEP), at + PACKED_STEP >= packed.length);
  } catch {
    return { keyword, why: 'is damaged' };
  }
  if (length > room) return { keyword, why: TOO_LONG };
  return hasEnded ? plain(keyword, concatBytes(parts), room) : { keyword, why: 'is cut off' };
}

/** Hexadecimal digits behind a name and a length, as ImageMagick writes profiles. */
function rawProfile(fields: readonly TextField[]): Uint8Array | undefined {
  const text = fields.find(({ keyword }) => RAW_EXIF.test(keyword))?.text;
  const head = text === undefined ? undefined : /^\s*\w{1,20}\s+\d{1,8}\s/.exec(text)?.[0];
  if (text === undefined || head === undefined) return undefined;
  const digits = text.slice(head.length).replace(/\s+/g, '');
  if (digits.length % 2 === 1 || !/^[0-9a-f]*$/i.test(digits)) return undefined;
  const bytes = Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16),
  );
  return startsWith(bytes, EXIF_MARK) ? bytes.subarray(EXIF_MARK.length) : bytes;
}

const EXIF_MARK = Uint8Array.of(0x45, 0x78, 0x69, 0x66, 0, 0);

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\xa1-\xff]/g, '?');
}
