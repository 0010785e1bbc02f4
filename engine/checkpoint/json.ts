import { malformed, quote } from './refusal.ts';

/** JSON as read from a file. Objects are Maps, so that a key named `__proto__` is a key like any other. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

export interface JsonRules {
  /** How many objects and arrays may stand inside one another. */
  readonly maxDepth: number;
  /** How many members one object or array may have. */
  readonly maxMembers: number;
  /** How many characters a key may have; 1,024 without it. */
  readonly maxKeyLength?: number;
  /** Only numbers written as plain digits, up to 2^53 - 1: no sign, fraction or exponent. */
  readonly plainIntegers?: boolean;
  /** The outermost key is a tensor name, the next one its field (a safetensors header). */
  readonly keysAreTensors?: boolean;
}

/**
 * Parses JSON without trusting it: nesting and member counts are bounded while reading (30 MB of `[` takes V8's own
 * parser 10 s to refuse), duplicate keys and lone surrogates are refused (JSON.parse keeps the last key and says
 * nothing), numbers must be finite.
 * Throws 'checkpoint-malformed' naming `file` and the place (`field`, and `tensor` in a header).
 */
export function parseJson(text: string, file: string, rules: JsonRules): JsonValue {
  return new Parser(text, file, rules).document();
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LITERALS: readonly (readonly [string, null | boolean])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
];
/** What makes a string more than its own characters: escapes, raw control characters, surrogates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: raw control characters are what JSON forbids in strings.
const SPECIAL = /[\\\u0000-\u001f\ud800-\udfff]/;
const SPACE = /[ \n\r\t]*/y;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DIGIT_0 = 0x30;

class Parser {
  private readonly text: string;
  private readonly file: string;
  private readonly rules: JsonRules;
  private at = 0;
  private readonly path: string[] = [];
  private depth = 0;

  constructor(text: string, file: string, rules: JsonRules) {
    this.text = text;
    this.file = file;
    this.rules = rules;
  }

  document(): JsonValue {
    const value = this.value();
    this.space();
    if (this.at < this.text.length) throw this.fault('more text follows the end of the JSON value');
    return value;
  }

  private value(): JsonValue {
    this.space();
    const start = this.text[this.at];
    if (start === '"') return this.string();
    if (start === '{' || start === '[') {
      this.depth += 1;
      if (this.depth > this.rules.maxDepth)
        throw this.fault(`values are nested deeper than ${this.rules.maxDepth} levels`);
      this.at += 1;
      const value = start === '{' ? this.object() : this.array();
      this.depth -= 1;
      return value;
    }
    if (start === undefined) throw this.fault('the JSON ends in the middle');
    for (const [word, value] of LITERALS) {
      if (start !== word[0] || !this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return value;
    }
    return this.rules.plainIntegers ? this.plainInteger() : this.number();
  }

  private object(): JsonObject {
    const members = new Map<string, JsonValue>();
    if (this.takes('}')) return members;
    do {
      this.space();
      if (this.text.charCodeAt(this.at) !== QUOTE) throw this.fault('a key in double quotes is expected');
      const key = this.key();
      this.path.push(key);
      if (members.has(key)) throw this.fault('the same key stands twice in one object');
      if (members.size >= this.rules.maxMembers)
        throw this.fault(`an object has more than ${this.rules.maxMembers} members`);
      if (!this.takes(':')) throw this.fault('a ":" is expected after the key');
      members.set(key, this.value());
      this.path.pop();
    } while (this.takes(','));
    if (!this.takes('}')) throw this.fault('a "," or "}" is expected');
    return members;
  }

  private array(): readonly JsonValue[] {
    const items: JsonValue[] = [];
    if (this.takes(']')) return items;
    do {
      if (items.length >= this.rules.maxMembers)
        throw this.fault(`an array has more than ${this.rules.maxMembers} members`);
      items.push(this.value());
    } while (this.takes(','));
    if (!this.takes(']')) throw this.fault('a "," or "]" is expected');
    return items;
  }

  private number(): number {
    NUMBER.lastIndex = this.at;
    const digits = NUMBER.exec(this.text)?.[0];
    if (digits === undefined) throw this.fault('a value is expected');
    this.at += digits.length;
    const value = Number(digits);
    if (!Number.isFinite(value)) throw this.fault('a number is too large');
    return value;
  }

  private plainInteger(): number {
    const start = this.at;
    let value = 0;
    for (;;) {
      const digit = this.text.charCodeAt(this.at) - DIGIT_0;
      // JSON has no leading zeros: after a first 0 the number is over.
      if (!(digit >= 0 && digit <= 9) || (value === 0 && this.at > start)) break;
      value = value * 10 + digit;
      if (value > Number.MAX_SAFE_INTEGER) throw this.fault('a whole number is above 2^53');
      this.at += 1;
    }
    if (this.at === start) throw this.fault('a plain whole number is expected');
    return value;
  }

  private string(): string;
  private string(maxRawLength: number): string | undefined;
  private string(maxRawLength = Number.POSITIVE_INFINITY): string | undefined {
    const start = this.at;
    let end = this.text.indexOf('"', start + 1);
    while (end !== -1 && this.isEscaped(end)) end = this.text.indexOf('"', end + 1);
    if (end === -1) throw this.fault('a string has no end');
    this.at = end + 1;
    if (end - start > maxRawLength) return undefined;
    const raw = this.text.slice(start + 1, end);
    if (!SPECIAL.test(raw)) return raw;
    const read = this.unescaped(raw);
    if (!read.isWellFormed()) throw this.fault('a string holds half a surrogate pair');
    return read;
  }

  private key(): string {
    const { maxKeyLength = 1_024 } = this.rules;
    const start = this.at;
    const key = this.string(6 * maxKeyLength);
    if (key !== undefined && key.length <= maxKeyLength) return key;
    this.path.push(this.text.slice(start + 1, start + 1 + maxKeyLength));
    throw this.fault(`a name is longer than ${maxKeyLength} characters`);
  }

  private isEscaped(quoteAt: number): boolean {
    let first = quoteAt;
    while (this.text.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    return (quoteAt - first) % 2 === 1;
  }

  private unescaped(raw: string): string {
    try {
      return String(JSON.parse(`"${raw}"`));
    } catch {
      throw this.fault('a string holds an unknown escape or a raw control character');
    }
  }

  private takes(sign: string): boolean {
    this.space();
    if (this.text[this.at] !== sign) return false;
    this.at += 1;
    return true;
  }

  private space(): void {
    if (this.text.charCodeAt(this.at) > 0x20) return;
    SPACE.lastIndex = this.at;
    this.at += SPACE.exec(this.text)?.[0].length ?? 0;
  }

  private fault(what: string): Error {
    const [first, second] = this.path;
    const inHeader = this.rules.keysAreTensors === true;
    const field = inHeader ? second : this.path.join('.');
    const where = {
      ...(inHeader && first !== undefined ? { tensor: first } : {}),
      ...(field === undefined || field === '' ? {} : { field }),
    };
    const place = this.path.length > 0 ? ` at ${this.path.map(quote).join(' > ')}` : '';
    return malformed(this.file, `The JSON is broken${place} (character ${this.at}): ${what}`, where);
  }
}
