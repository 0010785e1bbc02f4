import { type WeightedPrompt, WeightedText } from './runs.ts';

const PLUS = 1.1;
const MINUS = 0.9;
const SUFFIX = /^(?:(\++)|(-+)|([+-]?(?:\d+\.?\d*|\.\d+)))/;

/**
 * The form of Compel (InvokeAI for SD 1.5 and SDXL; damian0815/compel, its page on syntax): `word+` times 1.1, `word-` times 0.9,
 * each further sign once more; brackets only group and take the signs or the number behind them, `(two words)1.3`; nested
 * weights multiply; `\(`, `\+` are literal. `.and()`, `.swap()` and `.blend()` are reported.
 */
export function parseCompel(prompt: string): WeightedPrompt {
  const out = new WeightedText();
  for (const form of prompt.match(/\.(?:and|blend|swap)\([^)]*\)?/g) ?? []) {
    out.warn(`"${form}" is not supported; it is read as text.`);
  }
  const groups: number[] = [];
  let i = 0;
  while (i < prompt.length) {
    const character = prompt.charAt(i);
    if (character === '\\' && i + 1 < prompt.length) {
      out.append(prompt.charAt(i + 1));
      i += 2;
    } else if (character === '(' && prompt.indexOf(')', i) !== -1) {
      groups.push(out.length);
      i++;
    } else if (character === ')' && groups.length > 0) {
      i += 1 + applySuffix(out, groups.pop() ?? 0, prompt.slice(i + 1), true);
    } else {
      const word =
        /^[^\s()\\+]+?(?=\++(?:[\s,.;:!?)]|$)|-+(?:[\s,.;:!?)]|$)|[\s()\\]|$)/.exec(prompt.slice(i))?.[0] ?? character;
      const start = out.length;
      out.append(word);
      i += word.length;
      if (/\S/.test(word)) i += applySuffix(out, start, prompt.slice(i), false);
    }
  }
  return out.finish();
}

/** Weighs the text from `start` by the signs or the number that `rest` begins with; returns the characters used. */
function applySuffix(out: WeightedText, start: number, rest: string, group: boolean): number {
  const match = SUFFIX.exec(rest);
  if (match === null) return 0;
  const [all, plus, minus, value] = match;
  if (plus !== undefined) out.multiplyFrom(start, PLUS ** plus.length);
  else if (minus !== undefined) out.multiplyFrom(start, MINUS ** minus.length);
  else if (group && value !== undefined) out.multiplyFrom(start, Number(value));
  else return 0;
  return all.length;
}
