import { AttuneError } from '../../base/errors.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Reads parts of a tokenizer.json; what does not fit is an AttuneError 'checkpoint-malformed' that names file and part. */
export class PartReader {
  readonly #file: string;
  readonly #part: string;
  readonly value: Json;

  constructor(value: unknown, part: string, file: string) {
    this.#file = file;
    this.#part = part;
    if (!isObject(value)) throw this.fault('is no object');
    this.value = value;
  }

  fault(what: string): AttuneError {
    return new AttuneError('checkpoint-malformed', `${this.#file}, ${this.#part}, ${what}. Download it again.`, {
      file: this.#file,
    });
  }

  /** For a form that is sound and unknown here. */
  unsupported(what: string): AttuneError {
    return new AttuneError('checkpoint-unsupported', `${this.#file}, ${this.#part}, ${what}.`, { file: this.#file });
  }

  part(key: string): PartReader {
    return new PartReader(this.value[key], `${this.#part}.${key}`, this.#file);
  }

  items(key: string, most: number): readonly PartReader[] {
    return this.list(key, most).map(
      (item, index) => new PartReader(item, `${this.#part}.${key}[${index}]`, this.#file),
    );
  }

  list(key: string, most: number): readonly unknown[] {
    const value = this.value[key];
    if (!Array.isArray(value)) throw this.fault(`has no list "${key}"`);
    if (value.length > most) throw this.fault(`has ${value.length} entries in "${key}", more than ${most}`);
    return value;
  }

  text(key: string, limits: { readonly min?: number; readonly max: number }): string {
    const value = this.value[key];
    const { min = 1, max } = limits;
    if (typeof value === 'string' && value.length >= min && value.length <= max && value.isWellFormed()) return value;
    throw this.fault(`has no text of ${min} to ${max} characters in "${key}"`);
  }

  optionalText(key: string, limits: { readonly min?: number; readonly max: number }): string | null {
    return this.value[key] === undefined || this.value[key] === null ? null : this.text(key, limits);
  }

  character(key: string): string {
    const value = this.text(key, { max: 2 });
    if ([...value].length !== 1) throw this.fault(`has more than one character in "${key}"`);
    return value;
  }

  flag(key: string, otherwise?: boolean): boolean {
    const value = this.value[key] ?? otherwise;
    if (typeof value === 'boolean') return value;
    throw this.fault(`has neither true nor false in "${key}"`);
  }

  choice<Choice extends string>(key: string, choices: readonly Choice[], otherwise?: Choice): Choice {
    const value = this.value[key] ?? otherwise;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw this.fault(`has none of ${choices.join(', ')} in "${key}"`);
    return found;
  }

  integer(key: string, min: number, max: number): number {
    const value = this.value[key];
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw this.fault(`has no whole number from ${min} to ${max} in "${key}"`);
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Ids are 32 bits wide, and no embedding has more rows than this. */
export const MAX_ID = 2 ** 31 - 1;
