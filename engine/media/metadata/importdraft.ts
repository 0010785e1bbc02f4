import { type EditRequest, type Imported, MAX_SEED } from '../../../contract/index.ts';
import { own, textOf } from './json.ts';

type Draft = { -readonly [Field in keyof EditRequest]?: EditRequest[Field] };

const MAX_PROMPT = 20_000;
const MAX_SIDE = 16_384;
const MAX_NOTES = 40;

/** Collects what can be restored; what is out of the limits of a request is left out with a sentence. */
export class ImportDraft {
  readonly #request: Draft = {};
  readonly #notes: string[] = [];

  note(sentence: string): void {
    if (this.#notes.length < MAX_NOTES && !this.#notes.includes(sentence)) this.#notes.push(sentence);
  }

  prompt(value: unknown): void {
    const text = this.#text(value, 'prompt');
    if (text !== undefined) this.#request.prompt = text;
  }

  negative(value: unknown): void {
    const text = this.#text(value, 'negative prompt');
    if (text !== undefined && text !== '') this.#request.negative = text;
  }

  seed(value: unknown): void {
    const seed = numberOf(value);
    if (seed === undefined || seed === -1) return;
    if (Number.isSafeInteger(seed) && seed >= 0) {
      this.#request.seed = seed;
      this.note('The same seed gives another picture here: tools draw their noise in different ways.');
    } else this.note(`Its seed is no whole number from 0 to ${MAX_SEED}, so it was left out.`);
  }

  steps(value: unknown): void {
    const steps = numberOf(value);
    if (steps === undefined) return;
    if (Number.isInteger(steps) && steps >= 1 && steps <= 1000) this.#request.steps = steps;
    else this.note('Its number of steps is not from 1 to 1000, so it was left out.');
  }

  guidance(value: unknown): void {
    const guidance = numberOf(value);
    if (guidance === undefined) return;
    if (guidance >= 0 && guidance <= 100) this.#request.guidance = guidance;
    else this.note('Its guidance is not from 0 to 100, so it was left out.');
  }

  size(first: unknown, second: unknown): void {
    const [width, height] = [numberOf(first), numberOf(second)];
    if (width === undefined || height === undefined) return;
    const fits = [width, height].every((side) => Number.isInteger(side) && side >= 1 && side <= MAX_SIDE);
    if (fits) this.#request.size = { width, height };
    else this.note(`Its size is not from 1 to ${MAX_SIDE} pixels, so it was left out.`);
  }

  model(value: unknown): void {
    const name = shortName(value);
    if (name !== undefined)
      this.note(`It was made with the model ${name}; choose a checkpoint that is on this machine.`);
  }

  sampler(value: unknown, scheduler?: unknown): void {
    const names = [value, scheduler].flatMap((name) => shortName(name) ?? []);
    if (names.length > 0)
      this.note(`Its sampler ${names.join(' with ')} was not taken over: methods here bring their own.`);
  }

  lora(value: unknown): void {
    const name = shortName(value);
    if (name !== undefined && name !== '"None"') this.note(`It used the LoRA ${name}, which cannot be loaded here.`);
  }

  /** How much of a source picture was changed; the picture itself is not in the file. */
  strength(value: unknown): void {
    const strength = numberOf(value);
    if (strength !== undefined && strength < 1)
      this.note(`It was made from another picture (strength ${strength}), which the file does not hold.`);
  }

  /** undefined where nothing was restored and there is nothing to say. */
  finish(tool: string): Imported | undefined {
    if (Object.keys(this.#request).length === 0 && this.#notes.length === 0) return undefined;
    return { tool, request: this.#request, notes: this.#notes };
  }

  #text(value: unknown, what: string): string | undefined {
    const given = textOf(value);
    if (given === undefined) return undefined;
    const text = given
      .replace(/\r\n?/g, '\n')
      .replaceAll('\0', ' ')
      .replace(/<(?:lora|lyco|hypernet):([^<>:]{1,200})(?::[^<>]{0,60})?>/gi, (_all, name) => {
        this.lora(name);
        return '';
      })
      .trim();
    if (text.length <= MAX_PROMPT) return text;
    this.note(`Its ${what} has more than ${MAX_PROMPT} characters and was cut.`);
    return text.slice(0, MAX_PROMPT);
  }
}

/** A number, also one that is written as a text. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || !/^\s*[+-]?(\d{1,30}\.?\d{0,30}|\.\d{1,30})(e[+-]?\d{1,3})?\s*$/i.test(value))
    return undefined;
  return Number(value);
}

/** A text of a file inside a sentence: bounded, on one line, nothing that could turn the line around. */
export function quoted(text: string): string {
  const line = text
    .replace(HIDDEN, ' ')
    .replace(/\s{1,1000}/g, ' ')
    .trim();
  return `"${line.length > MAX_QUOTED ? `${line.slice(0, MAX_QUOTED)}...` : line}"`;
}

const MAX_QUOTED = 300;
/** Control characters, and those that change the direction of text. */
const HIDDEN = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

/** A name for a sentence: the file name without its folders, in quotes. Tools write a model as a text or as an object with a name. */
function shortName(value: unknown): string | undefined {
  const text = textOf(value) ?? textOf(own(value, 'name')) ?? textOf(own(value, 'model_name'));
  const last = text?.split(/[\\/]/).at(-1)?.replace(HIDDEN, ' ').trim();
  return last === undefined || last === '' ? undefined : `"${last.slice(0, 120)}"`;
}
