/** Reading prompts from left to right; every function looks at a character a bounded number of times. */

export interface ReadNumber {
  readonly value: number;
  /** Behind its last digit. */
  readonly end: number;
}

/** A plain decimal number with or without a sign. */
export function numberAt(text: string, from: number): ReadNumber | undefined {
  let at = from;
  if (text[at] === '+' || text[at] === '-') at++;
  const whole = at;
  while (isDigit(text[at])) at++;
  let digits = at - whole;
  if (text[at] === '.') {
    const point = ++at;
    while (isDigit(text[at])) at++;
    digits += at - point;
  }
  return digits === 0 ? undefined : { value: Number(text.slice(from, at)), end: at };
}

/** Behind the white space that begins at `from`. */
export function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text[at])) at++;
  return at;
}

/** `:1.3)` with or without white space inside: the weight of a bracket. */
export function weightAt(text: string, from: number): ReadNumber | undefined {
  if (text[from] !== ':') return undefined;
  const number = numberAt(text, skipSpace(text, from + 1));
  if (number === undefined) return undefined;
  const end = skipSpace(text, number.end);
  return text[end] === ')' ? { value: number.value, end: end + 1 } : undefined;
}

/** Whether a word of capitals stands at `at` by itself. */
export function isWordAt(text: string, at: number, word: string): boolean {
  return text.startsWith(word, at) && !isWordSign(text[at - 1]) && !isWordSign(text[at + word.length]);
}

export const isSpace = (character: string | undefined): boolean => character !== undefined && /\s/.test(character);
const isDigit = (character: string | undefined) => character !== undefined && character >= '0' && character <= '9';
const isWordSign = (character: string | undefined) => character !== undefined && /\w/.test(character);

/** A form of a prompt as a sentence shows it. */
export const shownForm = (form: string): string => (form.length > 60 ? `${form.slice(0, 57)}...` : form);
