import { AttuneError } from '../base/errors.ts';
import { readText, whatIs } from '../checkpoint/files.ts';

/** Names of a tokenizer's marks, where its files give them. */
export interface MarkNames {
  readonly begin?: string;
  readonly end?: string;
  readonly padding?: string;
  readonly unknown?: string;
}

const MAX_BYTES = 4 * 1024 * 1024;
const KEYS = { begin: 'bos_token', end: 'eos_token', padding: 'pad_token', unknown: 'unk_token' } as const;

/**
 * The marks from tokenizer_config.json and, where that is silent, special_tokens_map.json. A mark is a text or an object
 * with `content`; anything else counts as absent.
 * @throws AttuneError 'checkpoint-malformed' naming a file that is not a JSON object
 */
export function readMarkNames(folder: string): MarkNames {
  const sources = ['tokenizer_config.json', 'special_tokens_map.json']
    .map((name) => `${folder}/${name}`)
    .filter((file) => whatIs(file) === 'file')
    .map((file) => parseObject(readText(file, MAX_BYTES), file));
  const names: { -readonly [Mark in keyof MarkNames]: string } = {};
  for (const mark of ['begin', 'end', 'padding', 'unknown'] as const) {
    const found = sources.map((source) => markText(source[KEYS[mark]])).find((text) => text !== undefined);
    if (found !== undefined) names[mark] = found;
  }
  return names;
}

/** What tokenizer.json itself says of padding and unknown words. */
export function marksOfTokenizerJson(json: Readonly<Record<string, unknown>>): {
  readonly padding?: number;
  readonly unknown?: string | number;
} {
  const padding = isObject(json.padding) ? json.padding.pad_id : undefined;
  const model = isObject(json.model) ? json.model : {};
  const unknown = typeof model.unk_id === 'number' ? model.unk_id : markText(model.unk_token);
  return {
    ...(typeof padding === 'number' ? { padding } : {}),
    ...(unknown === undefined ? {} : { unknown }),
  };
}

/** @throws AttuneError 'checkpoint-malformed' */
export function parseObject(text: string, file: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AttuneError('checkpoint-malformed', `${file} is not valid JSON. Download it again.`, { file }, cause);
  }
  if (!isObject(value)) throw new AttuneError('checkpoint-malformed', `${file} must hold a JSON object.`, { file });
  return value;
}

function markText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isObject(value) && typeof value.content === 'string' ? value.content : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
