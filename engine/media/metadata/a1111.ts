import type { EditRecord } from '../../../contract/index.ts';
import { LIMITS } from './limits.ts';

/**
 * The `parameters` text that AUTOMATIC1111's web interface made the common tongue of image generators. Rules of its reader
 * (modules/infotext_utils.py): the last line counts as settings only with three or more `key: value` pairs. ComfyUI's importer does
 * nothing unless a line starts with `Negative prompt:` and the next setting line with `Steps:`, so both are always written.
 */
export interface CommonParameters {
  readonly prompt: string;
  readonly negative: string;
  /** Settings of the last line in their order; `Size: 4x6` is split into `Size-1` and `Size-2`, as A1111 does. */
  readonly settings: ReadonlyMap<string, string>;
}

const NEGATIVE = 'Negative prompt:';

export function writeCommonParameters(record: EditRecord): string {
  const { request, sampler, checkpoint, app } = record;
  const strength = request.params.strength;
  const settings: [string, string | number | undefined][] = [
    ['Steps', request.steps],
    ['Sampler', sampler.commonName],
    ['CFG scale', request.guidance],
    ['Seed', request.seed],
    ['Size', `${request.size.width}x${request.size.height}`],
    ['Model', checkpoint.name],
    ['Denoising strength', typeof strength === 'number' ? strength : undefined],
    ['Attune method', request.method],
    ['Version', `${app.name} ${app.version}`],
  ];
  const line = settings.flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${quote(String(value))}`]));
  return `${clean(promptText(request))}\n${NEGATIVE} ${clean(request.negative ?? '')}\n${line.join(', ')}`;
}

/** The prompt, or the prompts of a video in their order, divided as they are typed: `A | B`. */
export function promptText({ prompt, segments }: Pick<EditRecord['request'], 'prompt' | 'segments'>): string {
  return segments === undefined ? prompt : segments.map((segment) => segment.prompt).join(' | ');
}

/** A value that holds what would end it is written as a JSON string. */
function quote(value: string): string {
  return /[,:\n]/.test(value) ? JSON.stringify(value) : value;
}

/** Line ends as LF, and no NUL, which would end the text for most readers. */
function clean(text: string): string {
  return text.replace(/\r\n?/g, '\n').replaceAll('\0', ' ').trim();
}

export function readCommonParameters(text: string): CommonParameters {
  const lines = text.slice(0, LIMITS.textBytes).trim().split('\n');
  const pairs = settingPairs(lines.at(-1) ?? '');
  const hasSettings = pairs.length >= 3;
  if (hasSettings) lines.pop();
  const trimmed = lines.map((line) => line.trim());
  const start = trimmed.findIndex((line) => line.startsWith(NEGATIVE));
  const negativeLines = start < 0 ? [] : trimmed.slice(start);
  return {
    prompt: joined(start < 0 ? trimmed : trimmed.slice(0, start)),
    negative: joined(
      negativeLines.map((line) => (line.startsWith(NEGATIVE) ? line.slice(NEGATIVE.length).trim() : line)),
    ),
    settings: new Map(hasSettings ? pairs.flatMap(splitSize) : []),
  };
}

/** A1111 leaves empty lines out at the start only. */
function joined(lines: readonly string[]): string {
  return lines.reduce((all, line) => (all === '' ? line : `${all}\n${line}`), '');
}

function splitSize([key, value]: readonly [string, string]): [string, string][] {
  const size = /^(\d{1,6})x(\d{1,6})$/.exec(value);
  return size
    ? [
        [`${key}-1`, size[1]!],
        [`${key}-2`, size[2]!],
      ]
    : [[key, value]];
}

/**
 * The matches of `\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)`. Found colon by colon, because the expression itself
 * takes quadratic time on a long line without colons.
 */
function settingPairs(line: string): [string, string][] {
  const pairs: [string, string][] = [];
  let from = 0;
  for (let colon = line.indexOf(':'); colon >= 0; colon = line.indexOf(':', from)) {
    const key = keyBefore(line, from, colon);
    from = colon + 1;
    if (key === undefined) continue;
    const { value, end } = valueAfter(line, colon + 1);
    pairs.push([key, value]);
    from = end;
  }
  return pairs;
}

const isKeyCharacter = (character: string) => /[\p{L}\p{N}_ \-/]/u.test(character);

function keyBefore(line: string, from: number, colon: number): string | undefined {
  let start = colon;
  while (start > from && isKeyCharacter(line[start - 1]!)) start--;
  const run = line.slice(start, colon);
  const key = run.slice(run.search(/[\p{L}\p{N}_]/u));
  return key.length >= 2 && /^[\p{L}\p{N}_]/u.test(key) ? key : undefined;
}

/** The value behind a colon and where the next pair begins. */
function valueAfter(line: string, afterColon: number): { value: string; end: number } {
  let start = afterColon;
  while (/\s/.test(line[start] ?? '')) start++;
  if (line[start] === '"') {
    let close = start + 1;
    while (close < line.length && line[close] !== '"') close += line[close] === '\\' ? 2 : 1;
    const end = close + 1;
    if (line[close] === '"' && close > start + 1 && (end === line.length || line[end] === ',')) {
      return { value: unquote(line.slice(start, end)), end: end + 1 };
    }
  }
  const comma = line.indexOf(',', start);
  const end = comma < 0 ? line.length : comma;
  return { value: line.slice(start, end), end: end + 1 };
}

function unquote(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}
