import chardet from 'chardet';
import { AttuneError } from '../../engine/index.ts';

/** A text file's characters, and what people should know of how they were read. */
export interface DecodedText {
  readonly text: string;
  readonly notes: readonly string[];
}

/** Byte order marks, the longest first. */
const MARKS: readonly (readonly [readonly number[], string])[] = [
  [[0xff, 0xfe, 0, 0], 'utf-32le'],
  [[0, 0, 0xfe, 0xff], 'utf-32be'],
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

/** Files that spreadsheets and word processors save besides texts. */
const BINARIES: readonly (readonly [readonly number[], string])[] = [
  [[0x50, 0x4b, 3, 4], 'a packed document (.xlsx, .ods, .docx or .zip)'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an older Office document (.xls or .doc)'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF'],
  [[0x1f, 0x8b], 'a gzip archive'],
];

const WESTERN = 'windows-1252';
/** What files are guessed from; longer ones say nothing more. */
const SAMPLE_BYTES = 256 * 1024;

/**
 * The text of a file: UTF-8, UTF-16 with or without its mark, or the one older encoding that its bytes fit, which is noted.
 * @param encoding a name that the user gave, of the WHATWG list: nothing is guessed
 * @throws AttuneError 'request-invalid' naming what the file is, or the encodings that it may have
 */
export function decodeText(bytes: Uint8Array, name: string, encoding?: string): DecodedText {
  if (encoding !== undefined) return { text: decodeAs(bytes, name, encoding), notes: [] };
  const binary = BINARIES.find(([start]) => startsWith(bytes, start));
  if (binary) throw refuse(name, `is ${binary[1]}; save it as CSV or as plain text`);
  const mark = MARKS.find(([start]) => startsWith(bytes, start))?.[1];
  if (mark?.startsWith('utf-32')) throw refuse(name, 'is written in UTF-32; save it as UTF-8');
  if (mark !== undefined) return { text: decodeAs(bytes, name, mark), notes: [] };
  const zeros = zeroShare(bytes);
  const wide =
    zeros.odd > 0.3 && zeros.even < 0.05 ? 'utf-16le' : zeros.even > 0.3 && zeros.odd < 0.05 ? 'utf-16be' : undefined;
  if (wide !== undefined) return { text: decodeAs(bytes, name, wide), notes: [] };
  if (zeros.odd > 0 || zeros.even > 0) throw refuse(name, 'holds zero bytes and is no text file');
  const utf8 = tryDecode(bytes, 'utf-8');
  if (utf8 !== undefined) return { text: utf8, notes: [] };
  const guessed = guess(bytes, name);
  return {
    text: decodeAs(bytes, name, guessed),
    notes: [`${name} is not UTF-8 and was read as ${guessed}. If words look wrong, save it as UTF-8.`],
  };
}

function decodeAs(bytes: Uint8Array, name: string, encoding: string): string {
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(encoding, { fatal: true });
  } catch (error) {
    throw new AttuneError(
      'request-invalid',
      `There is no encoding "${encoding}"; there are utf-8, utf-16le, windows-1252, shift_jis, gb18030, big5, euc-kr and others.`,
      { field: 'encoding' },
      error,
    );
  }
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw new AttuneError(
      'request-invalid',
      `${name} is damaged or not written in ${encoding}; save it as UTF-8.`,
      { file: name },
      error,
    );
  }
}

function tryDecode(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    if (encoding === 'utf-8') return text;
    // Older encodings have a character for every byte; no text has these.
    return /(?![\t\n\v\f\r])[\p{Cc}\p{Co}\p{Cn}\ufffd]/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** The older encoding of a text. Letters with accents stand alone among plain ones; other scripts come in runs of high bytes. */
function guess(bytes: Uint8Array, name: string): string {
  const { alone, inRuns, isMac } = highBytes(bytes);
  const sample = bytes.subarray(0, SAMPLE_BYTES);
  const ranked = chardet
    .analyse(sample)
    .map(({ name: found, confidence }) => ({ encoding: SAME_AS[found] ?? found.toLowerCase(), confidence }))
    .filter(({ encoding }) => tryDecode(bytes, encoding) !== undefined);
  if (alone >= inRuns) {
    if (isMac && tryDecode(bytes, 'macintosh') !== undefined) return 'macintosh';
    const latin = ranked.filter(({ encoding }) => LATIN.has(encoding));
    const western = latin.find(({ encoding }) => encoding === WESTERN)?.confidence ?? 0;
    const [best] = latin;
    if (best !== undefined && best.confidence > western + CLEARLY) return best.encoding;
    if (tryDecode(bytes, WESTERN) !== undefined) return WESTERN;
  }
  const kana = ['shift_jis', 'euc-jp'].find((encoding) => isJapanese(tryDecode(bytes, encoding)));
  if (kana !== undefined) return kana;
  const [best, second] = ranked.filter(({ encoding }) => !LATIN.has(encoding));
  if (best !== undefined && best.confidence > (second?.confidence ?? 0) + CLEARLY) return best.encoding;
  const names = [...new Set(ranked.slice(0, 4).map(({ encoding }) => encoding))].join(', ');
  throw refuse(
    name,
    `is not UTF-8, and its encoding is not clear${names === '' ? '' : ` (it may be ${names})`}; save it as UTF-8, or name the encoding`,
    'encoding',
  );
}

/** By how much the first guess must lead. */
const CLEARLY = 20;

/** Windows writes these in place of the standard's, with more characters in them. */
const SAME_AS: Readonly<Record<string, string>> = {
  'ISO-8859-1': WESTERN,
  'ISO-8859-2': 'windows-1250',
  'ISO-8859-5': 'iso-8859-5',
  'ISO-8859-6': 'windows-1256',
  'ISO-8859-7': 'windows-1253',
  'ISO-8859-8': 'windows-1255',
  'ISO-8859-9': 'windows-1254',
};
const LATIN = new Set([
  WESTERN,
  'windows-1250',
  'windows-1254',
  'windows-1257',
  'windows-1258',
  'iso-8859-3',
  'ascii',
  'utf-8',
]);

function highBytes(bytes: Uint8Array): { readonly alone: number; readonly inRuns: number; readonly isMac: boolean } {
  let alone = 0;
  let inRuns = 0;
  let low = 0;
  let high = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) continue;
    const [before, after] = [bytes[at - 1] ?? 0, bytes[at + 1] ?? 0];
    if (before >= 0x80 || after >= 0x80) inRuns++;
    else alone++;
    if (!isLetter(before) && !isLetter(after)) continue;
    if (MAC_LETTERS.has(byte)) low++;
    if (byte >= 0xc0) high++;
  }
  return { alone, inRuns, isMac: low > 0 && high === 0 };
}

/** Letters of old Macintosh texts that are signs in Windows' encoding. */
const MAC_LETTERS = new Set([
  0x80, 0x81, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8d, 0x8e, 0x8f, 0x90, 0x98, 0x99, 0x9a, 0x9d, 0x9f,
]);

const isLetter = (byte: number) => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);

/** Whether a text has the syllables that no Japanese sentence lacks, and no narrow ones, which other encodings look like. */
function isJapanese(text: string | undefined): boolean {
  if (text === undefined) return false;
  const foreign = [...text].filter((character) => character > '\x7f');
  const syllables = foreign.filter((character) => /[\u3040-\u30ff]/.test(character)).length;
  return syllables * 5 >= foreign.length && !/[\uff61-\uff9f]/.test(text);
}

function zeroShare(bytes: Uint8Array): { readonly even: number; readonly odd: number } {
  const counts = [0, 0];
  const length = Math.min(bytes.length, SAMPLE_BYTES);
  for (let at = 0; at < length; at++) if (bytes[at] === 0) counts[at % 2] = (counts[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = counts;
  return { even: (2 * even) / Math.max(1, length), odd: (2 * odd) / Math.max(1, length) };
}

const startsWith = (bytes: Uint8Array, start: readonly number[]) => start.every((byte, at) => bytes[at] === byte);

function refuse(name: string, what: string, field?: string): AttuneError {
  return new AttuneError('request-invalid', `${name} ${what}.`, { file: name, ...(field && { field }) });
}
