import { createHash } from 'node:crypto';
import type { AttuneError } from '../../../engine/index.ts';
import { checkLine, linesOf, type WordLists } from './lists.ts';
import { MAX_DEPTH, type Option, type Part, parseWords, refuse } from './parse.ts';

/**
 * Choices in prompts, in the forms of Dynamic Prompts: `{a|b|c}` one of them, `{2$$a|b|c}` two (`{1-2$$ and $$a|b}` one or two, joined by
 * " and "), `{3::a|b}` a more often, `__name__` a line of a list, `${name=value}` and `${name}`. What is chosen follows from the seed and
 * from the choice's own text, so the same seed gives the same words, and a choice that stands in both prompts of an edit falls alike in both.
 */
export interface WordSource {
  readonly seed: number;
  readonly wildcards: WordLists;
}

const MAX_LENGTH = 20_000;
const MAX_PICKS = 5_000;

type Choice = Extract<Part, { readonly kind: 'choice' }>;
type List = Extract<Part, { readonly kind: 'list' }>;
type Variables = ReadonlyMap<string, readonly Part[]>;

/** The prompt with every choice made. Throws 'request-invalid' with what is wrong with it. */
export function chooseWords(prompt: string, source: WordSource): string {
  if (!/[{_]/.test(prompt)) return prompt;
  const words = new Chooser(source).text(parseWords(prompt), 0, new Map());
  if (words.length > MAX_LENGTH) throw tooLong();
  return words;
}

class Chooser {
  readonly #source: WordSource;
  /** How often each choice stood before. */
  readonly #seen = new Map<string, number>();
  #picks = 0;
  #written = 0;

  constructor(source: WordSource) {
    this.#source = source;
  }

  text(parts: readonly Part[], depth: number, given: Variables): string {
    if (depth > MAX_DEPTH)
      throw refuse(`nests choices more than ${MAX_DEPTH} deep, or a list or a variable names itself`);
    let variables = given;
    let text = '';
    for (const part of parts) {
      if (part.kind === 'set') {
        this.#count();
        const value = part.isOnce ? plain(this.text(part.parts, depth + 1, variables)) : part.parts;
        variables = new Map([...variables, [part.name, value]]);
      } else text += this.#part(part, depth, variables);
      // Also counts what was chosen for a variable that is never used.
      if (this.#written > 10 * MAX_LENGTH) throw tooLong();
    }
    return text;
  }

  #part(part: Exclude<Part, { readonly kind: 'set' }>, depth: number, variables: Variables): string {
    switch (part.kind) {
      case 'text':
        this.#written += part.text.length;
        return part.text;
      case 'braces':
        return `{${this.text(part.parts, depth + 1, variables)}}`;
      case 'choice':
        return this.#choice(part, depth, variables);
      case 'list':
        return this.#list(part, depth, variables);
      case 'use': {
        this.#count();
        const value = variables.get(part.name) ?? part.otherwise;
        if (value !== undefined) return this.text(value, depth + 1, variables);
        throw refuse(`uses the variable \${${part.name}}, which is not set; write \${${part.name}=...} before it`);
      }
    }
  }

  #choice(choice: Choice, depth: number, variables: Variables): string {
    const { source, options, least, joint } = choice;
    const list = onlyList(choice);
    const lines = list && this.#linesOf(list, depth, variables);
    const size = lines?.lines.length ?? options.length;
    const most = Math.max(least, choice.most ?? size);
    const salt = this.#occurrence(source) * 1000;
    const count = least + (most > least ? this.#number(source, salt + 999) % (most - least + 1) : 0);
    const numberAt = (pick: number) => this.#number(source, salt + pick);
    const picked =
      lines === undefined
        ? pickOptions(options, count, numberAt).map(({ parts }) => this.text(parts, depth + 1, variables))
        : pickPlaces(size, count, numberAt).map((at) => this.#lineAt(lines, at, depth, variables));
    if (picked.length === 0 && count > 0) throw refuse(`has a choice whose weights are all 0: {${source}}`);
    return picked.join(joint);
  }

  #list(list: List, depth: number, given: Variables): string {
    const found = this.#linesOf(list, depth, given);
    const key = `__${found.name}__`;
    const at = this.#number(key, this.#occurrence(key)) % found.lines.length;
    return this.#lineAt(
      found,
      at,
      depth,
      new Map([...given, ...list.values.map(([name, value]) => [name, plain(value)] as const)]),
    );
  }

  #linesOf(
    list: List,
    depth: number,
    variables: Variables,
  ): { readonly name: string; readonly lines: readonly string[] } {
    const name = this.text(list.name, depth + 1, variables);
    return { name, lines: linesOf(name, this.#source.wildcards) };
  }

  #lineAt(
    { name, lines }: { readonly name: string; readonly lines: readonly string[] },
    at: number,
    depth: number,
    variables: Variables,
  ): string {
    return this.text(parseWords(checkLine(lines[at] ?? '', name)), depth + 1, variables);
  }

  #count(): void {
    if (++this.#picks > MAX_PICKS) throw refuse(`has more than ${MAX_PICKS} choices`);
  }

  #number(choice: string, salt: number): number {
    this.#count();
    return createHash('sha256').update(`${this.#source.seed}:${salt}:${choice}`).digest().readUInt32BE(0);
  }

  #occurrence(choice: string): number {
    const count = this.#seen.get(choice) ?? 0;
    this.#seen.set(choice, count + 1);
    return count;
  }
}

const plain = (text: string): readonly Part[] => [{ kind: 'text', text }];

/** The list of a choice that has nothing else in it: several of it are several of its lines. */
function onlyList({ options: [only, ...others], least, most }: Choice): List | undefined {
  if (only === undefined || others.length > 0 || (least === 1 && most === 1)) return undefined;
  const [list, ...more] = only.parts.filter((part) => part.kind !== 'text' || part.text.trim() !== '');
  return list?.kind === 'list' && more.length === 0 ? list : undefined;
}

/** Options without putting them back, by their weights where one is written. */
function pickOptions(options: readonly Option[], count: number, numberAt: (pick: number) => number): readonly Option[] {
  const isWeighted = options.some(({ weight }) => weight !== undefined);
  const left = isWeighted ? options.filter(({ weight }) => weight !== 0) : [...options];
  const picked: Option[] = [];
  while (picked.length < count && left.length > 0) {
    const number = numberAt(picked.length);
    const at = isWeighted ? weighted(left, number / 2 ** 32) : number % left.length;
    picked.push(...left.splice(at, 1));
  }
  return picked;
}

/** @param share 0..1 */
function weighted(options: readonly Option[], share: number): number {
  const total = options.reduce((sum, { weight = 1 }) => sum + weight, 0);
  let behind = share * total;
  const at = options.findIndex(({ weight = 1 }) => {
    behind -= weight;
    return behind < 0;
  });
  return at === -1 ? options.length - 1 : at;
}

/** `count` different numbers below `size`, without a copy of what may be a long list. */
function pickPlaces(size: number, count: number, numberAt: (pick: number) => number): readonly number[] {
  const moved = new Map<number, number>();
  return Array.from({ length: Math.min(size, count) }, (_, pick) => {
    const at = numberAt(pick) % (size - pick);
    const last = size - pick - 1;
    const place = moved.get(at) ?? at;
    moved.set(at, moved.get(last) ?? last);
    return place;
  });
}

function tooLong(): AttuneError {
  return refuse(`has more than ${MAX_LENGTH} characters once its choices are made`);
}
