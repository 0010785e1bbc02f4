import type { EditRecord } from '../../../contract/index.ts';
import { LIMITS } from './limits.ts';

/**
 * The `parameters` text that AUTOMATIC1111's web interface made the common tongue of image generators. Rules of its reader
 * (modules/infotext_utils.py): the last line counts as settings only with three or more `key: value` pairs; others write more lines or
 * fewer settings, see `readCommonParameters`. ComfyUI's importer does
 * nothing unless a line starts with `Negative prompt:` and the next setting line with `Steps:`, so both are always written.
 */
export interface CommonParameters {
  readonly prompt: string;
  readonly negative: string;
  /** Settings of the last line in their order; `Size: 4x6` is split into `Size-1` and `Size-2`, as A1111 does. */
  readonly settings: ReadonlyMap<string, string>;
  /** Lines behind the settings that are none; templates of dynamic prompts, of which the prompt came, do not count. */
  readonly unread: readonly string[];
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

/** Keys of the web interface itself: a line with one of them is no line of a prompt. */
const KNOWN_KEYS =
  /^(?:steps|sampler|schedule type|cfg scale|distilled cfg scale|guidance|seed|size|model|model hash|vae|clip skip|denoising strength|version|app|hires upscale|hires steps)$/i;
/** How the settings begin, whoever writes them. Some say before it that these are parameters. */
const STEPS = /^\s{0,9}(?:parameters:\s{0,9})?steps:\s{0,9}\d{1,6}\s{0,9}(?:,|$)/i;
/** Of texts that lost their line ends: the same behind a space. */
const STEPS_INSIDE = /\s(?:parameters:\s{0,9})?steps:\s{0,9}\d{1,6}\s{0,9},/gi;
/** The dynamic prompts extension adds what its prompts came from, as lines behind the settings. */
const TEMPLATE = /^\s{0,9}(?:negative )?template:/i;

/**
 * The settings are the last line that begins with `Steps:`, with the lines behind it that go on with them; where no line begins so, the
 * last line if it holds three settings and one of them is known. What stands behind the settings is neither prompt nor setting.
 */
export function readCommonParameters(text: string): CommonParameters {
  const lines = text.slice(0, LIMITS.textBytes).replace(/\r\n?/g, '\n').trim().split('\n');
  const first = lines.findLastIndex((line) => STEPS.test(line));
  if (first >= 0) return parametersOf(lines, first, settingsEnd(lines, first));
  const last = lines.at(-1) ?? '';
  const cut = [...last.matchAll(STEPS_INSIDE)].at(-1)?.index;
  if (cut !== undefined && isSettings(last.slice(cut + 1)))
    return parametersOf([...splitNegative([...lines.slice(0, -1), last.slice(0, cut)]), last.slice(cut + 1)]);
  return isSettings(last) ? parametersOf(lines) : parametersOf(lines, lines.length);
}

function isSettings(line: string): boolean {
  const pairs = settingPairs(line);
  return pairs.length >= 3 && pairs.some(([key]) => KNOWN_KEYS.test(key));
}

/** Where line ends are lost, the negative prompt stands in the line of the prompt. */
function splitNegative(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    const at = line.indexOf(` ${NEGATIVE}`);
    return at < 0 ? [line] : [line.slice(0, at), line.slice(at + 1)];
  });
}

/** The line behind the last one that belongs to the settings: values may hold line ends, and settings may take several lines. */
function settingsEnd(lines: readonly string[], first: number): number {
  const template = lines.findIndex((line, index) => index > first && TEMPLATE.test(line));
  const limit = template < 0 ? lines.length : template;
  let end = first + 1;
  let quotes = quotesOf(lines[first]!);
  for (let at = first + 1; at < limit; at++) {
    const isInside = quotes % 2 === 1;
    quotes += quotesOf(lines[at]!);
    const goesOn = isInside && quotes % 2 === 0;
    if (goesOn || settingPairs(lines[at]!).some(([key]) => KNOWN_KEYS.test(key))) end = at + 1;
  }
  return end;
}

function quotesOf(line: string): number {
  let quotes = 0;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '\\') at++;
    else if (line[at] === '"') quotes++;
  }
  return quotes;
}

function parametersOf(lines: readonly string[], first = lines.length - 1, end = lines.length): CommonParameters {
  const trimmed = lines.slice(0, first).map((line) => line.trim());
  const start = trimmed.findIndex((line) => line.startsWith(NEGATIVE));
  const negativeLines = start < 0 ? [] : trimmed.slice(start);
  const settings = lines
    .slice(first, end)
    .join('\n')
    .trim()
    .replace(/^parameters:\s{0,9}(?=steps:)/i, '');
  const behind = lines.slice(end);
  const template = behind.findIndex((line) => TEMPLATE.test(line));
  return {
    prompt: joined(start < 0 ? trimmed : trimmed.slice(0, start)),
    negative: joined(
      negativeLines.map((line) => (line.startsWith(NEGATIVE) ? line.slice(NEGATIVE.length).trim() : line)),
    ),
    settings: new Map(settingPairs(settings).flatMap(splitSize)),
    unread: behind.slice(0, template < 0 ? behind.length : template).filter((line) => line.trim() !== ''),
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
    // Line ends inside quotes are no JSON, and yet written.
    const value: unknown = JSON.parse(text.replaceAll('\n', '\\n'));
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}
