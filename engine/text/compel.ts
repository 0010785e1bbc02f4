import { type WeightedPrompt, WeightedText } from './runs.ts';
import { isSpace, numberAt, shownForm } from './scan.ts';

const PLUS = 1.1;
const MINUS = 0.9;

/**
 * The form of Compel (InvokeAI for SD 1.5 and SDXL; damian0815/compel, its page on syntax): `word+` times 1.1, `word-` times 0.9,
 * each further sign once more; brackets only group and take the signs or the number behind them, `(two words)1.3`; nested
 * weights multiply; `\(`, `\+` are literal. `.and()`, `.swap()` and `.blend()` are reported.
 */
export function parseCompel(prompt: string): WeightedPrompt {
  const out = new WeightedText();
  for (const form of prompt.match(/\.(?:and|blend|swap)\([^)]*\)?/g) ?? [])
    out.warn(`"${shownForm(form)}" is not supported; it is read as text.`);
  const groups: number[] = [];
  const lastClose = prompt.lastIndexOf(')');
  for (let at = 0; at < prompt.length; ) {
    const character = prompt[at] ?? '';
    if (character === '\\' && at + 1 < prompt.length) {
      out.append(prompt[at + 1] ?? '', at + 1);
      at += 2;
    } else if (character === '(' && at < lastClose) {
      groups.push(out.length);
      at++;
    } else if (character === ')' && groups.length > 0) at = weigh(out, groups.pop() ?? 0, prompt, at + 1, true);
    else if (isSpace(character) || '()\\+'.includes(character)) {
      out.append(character, at);
      at++;
    } else {
      const end = wordEnd(prompt, at);
      const start = out.length;
      out.append(prompt.slice(at, end), at);
      at = weigh(out, start, prompt, end, false);
    }
  }
  return out.finish();
}

/** Behind a word that begins at `from`: at white space, a bracket, or signs that nothing but punctuation follows. */
function wordEnd(text: string, from: number): number {
  let at = from + 1;
  while (at < text.length && !isSpace(text[at]) && !'()\\+'.includes(text[at] ?? '')) {
    const signs = signsEnd(text, at, '-');
    if (signs > at && isBreak(text, signs)) return at;
    at = Math.max(signs, at + 1);
  }
  return at;
}

/** Weighs the text from `start` by the signs or the number at `at`; returns what is behind them. */
function weigh(out: WeightedText, start: number, text: string, at: number, isGroup: boolean): number {
  for (const [sign, factor] of [
    ['+', PLUS],
    ['-', MINUS],
  ] as const) {
    const end = signsEnd(text, at, sign);
    if (end === at || !(isGroup || isBreak(text, end))) continue;
    out.multiplyFrom(start, factor ** (end - at));
    return end;
  }
  const number = isGroup ? numberAt(text, at) : undefined;
  if (number === undefined) return at;
  out.multiplyFrom(start, number.value);
  return number.end;
}

function signsEnd(text: string, from: number, sign: string): number {
  let at = from;
  while (text[at] === sign) at++;
  return at;
}

const isBreak = (text: string, at: number) =>
  at >= text.length || isSpace(text[at]) || ',.;:!?)'.includes(text[at] ?? '');
