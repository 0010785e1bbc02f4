/**
 * Whether a regular expression takes time linear in what it splits, whatever that is: native code runs it with backtracking and without a
 * bound. Allowed are alternatives in which all that follows the first unbounded repetition may be absent, so that nothing is tried
 * twice, and the few of published tokenizers that are linear by what stands beside them.
 */
export function isLinearPattern(pattern: string): boolean {
  if (pattern.length > 4000) return false;
  const alternatives = splitAlternatives(pattern);
  return (
    alternatives.length <= 64 &&
    alternatives.every((alternative) => {
      const beside = PUBLISHED.get(alternative);
      if (beside !== undefined) return alternatives.includes(beside);
      return new PatternReader(alternative).isLinear();
    })
  );
}

const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const NO_WORD = '[^\\r\\n\\p{L}\\p{N}]?';
const SUFFIX = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";

/** Alternatives of Llama, Qwen, Mistral and GPT-4o that look back, and the one that takes up what they leave. */
const PUBLISHED: ReadonlyMap<string, string> = new Map([
  ['\\s+(?!\\S)', '\\s+'],
  ['\\s*[\\r\\n]+', '\\s+'],
  ['\\s*[\\r\\n]', '\\s+'],
  [`${NO_WORD}${UPPER}*${LOWER}+`, `${NO_WORD}${UPPER}+${LOWER}*`],
  [`${NO_WORD}${UPPER}*${LOWER}+${SUFFIX}`, `${NO_WORD}${UPPER}+${LOWER}*${SUFFIX}`],
]);

/** Ways to repeat the bounded parts of an alternative. */
const MOST_WAYS = 1000;

class PatternReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Also false for what is not understood, and for what may match nothing. */
  isLinear(): boolean {
    let least = 0;
    let ways = 1;
    let isOpen = false;
    while (this.#at < this.#text.length) {
      const atom = this.#atom();
      const repeat = this.#repeat();
      if (atom === undefined || repeat === undefined) return false;
      if (isOpen && repeat.least > 0) return false;
      if (atom === 'group' && repeat.most > 1) return false;
      if (repeat.most === Number.POSITIVE_INFINITY) isOpen = true;
      else ways *= repeat.most - repeat.least + 1;
      least += repeat.least;
      if (ways > MOST_WAYS) return false;
    }
    return least > 0;
  }

  /** Reads one character, class or group of bounded alternatives. */
  #atom(): 'character' | 'group' | undefined {
    const text = this.#text;
    const at = this.#at;
    const character = text[at] ?? '';
    if (character === '(') return this.#group();
    if (character === '[') {
      const end = classEnd(text, at);
      if (end === undefined) return undefined;
      this.#at = end;
      return 'character';
    }
    if (character === '\\') {
      const escaped = /^\\(?:[pP]\{\^?[A-Za-z_ ]{1,40}\}|[sSdDwWrntfv]|[^\p{L}\p{N}])/u.exec(text.slice(at, at + 50));
      if (escaped === null) return undefined;
      this.#at += escaped[0].length;
      return 'character';
    }
    if (')|*+?{}^$'.includes(character)) return undefined;
    this.#at += String.fromCodePoint(text.codePointAt(at) ?? 0).length;
    return 'character';
  }

  #group(): 'group' | undefined {
    const start = /^\((?:\?(?:i)?:)?/.exec(this.#text.slice(this.#at, this.#at + 5))?.[0] ?? '';
    if (start === '(' && this.#text[this.#at + 1] === '?') return undefined;
    const end = groupEnd(this.#text, this.#at);
    if (end === undefined) return undefined;
    const alternatives = splitAlternatives(this.#text.slice(this.#at + start.length, end));
    // Words of plain characters: nothing in them repeats.
    if (!alternatives.every((word) => /^(?:[^\\()[\]{}*+?|^$.]|\[[^\\[\]]{1,40}\]){1,40}$/u.test(word)))
      return undefined;
    this.#at = end + 1;
    return 'group';
  }

  #repeat(): { readonly least: number; readonly most: number } | undefined {
    const match = /^(?:[?*+]|\{(\d{1,3})(,?)(\d{0,3})\})/.exec(this.#text.slice(this.#at, this.#at + 10));
    if (match === null) return { least: 1, most: 1 };
    const [all, least = '0', comma, most = ''] = match;
    this.#at += all.length;
    // A second sign makes it lazy or possessive.
    if (/^[?*+{]/.test(this.#text.slice(this.#at, this.#at + 1))) return undefined;
    if (all === '?') return { least: 0, most: 1 };
    if (all === '*') return { least: 0, most: Number.POSITIVE_INFINITY };
    if (all === '+') return { least: 1, most: Number.POSITIVE_INFINITY };
    if (comma === '') return { least: Number(least), most: Number(least) };
    return { least: Number(least), most: most === '' ? Number.POSITIVE_INFINITY : Number(most) };
  }
}

/** Parts between the bars outside of brackets. */
function splitAlternatives(pattern: string): readonly string[] {
  const found: string[] = [];
  let start = 0;
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === '\\') at++;
    else if (character === '[') at = (classEnd(pattern, at) ?? pattern.length) - 1;
    else if (character === '(') depth++;
    else if (character === ')') depth--;
    else if (character === '|' && depth === 0) {
      found.push(pattern.slice(start, at));
      start = at + 1;
    }
  }
  return [...found, pattern.slice(start)];
}

/** Behind the class that begins at `from`; undefined for one with classes inside, or that does not close. */
function classEnd(text: string, from: number): number | undefined {
  let at = from + 1;
  if (text[at] === '^') at++;
  for (const first = at; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '[' || (text[at] === '&' && text[at + 1] === '&')) return undefined;
    else if (text[at] === ']' && at > first) return at + 1;
  }
  return undefined;
}

/** Where the group that begins at `from` closes; undefined for one with groups inside. */
function groupEnd(text: string, from: number): number | undefined {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '(') return undefined;
    else if (text[at] === ')') return at;
  }
  return undefined;
}
