import { AttuneError } from '../../base/errors.ts';

/** Metadata of other people's files is untrusted: nothing longer or deeper than this is looked at. */
export const LIMITS = {
  /** Bytes of one text field, unpacked. Graphs with pictures inside them take some. */
  textBytes: 8 << 20,
  /** Bytes of all text fields of a file together. */
  allTextBytes: 32 << 20,
  /** Text fields of one file. */
  fields: 1024,
  /** Parts of other kinds: chunks, segments, boxes, extents. */
  parts: 16_384,
  /** Nesting of JSON; V8 takes seconds to refuse a long run of `[`, hence the scan before parsing. */
  jsonDepth: 64,
} as const;

/** Mebibytes, for sentences. */
export const TEXT_MIB = LIMITS.textBytes / (1 << 20);

/** The error for a picture whose bytes break its format. */
export function malformed(format: string, what: string, field?: string): AttuneError {
  return new AttuneError(
    'media-invalid',
    `This ${format} file is damaged: ${what}.`,
    field === undefined ? {} : { field },
  );
}

/** Parses JSON within the limits; undefined when it is not JSON, too long or too deep. @param limit in characters */
export function parseBoundedJson(text: string, limit: number = LIMITS.textBytes): unknown {
  if (text.length > limit || nesting(text) > LIMITS.jsonDepth) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function nesting(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (inString) {
      if (character === '\\') index++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth--;
  }
  return deepest;
}

/** As `parseBoundedJson`; ComfyUI writes `NaN`, which no JSON parser takes, and reads as nothing here. */
export function parseLooseJson(text: string | undefined, limit: number = LIMITS.textBytes): unknown {
  if (text === undefined) return undefined;
  const json = parseBoundedJson(text, limit);
  if (json !== undefined || text.length > limit) return json;
  const loose = text.replace(/([[:,]\s{0,4})-?(?:NaN|Infinity)/g, '$1null');
  return loose === text ? undefined : parseBoundedJson(loose, limit);
}

/** Why a text gives no JSON here, for a sentence. */
export function whyNoJson(text: string): string {
  if (text.length > LIMITS.textBytes) return `has more than ${TEXT_MIB} MiB`;
  return nesting(text) > LIMITS.jsonDepth
    ? `is nested more than ${LIMITS.jsonDepth} deep`
    : 'is in no form that is known here';
}
