import { numberAt, shownForm, skipSpace } from './scan.ts';

/** A bracket whose words change during the run, and which of them are used throughout. */
export interface ChangingForm {
  /** Of its closing bracket. */
  readonly close: number;
  /** The part that is used; empty where it is words that would go. */
  readonly keepFrom: number;
  readonly keepTo: number;
  readonly sentence: string;
}

interface OpenBracket {
  readonly at: number;
  readonly isSquare: boolean;
  /** Colons and bars that stood before it. */
  readonly marks: number;
}

const NETWORK = /<(?:lora|lyco|hypernet):[^<>]*>/y;

/** `<lora:...>` and its kin at a place. */
export function networkAt(text: string, at: number): string | undefined {
  if (text[at] !== '<') return undefined;
  NETWORK.lastIndex = at;
  return NETWORK.exec(text)?.[0];
}

/**
 * The brackets of A1111 that change words during the run (modules/prompt_parser.py, `scheduled` and `alternate`), by their places:
 * `[from:to:when]`, `[to:when]`, `[from::when]`, `[a|b]`, with brackets of any kind inside. A bracket that does not close is none.
 */
export function changingForms(text: string): ReadonlyMap<number, ChangingForm> {
  const forms = new Map<number, ChangingForm>();
  const open: OpenBracket[] = [];
  const count = { round: 0, square: 0 };
  const marks: number[] = [];
  const push = (at: number, isSquare: boolean) => {
    open.push({ at, isSquare, marks: marks.length });
    count[isSquare ? 'square' : 'round']++;
  };
  /** The bracket that closes here; those inside that do not close are text. */
  const pop = (isSquare: boolean): OpenBracket | undefined => {
    if (count[isSquare ? 'square' : 'round'] === 0) return undefined;
    for (let bracket = open.pop(); bracket !== undefined; bracket = open.pop()) {
      count[bracket.isSquare ? 'square' : 'round']--;
      if (bracket.isSquare === isSquare) return bracket;
    }
    return undefined;
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === '[' || character === '(') push(at, character === '[');
    else if (character === ':' || character === '|') marks.push(at);
    else if (character === '<') at += Math.max(0, (networkAt(text, at)?.length ?? 0) - 1);
    else if (character === ']' || character === ')') {
      const bracket = pop(character === ']');
      if (bracket === undefined) continue;
      const form = bracket.isSquare ? formOf(text, bracket.at, at, marks.slice(bracket.marks)) : undefined;
      marks.length = bracket.marks;
      if (form !== undefined) forms.set(bracket.at, form);
    }
  }
  return forms;
}

/** @param marks places of the colons and bars that stand in no further bracket */
function formOf(text: string, open: number, close: number, marks: readonly number[]): ChangingForm | undefined {
  const bar = marks.find((mark) => text[mark] === '|');
  const shown = shownForm(text.slice(open, close + 1));
  const keep = (keepFrom: number, keepTo: number, what: string): ChangingForm => {
    const used = text.slice(keepFrom, keepTo).trim();
    const way = used === '' ? 'it is left out' : `"${shownForm(used)}" is used throughout`;
    return { close, keepFrom, keepTo, sentence: `"${shown}" ${what}, which is not supported; ${way}.` };
  };
  if (bar !== undefined) return keep(open + 1, bar, 'alternates words from step to step');
  const [first, last] = [marks[0], marks.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const when = numberAt(text, skipSpace(text, last + 1));
  if (when === undefined || skipSpace(text, when.end) !== close) return undefined;
  return keep(first === last ? open + 1 : first + 1, last, 'changes the prompt during the run');
}
