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

const FORMATS: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => String(date.getFullYear()),
  m: (date) => two(date.getMonth() + 1),
  d: (date) => two(date.getDate()),
  H: (date) => two(date.getHours()),
  M: (date) => two(date.getMinutes()),
  S: (date) => two(date.getSeconds()),
};

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
  datetime: ({ date }, format = '%Y%m%d%H%M%S') =>
    format.replace(/%([YmdHMS])/g, (_all, letter: string) => FORMATS[letter]?.(date) ?? ''),
  prompt: ({ prompt }) => prompt,
  prompt_words: ({ prompt }) => (prompt.match(/[\p{L}\p{N}\p{M}'’-]+/gu) ?? []).slice(0, PROMPT_WORDS).join(' '),
  batch_number: ({ index = 1 }) => String(index),
  generation_number: ({ index = 1 }) => String(index),
  none: () => '',
};

/** A file name without its ending, sound on every platform. A token that is not known stays as it is written. */
export function fileNameFrom(pattern: string, facts: NameFacts): string {
  const name = pattern.replace(/\[([a-z_]+)(?:<([^>\]]*)>)?\]/gi, (all, token: string, format?: string) => {
    const key = token.toLowerCase();
    return Object.hasOwn(TOKENS, key) ? (TOKENS[key]?.(facts, format) ?? all) : all;
  });
  return safeName(name) || safeName(`${dateOf(facts.date)}-${facts.seed}`);
}

/** Windows refuses these with any ending. */
const DEVICES = /^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])(\.|$)/i;

/** The text as a file name without its ending: at most 120 bytes, nothing that a platform refuses; empty where nothing is left. */
export function safeName(text: string): string {
  const cleaned = text
    .toWellFormed()
    .replace(/[/\\]/g, '-')
    .replace(/[:*?"<>|\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, '')
    .replace(/^[. ]+/u, '');
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

/** `name`, or with the first free number behind it: `name-2`. Letter case does not tell files apart. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name;
  for (let count = 2; ; count++) if (!isTaken(`${name}-${count}`)) return `${name}-${count}`;
}
