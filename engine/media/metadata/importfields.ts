import { readAvifBlocks } from './avif.ts';
import { fromUtf8OrLatin1 } from './bytes.ts';
import { readAsciiTags, readUserComment } from './exif.ts';
import { readJpegBlocks } from './jpeg.ts';
import { LIMITS } from './limits.ts';
import { pictureFormat } from './picture.ts';
import { readPngText, XMP_KEYWORD } from './png.ts';
import { readWebpBlocks } from './webp.ts';
import { readDrawThingsXmp, readStableDiffusionCppXmp } from './xmp.ts';

/** Everything of a file that may say how it was made, whichever tool wrote it; names are those of PNG text fields. */
export interface ImportFields {
  /** A text field by its name; the first one counts. */
  get(keyword: string): string | undefined;
  /** The EXIF comment, outside PNG. */
  readonly comment?: string;
  /** EXIF `Software`, `MakerNote`. */
  readonly software?: string;
  readonly makerNote?: string;
  /** Draw Things' JSON and stable-diffusion.cpp's text inside XMP. */
  readonly drawThings?: string;
  readonly sdcpp?: string;
}

const BLOCKS = { jpeg: readJpegBlocks, webp: readWebpBlocks, avif: readAvifBlocks } as const;

/** The fields of a picture; undefined for what is none. */
export function readImportFields(bytes: Uint8Array): ImportFields | undefined {
  const format = pictureFormat(bytes);
  if (format === undefined) return undefined;
  if (format === 'png') {
    const texts = new Map<string, string>();
    for (const { keyword, text } of readPngText(bytes).fields) if (!texts.has(keyword)) texts.set(keyword, text);
    return fieldsOf(texts, texts.get(XMP_KEYWORD));
  }
  const { exif, xmp, comment } = BLOCKS[format](bytes);
  const tags = exif ? readAsciiTags(exif) : new Map<string, string>();
  const userComment = exif ? readUserComment(exif) : undefined;
  const texts = new Map<string, string>();
  // ComfyUI's animated WebP: `workflow:{json}` and `prompt:{json}` in camera tags.
  for (const value of [tags.get('make'), tags.get('model')]) {
    const cut = value?.indexOf(':') ?? -1;
    if (value !== undefined && cut > 0 && cut < 20) texts.set(value.slice(0, cut), value.slice(cut + 1));
  }
  const text = userComment ?? comment;
  const packet = xmp && xmp.length <= LIMITS.textBytes ? fromUtf8OrLatin1(xmp) : undefined;
  return {
    ...fieldsOf(texts, packet),
    ...(text !== undefined && { comment: text }),
    ...optional('software', tags.get('software')),
    ...optional('makerNote', tags.get('makerNote')),
  };
}

function fieldsOf(texts: ReadonlyMap<string, string>, xmp: string | undefined): ImportFields {
  return {
    get: (keyword) => texts.get(keyword),
    ...optional('software', texts.get('Software')),
    ...(xmp === undefined
      ? {}
      : { ...optional('drawThings', readDrawThingsXmp(xmp)), ...optional('sdcpp', readStableDiffusionCppXmp(xmp)) }),
  };
}

function optional<Key extends string>(key: Key, value: string | undefined): { readonly [K in Key]?: string } {
  // The computed key is the one that was asked for.
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: string });
}
