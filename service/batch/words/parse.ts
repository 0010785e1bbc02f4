import { AttuneError } from '../../../engine/index.ts';

/** A piece of a prompt as Dynamic Prompts writes it (adieyal/sd-dynamic-prompts, its page on syntax). */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  /** `{a|b}`, `{2-3$$ and $$0.5::a|b}`. `most` is absent where the range is open. */
  | {
      readonly kind: 'choice';
      /** What stands between the braces. */
      readonly source: string;
      readonly least: number;
      readonly most: number | undefined;
      readonly joint: string;
      readonly options: readonly Option[];
    }
  /** Braces around plain words are no choice; other tools use them for weights. */
  | { readonly kind: 'braces'; readonly parts: readonly Part[] }
  /** `__name__`, `__name(key=value)__`; the name may hold variables. */
  | {
      readonly kind: 'list';
      readonly name: readonly Part[];
      readonly values: readonly (readonly [string, string])[];
    }
  /** `${name=value}`; `${name=!value}` is chosen once. */
  | { readonly kind: 'set'; readonly name: string; readonly isOnce: boolean; readonly parts: readonly Part[] }
  /** `${name}`, `${name:otherwise}` */
  | { readonly kind: 'use'; readonly name: string; readonly otherwise: readonly Part[] | undefined };

export interface Option {
  /** Absent where no weight is written. */
  readonly weight: number | undefined;
  readonly parts: readonly Part[];
}

export const MAX_DEPTH = 16;
const MAX_NAME = 200;

const AMOUNT = /^(\d{1,3})?(-)?(\d{1,3})?\$\$/;
const JOINT = /^([^|{}]{0,20})\$\$/;
const WEIGHT = /^\s*(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})::/;
const VARIABLE = /^\s*([\p{L}\p{N}_-]{1,64})\s*(?:(=)(!?)|(:)|$)/u;
const VALUES = /^(.*)\(\s*([\p{L}\p{N}_-]{1,64}\s*=[^()]*)\)$/u;

/**
 * Reads a prompt with choices, in time linear in its length.
 * @throws AttuneError 'request-invalid' with what is wrong, as the end of a sentence about the prompt
 */
export function parseWords(text: string): readonly Part[] {
  return new Reader(text).parts(0, text.length, 0);
}

export function refuse(what: string): AttuneError {
  return new AttuneError('request-invalid', what);
}

class Reader {
  readonly #text: string;
  /** Where the brace at a place closes; 0 where none opens there or it does not close. */
  readonly #closes: Int32Array;

  constructor(text: string) {
    this.#text = text;
    this.#closes = closings(text);
  }

  parts(from: number, to: number, depth: number): readonly Part[] {
    if (depth > MAX_DEPTH) throw refuse(`nests choices more than ${MAX_DEPTH} deep`);
    const parts: Part[] = [];
    let plainFrom = from;
    const push = (at: number, end: number, part: Part) => {
      if (at > plainFrom) parts.push({ kind: 'text', text: this.#text.slice(plainFrom, at) });
      parts.push(part);
      plainFrom = end;
    };
    for (let at = from; at < to; at++) {
      const character = this.#text[at];
      const isVariable = character === '$' && this.#text[at + 1] === '{';
      const open = isVariable ? at + 1 : at;
      const close = character === '{' || isVariable ? (this.#closes[open] ?? 0) : 0;
      const variable = isVariable && close > 0 ? this.#variable(open + 1, close, depth) : undefined;
      if (variable !== undefined) {
        push(at, close + 1, variable);
        at = close;
      } else if (close > 0) {
        push(open, close + 1, this.#choice(open + 1, close, depth));
        at = close;
      } else if (character === '_' && this.#text[at + 1] === '_') {
        const list = this.#list(at, to, depth);
        if (list === undefined) continue;
        push(at, list.end, list.part);
        at = list.end - 1;
      }
    }
    if (to > plainFrom) parts.push({ kind: 'text', text: this.#text.slice(plainFrom, to) });
    return parts;
  }

  #variable(from: number, to: number, depth: number): Part | undefined {
    const match = VARIABLE.exec(this.#text.slice(from, Math.min(to, from + 160)));
    if (match === null) return undefined;
    const [all, name = '', set, once] = match;
    const value = from + all.length;
    if (set !== undefined) return { kind: 'set', name, isOnce: once === '!', parts: this.parts(value, to, depth + 1) };
    return { kind: 'use', name, otherwise: value < to ? this.parts(value, to, depth + 1) : undefined };
  }

  #choice(from: number, to: number, depth: number): Part {
    const source = this.#text.slice(from, to);
    const sampler = /^\s*(?:\d*-?\d*\$\$)?\s*([@!])(?=[\p{L}\p{N}{_])/u.exec(source)?.[1];
    if (sampler !== undefined && this.#bars(from, to).length > 1)
      throw refuse(`marks a choice with "${sampler}", which only the seed can decide here; leave the mark out`);
    const amount = AMOUNT.exec(source);
    const [written = '', least, dash, most] = amount ?? [];
    if (amount === null && /^[^{}|]*\$\$/.test(source))
      throw refuse(`has "${shown(source)}" in braces, where a number or a range stands before $$`);
    if (amount !== null && least === undefined && most === undefined)
      throw refuse(`has "${shown(source)}" in braces, which names no number before $$`);
    const joint = amount === null ? null : JOINT.exec(source.slice(written.length));
    const bars = this.#bars(from + written.length + (joint?.[0].length ?? 0), to);
    const options = bars.map(([start, end]) => this.#option(start, end, depth, bars.length > 1));
    const [only] = options;
    if (amount === null && options.length < 2 && only?.weight === undefined)
      return { kind: 'braces', parts: only?.parts ?? [] };
    const range = {
      least: Number(least ?? 1),
      most: dash === undefined ? Number(least ?? 1) : most === undefined ? undefined : Number(most),
    };
    if (range.most !== undefined && range.most < range.least)
      throw refuse(`asks for ${range.least} to ${range.most} of a choice; the smaller number stands first`);
    return { kind: 'choice', source, ...range, joint: joint?.[1] ?? ', ', options };
  }

  #option(from: number, to: number, depth: number, hasOthers: boolean): Option {
    const start = this.#text.slice(from, Math.min(to, from + 40));
    const weight = WEIGHT.exec(start);
    if (weight === null && hasOthers && /^\s*[^\s{}|]{1,20}::/.test(start))
      throw refuse(`has the option "${shown(start)}", and a weight before :: is a number, e.g. 0.5::red`);
    return {
      weight: weight === null ? undefined : Number(weight[1]),
      parts: this.parts(from + (weight?.[0].length ?? 0), to, depth + 1),
    };
  }

  /** Stretches between the bars that stand in no braces. */
  #bars(from: number, to: number): readonly (readonly [number, number])[] {
    const found: (readonly [number, number])[] = [];
    let start = from;
    for (let at = from; at < to; at++) {
      const close = this.#closes[at] ?? 0;
      if (close > 0) at = close;
      else if (this.#text[at] === '|') {
        found.push([start, at]);
        start = at + 1;
      }
    }
    found.push([start, to]);
    return found;
  }

  /** The list named at `at`, where the two underscores belong to a name. */
  #list(at: number, to: number, depth: number): { readonly part: Part; readonly end: number } | undefined {
    const near = this.#text.slice(at + 2, Math.min(to, at + 4 + MAX_NAME));
    // A name has no space, underscore or brace at its ends; anything but a line end may stand inside.
    const name = /^(?![\s_])((?:\$\{[^{}\r\n]{1,64}\}|(?!__)[^\r\n{}|])+?)(?<!\s)__/u.exec(near)?.[1];
    if (name === undefined) return undefined;
    const given = VALUES.exec(name);
    const plain = given?.[1] ?? name;
    const sampler = /^[@!~]/.exec(plain)?.[0] ?? '';
    if (sampler === '@' || sampler === '!')
      throw refuse(
        `marks the list __${plain.slice(1)}__ with "${sampler}", which only the seed can decide here; leave it out`,
      );
    const values = (given?.[2] ?? '')
      .split(',')
      .filter((pair) => pair.includes('='))
      .map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1).trim()] as const);
    const start = at + 2 + sampler.length;
    return {
      part: { kind: 'list', name: this.parts(start, at + 2 + plain.length, depth + 1), values },
      end: at + 4 + name.length,
    };
  }
}

/** Where every opening brace closes. */
function closings(text: string): Int32Array {
  const closes = new Int32Array(text.length);
  const open: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{') open.push(at);
    else if (text[at] === '}') {
      const start = open.pop();
      if (start !== undefined) closes[start] = at;
    }
  }
  return closes;
}

/** Parts between the bars that stand in no braces. */
export function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}') depth--;
    else if (text[at] === '|' && depth <= 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}

const shown = (text: string) => (text.length > 40 ? `${text.slice(0, 37)}...` : text);
