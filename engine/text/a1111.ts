import { type ChangingForm, changingForms, networkAt } from './a1111forms.ts';
import { type WeightedPrompt, WeightedText } from './runs.ts';
import { isSpace, isWordAt, numberAt, shownForm, skipSpace, weightAt } from './scan.ts';

const ROUND = 1.1;
const SQUARE = 1 / 1.1;

/**
 * The form of AUTOMATIC1111 (modules/prompt_parser.py, parse_prompt_attention): `(x)` times 1.1, `((x))` times 1.21,
 * `(x:1.3)` times 1.3, `[x]` divided by 1.1, nested numbers multiply, `\(` is literal, an unbalanced bracket counts to the end.
 * `[from:to:when]`, `[to:when]`, `[a|b]`, `AND` with its weights, `BREAK` and `<lora:...>` are recognised, left out of the text where they
 * would only be noise, and reported. Choices that only batches make are text, and reported.
 */
export function parseA1111(prompt: string): WeightedPrompt {
  return new A1111Reader(prompt).read();
}

class A1111Reader {
  readonly #source: string;
  readonly #out = new WeightedText();
  readonly #forms: ReadonlyMap<number, ChangingForm>;
  readonly #hasAnd: boolean;
  readonly #round: number[] = [];
  readonly #square: number[] = [];
  /** Forms whose used part is being read, with the brackets that stood open before. */
  readonly #inside: { readonly form: ChangingForm; readonly round: number; readonly square: number }[] = [];

  /** The last stretch of nothing that was looked over. */
  #blank = { from: 1, to: 0 };

  constructor(source: string) {
    this.#source = source;
    this.#forms = changingForms(source);
    this.#hasAnd = /\bAND\b/.test(source);
  }

  read(): WeightedPrompt {
    reportChoices(this.#source, this.#out);
    for (let at = 0; at <= this.#source.length; ) {
      const ended = this.#inside.at(-1);
      if (ended !== undefined && at === ended.form.keepTo) {
        this.#inside.pop();
        this.#closeTo(ended.round, ended.square);
        at = ended.form.close + 1;
      } else if (at === this.#source.length) break;
      else at = this.#token(at);
    }
    this.#closeTo(0, 0);
    return this.#out.finish();
  }

  /** Reads what begins at `at`; returns what is behind it. */
  #token(at: number): number {
    const source = this.#source;
    const character = source[at] ?? '';
    const form = this.#forms.get(at);
    if (form !== undefined) {
      this.#out.warn(form.sentence);
      this.#inside.push({ form, round: this.#round.length, square: this.#square.length });
      return form.keepFrom;
    }
    const escaped = character === '\\' ? source[at + 1] : undefined;
    if (escaped !== undefined && '()[]\\:'.includes(escaped)) {
      this.#out.append(escaped, at + 1);
      return at + 2;
    }
    if (character === '(') this.#round.push(this.#out.length);
    else if (character === '[') this.#square.push(this.#out.length);
    else if (character === ')' && this.#round.length > 0) this.#out.multiplyFrom(this.#round.pop() ?? 0, ROUND);
    else if (character === ']' && this.#square.length > 0) this.#out.multiplyFrom(this.#square.pop() ?? 0, SQUARE);
    else return this.#other(at, character);
    return at + 1;
  }

  #other(at: number, character: string): number {
    const weight = character === ':' && this.#round.length > 0 ? weightAt(this.#source, at) : undefined;
    if (weight !== undefined) {
      this.#out.multiplyFrom(this.#round.pop() ?? 0, weight.value);
      return weight.end;
    }
    const network = networkAt(this.#source, at);
    if (network !== undefined) {
      this.#out.warn(`"${shownForm(network)}" is ignored: extra networks cannot be loaded.`);
      return at + network.length;
    }
    return this.#separator(at) ?? this.#plain(at);
  }

  /** `AND` and `BREAK` with the white space around them become a comma; the weight of a part of `AND` is left out. */
  #separator(at: number): number | undefined {
    const source = this.#source;
    const word = this.#blankEnd(at);
    if (word >= this.#limit) return undefined;
    const weight = this.#hasAnd && source[word] === ':' ? numberAt(source, skipSpace(source, word + 1)) : undefined;
    if (weight !== undefined) {
      const next = skipSpace(source, weight.end);
      if (next < source.length && !isWordAt(source, next, 'AND')) return undefined;
      this.#out.warn(`The weight ${source.slice(word, weight.end)} of a part between "AND" is left out.`);
      return weight.end;
    }
    let end = word;
    for (let length = this.#joiner(end); length > 0; length = this.#joiner(end)) end = this.#blankEnd(end + length);
    if (end === word) return undefined;
    const isFirst = this.#out.length === 0 && this.#round.length + this.#square.length === 0;
    // Two units of one place: a comma for what stood there.
    if (!isFirst && end < source.length) for (const unit of ', ') this.#out.append(unit, word);
    return end;
  }

  /** Length of the word at a place that parts prompts; 0 for another. */
  #joiner(at: number): number {
    const isAnd = isWordAt(this.#source, at, 'AND');
    if (!isAnd && !isWordAt(this.#source, at, 'BREAK')) return 0;
    this.#out.warn(
      isAnd
        ? '"AND" combines prompts, which is not supported; the parts are read as one prompt.'
        : '"BREAK" starts a new block of tokens, which is not supported; the parts are read as one prompt.',
    );
    return isAnd ? 3 : 5;
  }

  /** Behind white space and networks, which leave nothing. */
  #blankEnd(from: number): number {
    if (from >= this.#blank.from && from <= this.#blank.to) return this.#blank.to;
    let to = from;
    for (let next = to; ; to = next) {
      const space = skipSpace(this.#source, to);
      next = space + (networkAt(this.#source, space)?.length ?? 0);
      if (next === to) break;
    }
    this.#blank = { from, to };
    return to;
  }

  /** Text up to the next sign that may mean something. */
  #plain(at: number): number {
    const source = this.#source;
    let end = isSpace(source[at]) ? skipSpace(source, at) : at + 1;
    while (end < this.#limit && !isSpace(source[end]) && !this.#mayMean(end)) end++;
    this.#out.append(source.slice(at, end), at);
    return end;
  }

  #mayMean(at: number): boolean {
    const character = this.#source[at] ?? '';
    if ('\\()[]:<'.includes(character)) return true;
    return 'AB'.includes(character) && (isWordAt(this.#source, at, 'AND') || isWordAt(this.#source, at, 'BREAK'));
  }

  /** Where what is being read ends. */
  get #limit(): number {
    return this.#inside.at(-1)?.form.keepTo ?? this.#source.length;
  }

  /** Brackets that do not close count to the end of what they stand in. */
  #closeTo(round: number, square: number): void {
    while (this.#round.length > round) this.#out.multiplyFrom(this.#round.pop() ?? 0, ROUND);
    while (this.#square.length > square) this.#out.multiplyFrom(this.#square.pop() ?? 0, SQUARE);
  }
}

/** Batches have made their choices before; elsewhere braces and lists are words that a network would paint. */
function reportChoices(source: string, out: WeightedText): void {
  for (const [form] of source.matchAll(/\{[^{}|]*\|[^{}]*\}|__[^\s_](?:[^_\r\n]{0,100}[^\s_])?__/g))
    out.warn(`"${shownForm(form)}" is read as text: words are chosen from choices and lists in batches alone.`);
}
