import { readText } from './files.ts';
import { isObject, type JsonObject, type JsonValue, parseJson } from './json.ts';
import { malformed, quote, refusal } from './refusal.ts';

/** Bounds that a value must keep, both included. Without them: whole numbers 0..1,000,000, other numbers -1e9..1e9. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** Bounds of each item, and how many items there may be (without them 0..4,096). */
export interface ListBounds extends Bounds {
  readonly minLength?: number;
  readonly maxLength?: number;
}

const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
const MAX_LIST = 4_096;
const WHOLE: Required<Bounds> = { min: 0, max: 1_000_000 };
const REAL: Required<Bounds> = { min: -1e9, max: 1e9 };

/**
 * Reads a JSON object file. Throws 'checkpoint-incomplete' when there is none, 'checkpoint-malformed' when it is not
 * JSON or not an object.
 */
export function readConfig(file: string): Config {
  return parseConfig(readText(file, MAX_CONFIG_BYTES), file);
}

/** Parses the text of a config; `file` is its path, for errors. Throws 'checkpoint-malformed'. */
export function parseConfig(text: string, file: string): Config {
  const json = parseJson(text, file, { maxDepth: 16, maxMembers: 65_536 });
  if (!isObject(json)) throw malformed(file, 'The config is not an object');
  return new Config(json, file);
}

/**
 * Typed access to the fields of one config file. A field that is absent or null is the same thing here: a required
 * reader throws 'checkpoint-incomplete', an optional one gives `undefined` (so that `config.optionalInteger('x') ??
 * classDefault` says what the reference does). A value of the wrong type or out of bounds throws 'checkpoint-
 * malformed'; both name file and field.
 */
export class Config {
  /** Path of the file. */
  readonly file: string;
  private readonly members: JsonObject;
  /** Path of this object inside the file, with a dot after it; empty at the top. */
  private readonly prefix: string;

  constructor(members: JsonObject, file: string, prefix = '') {
    this.members = members;
    this.file = file;
    this.prefix = prefix;
  }

  /** Names of the fields, in the order of the file. */
  get fields(): readonly string[] {
    return [...this.members.keys()];
  }

  /** Whether the field is there and not null. */
  has(field: string): boolean {
    return this.raw(field) !== undefined;
  }

  /** The value as read, `undefined` when absent or null. */
  raw(field: string): Exclude<JsonValue, null> | undefined {
    return this.members.get(field) ?? undefined;
  }

  /** `_class_name` (diffusers), else the first of `architectures` (transformers); `undefined` when neither is there. */
  get className(): string | undefined {
    return this.optionalString('_class_name') ?? this.optionalStringArray('architectures')?.[0];
  }

  integer(field: string, bounds: Bounds = {}): number {
    return this.required(field, this.optionalInteger(field, bounds));
  }

  optionalInteger(field: string, bounds: Bounds = {}): number | undefined {
    return this.optional(field, (value) => this.whole(field, value, bounds));
  }

  number(field: string, bounds: Bounds = {}): number {
    return this.required(field, this.optionalNumber(field, bounds));
  }

  optionalNumber(field: string, bounds: Bounds = {}): number | undefined {
    return this.optional(field, (value) => this.real(field, value, bounds));
  }

  boolean(field: string): boolean {
    return this.required(field, this.optionalBoolean(field));
  }

  optionalBoolean(field: string): boolean | undefined {
    return this.optional(field, (value) => {
      if (typeof value !== 'boolean') throw this.wrong(field, 'true or false', value);
      return value;
    });
  }

  string(field: string): string {
    return this.required(field, this.optionalString(field));
  }

  optionalString(field: string): string | undefined {
    return this.optional(field, (value) => this.text(field, value));
  }

  /**
   * One of the listed words. A word that is not listed throws 'checkpoint-unsupported': the file is sound, we lack the
   * form.
   */
  oneOf<T extends string>(field: string, words: readonly T[]): T {
    return this.required(field, this.optionalOneOf(field, words));
  }

  optionalOneOf<T extends string>(field: string, words: readonly T[]): T | undefined {
    return this.optional(field, (value) => {
      const text = this.text(field, value);
      const word = words.find((known) => known === text);
      if (word !== undefined) return word;
      const known = words.map(quote).join(', ');
      const sentence = `The field "${this.prefix}${field}" is ${quote(text)}; Attune knows ${known}.`;
      throw refusal('checkpoint-unsupported', this.file, sentence, this.where(field));
    });
  }

  intArray(field: string, bounds: ListBounds = {}): readonly number[] {
    return this.required(field, this.optionalIntArray(field, bounds));
  }

  optionalIntArray(field: string, bounds: ListBounds = {}): readonly number[] | undefined {
    return this.list(field, bounds, (value) => this.whole(field, value, bounds));
  }

  numberArray(field: string, bounds: ListBounds = {}): readonly number[] {
    return this.required(field, this.optionalNumberArray(field, bounds));
  }

  optionalNumberArray(field: string, bounds: ListBounds = {}): readonly number[] | undefined {
    return this.list(field, bounds, (value) => this.real(field, value, bounds));
  }

  stringArray(field: string, bounds: ListBounds = {}): readonly string[] {
    return this.required(field, this.optionalStringArray(field, bounds));
  }

  optionalStringArray(field: string, bounds: ListBounds = {}): readonly string[] | undefined {
    return this.list(field, bounds, (value) => this.text(field, value));
  }

  /** A nested object, with the same readers. */
  optionalObject(field: string): Config | undefined {
    return this.optional(field, (value) => {
      if (!isObject(value)) throw this.wrong(field, 'an object', value);
      return new Config(value, this.file, `${this.prefix}${field}.`);
    });
  }

  private optional<T>(field: string, read: (value: JsonValue) => T): T | undefined {
    const value = this.raw(field);
    return value === undefined ? undefined : read(value);
  }

  private required<T>(field: string, value: T | undefined): T {
    if (value !== undefined) return value;
    const sentence = `The field "${this.prefix}${field}" is missing. Take the config.json that belongs to these weights.`;
    throw refusal('checkpoint-incomplete', this.file, sentence, this.where(field));
  }

  private list<T>(field: string, bounds: ListBounds, read: (value: JsonValue) => T): readonly T[] | undefined {
    return this.optional(field, (value) => {
      const { minLength = 0, maxLength = MAX_LIST } = bounds;
      if (!Array.isArray(value)) throw this.wrong(field, 'a list', value);
      if (value.length < minLength || value.length > maxLength)
        throw this.wrong(
          field,
          minLength === maxLength ? `a list of ${minLength}` : `a list of ${minLength} to ${maxLength}`,
          value,
        );
      return value.map(read);
    });
  }

  private whole(field: string, value: JsonValue, bounds: Bounds): number {
    const { min = WHOLE.min, max = WHOLE.max } = bounds;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max)
      throw this.wrong(field, `a whole number from ${min} to ${max}`, value);
    return value;
  }

  private real(field: string, value: JsonValue, bounds: Bounds): number {
    const { min = REAL.min, max = REAL.max } = bounds;
    if (typeof value !== 'number' || value < min || value > max)
      throw this.wrong(field, `a number from ${min} to ${max}`, value);
    return value;
  }

  private text(field: string, value: JsonValue): string {
    if (typeof value !== 'string') throw this.wrong(field, 'text', value);
    return value;
  }

  private wrong(field: string, expected: string, got: JsonValue): Error {
    return malformed(
      this.file,
      `The field "${this.prefix}${field}" is ${described(got)} where ${expected} is expected`,
      this.where(field),
    );
  }

  private where(field: string): { readonly field: string } {
    return { field: `${this.prefix}${field}` };
  }
}

function described(value: JsonValue): string {
  if (typeof value === 'string') return `the text ${quote(value)}`;
  if (isObject(value)) return 'an object';
  if (typeof value === 'object' && value !== null) return `a list of ${value.length}`;
  return String(value);
}
