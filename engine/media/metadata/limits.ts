import { AttuneError } from '../../base/errors.ts';

/** Metadata of other people's files is untrusted: nothing longer or deeper than this is looked at. */
export const LIMITS = {
  /** Bytes of one text field. */
  textBytes: 1 << 20,
  /** Text fields of one file. */
  fields: 64,
  /** Nesting of JSON; V8 takes seconds to refuse a long run of `[`, hence the scan before parsing. */
  jsonDepth: 32,
} as const;

/** The error for a picture whose bytes break its format. */
export function malformed(format: string, what: string, field?: string): AttuneError {
  return new AttuneError(
    'media-invalid',
    `This ${format} file is damaged: ${what}.`,
    field === undefined ? {} : { field },
  );
}

/** Parses JSON within the limits; undefined when it is not JSON, too long or too deep. */
export function parseBoundedJson(text: string): unknown {
  if (text.length > LIMITS.textBytes || nesting(text) > LIMITS.jsonDepth) return undefined;
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
