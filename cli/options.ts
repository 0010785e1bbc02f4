import { parseArgs } from 'node:util';
import { didYouMean } from './suggest.ts';
import { UsageError } from './usage.ts';

/** One option of a command. `list` may be given several times. */
export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  readonly type: 'text' | 'flag' | 'list';
  /** What stands for the value in the help, e.g. `PNG`. */
  readonly value?: string;
  readonly summary: string;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly required: boolean;
  readonly summary: string;
}

/** What a command takes. */
export interface Grammar {
  readonly name: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
}

/** Values of a parsed command line, checked as they are read; every refusal is a UsageError that names the option. */
export class Values {
  readonly arguments: readonly string[];
  readonly #given: ReadonlyMap<string, readonly string[]>;

  constructor(positionals: readonly string[], given: ReadonlyMap<string, readonly string[]>) {
    this.arguments = positionals;
    this.#given = given;
  }

  has(name: string): boolean {
    return this.#given.has(name);
  }

  text(name: string): string | undefined {
    return this.#given.get(name)?.at(-1);
  }

  list(name: string): readonly string[] {
    return this.#given.get(name) ?? [];
  }

  required(name: string, why: string): string {
    const value = this.text(name);
    if (value === undefined) throw new UsageError(`--${name} is missing: ${why}.`);
    return value;
  }

  number(name: string, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = readNumber(text);
    if (value === undefined || value < min || value > max) {
      throw new UsageError(`--${name} takes a number from ${min} to ${max}, not "${text}".`);
    }
    return value;
  }

  integer(name: string, min: number, max: number): number | undefined {
    const value = this.number(name, min, max);
    if (value !== undefined && !Number.isInteger(value)) {
      throw new UsageError(`--${name} takes a whole number from ${min} to ${max}, not "${value}".`);
    }
    return value;
  }
}

/** A plain decimal number; undefined for anything else, such as an empty text or `0x10`, which `Number` would take. */
export function readNumber(text: string): number | undefined {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

export function parseCommandLine(argv: readonly string[], grammar: Grammar): Values {
  const { options } = grammar;
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(
      options.map(({ name, short, type }) => [
        name,
        { type: type === 'flag' ? 'boolean' : 'string', ...(short !== undefined && { short }) },
      ]),
    ),
  });
  const positionals: string[] = [];
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = options.find(({ name }) => name === token.name);
    if (!spec) throw new UsageError(unknownOption(token.rawName, grammar));
    const value = optionValue(spec, token.rawName, token.value, token.inlineValue === true, options);
    const earlier = given.get(spec.name);
    if (earlier && spec.type === 'text') throw new UsageError(`${token.rawName} is given twice; give it once.`);
    given.set(spec.name, [...(earlier ?? []), value]);
  }
  checkArguments(positionals, grammar);
  return new Values(positionals, given);
}

function optionValue(
  spec: OptionSpec,
  rawName: string,
  value: string | undefined,
  isInline: boolean,
  options: readonly OptionSpec[],
): string {
  if (spec.type === 'flag') {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value.`);
    return '';
  }
  // `--prompt --seed 5`, `-p -o x.png`: the next option is not meant as the value.
  const swallowed = !isInline && options.some(({ name, short }) => value === `--${name}` || value === `-${short}`);
  if (value === undefined || swallowed) {
    throw new UsageError(`${rawName} needs a value: ${rawName} ${spec.value ?? 'TEXT'}.`);
  }
  return value;
}

function unknownOption(rawName: string, { name, options }: Grammar): string {
  const hint = rawName.startsWith('--')
    ? didYouMean(
        rawName.slice(2),
        options.map((option) => option.name),
        '--',
      )
    : '';
  return `attune ${name} has no option ${rawName}.${hint || ` See "attune ${name} --help".`}`;
}

function checkArguments(positionals: readonly string[], { name, arguments: specs }: Grammar): void {
  const missing = specs[positionals.length];
  if (missing?.required)
    throw new UsageError(`${missing.name} is missing: ${missing.summary}. See "attune ${name} --help".`);
  const extra = positionals[specs.length];
  if (extra !== undefined)
    throw new UsageError(`"${extra}" is one argument too many; put texts with spaces in quotes.`);
}
