import { isAvif, isHeif, readAvifBlocks } from './avif.ts';
import type { MetadataBlocks } from './blocks.ts';
import { fromUtf8OrLatin1, startsWith } from './bytes.ts';
import { type ExifTexts, readExif } from './exifread.ts';
import { isGif, readGifBlocks } from './gif.ts';
import { JPEG_SIGNATURE, readJpegBlocks } from './jpeg.ts';
import { LIMITS, TEXT_MIB } from './limits.ts';
import { PNG_SIGNATURE, XMP_KEYWORD } from './png.ts';
import { readPngText } from './pngread.ts';
import { isWebp, readWebpBlocks } from './webp.ts';

/** Formats whose metadata are read; more than are written. */
export type PictureFormat = 'png' | 'jpeg' | 'webp' | 'avif' | 'heic' | 'tiff' | 'gif';

/** Every text that a file carries beside its pixels, whichever its container is; the one reader of all that asks what a file says. */
export interface Carried {
  /** Texts with a name: PNG text fields, tags of films, `name:{json}` in camera tags. The first of a name counts. */
  readonly fields: ReadonlyMap<string, string>;
  /** Texts without one, in the order in which they count: EXIF comments, descriptions, the comment of a JPEG or GIF. */
  readonly comments: readonly string[];
  /** How many of them, from the first on, are EXIF user comments. */
  readonly userComments: number;
  readonly software?: string;
  /** EXIF `MakerNote`, in which Fooocus says how its comment is written. */
  readonly makerNote?: string;
  /** An XMP packet. */
  readonly xmp?: string;
  /** Sentences about what is there and was not read. */
  readonly problems: readonly string[];
}

/** The format by the first bytes, never by the name. */
export function pictureFormat(picture: Uint8Array): PictureFormat | undefined {
  if (startsWith(picture, PNG_SIGNATURE)) return 'png';
  if (startsWith(picture, JPEG_SIGNATURE)) return 'jpeg';
  if (isWebp(picture)) return 'webp';
  if (isGif(picture)) return 'gif';
  if (isTiff(picture)) return 'tiff';
  if (isAvif(picture)) return 'avif';
  return isHeif(picture) ? 'heic' : undefined;
}

function isTiff(bytes: Uint8Array): boolean {
  return startsWith(bytes, Uint8Array.of(0x49, 0x49, 0x2a, 0)) || startsWith(bytes, Uint8Array.of(0x4d, 0x4d, 0, 0x2a));
}

const BLOCK_READERS = {
  jpeg: readJpegBlocks,
  webp: readWebpBlocks,
  avif: readAvifBlocks,
  heic: readAvifBlocks,
  gif: readGifBlocks,
  tiff: (tiff: Uint8Array): MetadataBlocks => ({ exif: tiff }),
} as const;

/** Never throws. */
export function readCarried(picture: Uint8Array, format: PictureFormat): Carried {
  return format === 'png' ? readPng(picture) : readBlocks(BLOCK_READERS[format](picture));
}

function readPng(picture: Uint8Array): Carried {
  const { fields, skipped, exif, problem } = readPngText(picture);
  const texts = new Map<string, string>();
  for (const { keyword, text } of fields) if (!texts.has(keyword)) texts.set(keyword, text);
  const carried = fromExif(exif, texts, [], texts.get(XMP_KEYWORD));
  const software = texts.get('Software') ?? carried.software;
  return {
    ...carried,
    ...(software !== undefined && { software }),
    problems: [
      ...damage(problem),
      ...skipped.map(({ keyword, why }) => `Its text field "${keyword}" ${why} and was not read.`),
      ...carried.problems,
    ],
  };
}

function readBlocks({ exif, xmp, comment, problem }: MetadataBlocks): Carried {
  const isLong = xmp !== undefined && xmp.length > LIMITS.textBytes;
  const packet = xmp === undefined || isLong ? undefined : fromUtf8OrLatin1(xmp);
  const carried = fromExif(exif, new Map(), comment === undefined ? [] : [comment], packet);
  const problems = [...damage(problem), ...(isLong ? [`Its XMP has more than ${TEXT_MIB} MiB and was not read.`] : [])];
  return { ...carried, problems: [...problems, ...carried.problems] };
}

function damage(problem: string | undefined): string[] {
  return problem === undefined ? [] : [`The file is damaged: ${problem}.`];
}

/** `Prompt: {json}` and `workflow:{json}`, as ComfyUI and its savers fill camera tags. */
const NAMED = /^\s{0,4}([A-Za-z_]\w{0,19}):\s{0,4}(?=[{[])/;

function fromExif(
  exif: Uint8Array | undefined,
  texts: Map<string, string>,
  comments: readonly string[],
  packet: string | undefined,
): Carried {
  const read: ExifTexts | undefined = exif && readExif(exif);
  const plain: string[] = [];
  for (const text of read?.others ?? []) {
    const name = NAMED.exec(text);
    if (name === null) plain.push(text);
    else if (!texts.has(name[1]!.toLowerCase())) texts.set(name[1]!.toLowerCase(), text.slice(name[0].length));
  }
  const xmp = packet ?? (read?.xmp && fromUtf8OrLatin1(read.xmp));
  const userComments = read?.userComments ?? [];
  return {
    fields: texts,
    comments: [...userComments, ...comments, ...plain],
    userComments: userComments.length,
    ...(read?.software !== undefined && { software: read.software }),
    ...(read?.makerNote !== undefined && { makerNote: read.makerNote }),
    ...(xmp !== undefined && { xmp }),
    problems: (read?.problems ?? []).map((problem) => `In its EXIF block ${problem}.`),
  };
}
