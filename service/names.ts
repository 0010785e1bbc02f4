/** Names of exported files from a pattern of A1111's bracket tokens. */

/** What a name can say of a result. */
export interface NameFacts {
  readonly seed: number;
  readonly steps: number;
  readonly guidance: number;
  readonly width: number;
  readonly height: number;
  /** The name other tools know. */
  readonly sampler: string;
  readonly checkpoint: string;
  readonly method: string;
  readonly prompt: string;
  /** When it was made, local time. */
  readonly date: Date;
  /** Counts from 1 within a batch. */
  readonly index?: number;
}

export const DEFAULT_PATTERN = '[date]-[seed]';

/** Longest name without its ending. */
const MAX_BYTES = 120;
const PROMPT_WORDS = 8;

const two = (value: number) => String(value).padStart(2, '0');
const dateOf = (date: Date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

const FORMATS = new Map<string, (date: Date) => string>([
  ['Y', (date) => String(date.getFullYear())],
  ['m', (date) => two(date.getMonth() + 1)],
  ['d', (date) => two(date.getDate())],
  ['H', (date) => two(date.getHours())],
  ['M', (date) => two(date.getMinutes())],
  ['S', (date) => two(date.getSeconds())],
]);

/** Form of `[datetime]` where the pattern gives none. */
export const DATE_TIME = '%Y%m%d%H%M%S';

const TOKENS: Readonly<Record<string, (facts: NameFacts, format: string | undefined) => string>> = {
  seed: ({ seed }) => String(seed),
  steps: ({ steps }) => String(steps),
  cfg: ({ guidance }) => String(guidance),
  width: ({ width }) => String(width),
  height: ({ height }) => String(height),
  sampler: ({ sampler }) => sampler,
  model_name: ({ checkpoint }) => checkpoint,
  method: ({ method }) => method,
  date: ({ date }) => dateOf(date),
  datetime: ({ date }, format = DATE_TIME) => dateText(date, format),
  prompt: ({ prompt }) => prompt,
  prompt_words: ({ prompt }) => promptWords(prompt),
  batch_number: ({ index = 1 }) => String(index),
  generation_number: ({ index = 1 }) => String(index),
  none: () => '',
};

/** A file name without its ending, sound on every platform. A token that is not known stays as it is written. */
export function fileNameFrom(pattern: string, facts: NameFacts): string {
  const name = fillPattern(pattern, (token, format) =>
    Object.hasOwn(TOKENS, token) ? TOKENS[token]?.(facts, format) : undefined,
  );
  return safeName(name) || safeName(`${dateOf(facts.date)}-${facts.seed}`);
}

/** The pattern with its tokens replaced; one of which nothing is known stays as it is written. */
export function fillPattern(
  pattern: string,
  read: (token: string, format: string | undefined) => string | undefined,
): string {
  return pattern.replace(
    /\[([a-z_]+)(?:<([^>\]]*)>)?\]/gi,
    (all, token: string, format?: string) => read(token.toLowerCase(), format) ?? all,
  );
}

/** The first words of a prompt, without its marks. */
export const promptWords = (prompt: string): string =>
  (prompt.match(/[\p{L}\p{N}\p{M}'’-]+/gu) ?? []).slice(0, PROMPT_WORDS).join(' ');

/** `%Y%m%d%H%M%S` and its parts. */
export const dateText = (date: Date, format: string): string =>
  format.replace(/%([YmdHMS])/g, (_all, letter: string) => FORMATS.get(letter)?.(date) ?? '');

/** Windows refuses these with any ending. */
const DEVICES = /^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])(\.|$)/i;

/** The text as a file name without its ending: at most 120 bytes, nothing that a platform refuses; empty where nothing is left. */
export function safeName(text: string): string {
  const cleaned = text
    .toWellFormed()
    .replace(/[/\\]/g, '-')
    .replace(/[:*?"<>|\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, '')
    .replace(/^[-. ]+/u, '');
  const ended = cut(cleaned).replace(/[. ]+$/u, '');
  return DEVICES.test(ended) ? `_${ended}` : ended;
}

function cut(text: string): string {
  let kept = '';
  let bytes = 0;
  for (const character of text) {
    bytes += new TextEncoder().encode(character).length;
    if (bytes > MAX_BYTES) break;
    kept += character;
  }
  return kept;
}
