import { createHash } from 'node:crypto';
import { AttuneError } from '../../engine/index.ts';

/**
 * Choices in prompts, in the form of Dynamic Prompts: `{a|b|c}` one of them, `{2$$a|b|c}` two (`{1-2$$ and $$a|b}` one or two, joined by
 * " and "), `__name__` a line of a list. What is chosen follows from the seed and from the choice's own text, so the same seed gives the
 * same words, and a choice that stands in both prompts of an edit falls alike in both.
 */
export interface WordSource {
  readonly seed: number;
  readonly wildcards: Readonly<Record<string, readonly string[]>>;
}

const MAX_DEPTH = 16;
const MAX_LENGTH = 20_000;
const MAX_PICKS = 5_000;

/** The prompt with every choice made. Throws 'request-invalid' with what is wrong with it. */
export function chooseWords(prompt: string, source: WordSource): string {
  if (!/[{_]/.test(prompt)) return prompt;
  const seen = new Map<string, number>();
  let picks = 0;
  const numberFor = (choice: string, salt: number): number => {
    if (++picks > MAX_PICKS) throw refuse(`has more than ${MAX_PICKS} choices`);
    return createHash('sha256').update(`${source.seed}:${salt}:${choice}`).digest().readUInt32BE(0);
  };
  const occurrence = (choice: string): number => {
    const count = seen.get(choice) ?? 0;
    seen.set(choice, count + 1);
    return count;
  };

  const resolve = (text: string, depth: number): string => {
    if (depth > MAX_DEPTH) throw refuse(`nests choices more than ${MAX_DEPTH} deep, or a list names itself`);
    let out = '';
    for (let at = 0; at < text.length; ) {
      const wildcard = text[at] === '_' ? /^__([\w/-]{1,64}?)__/.exec(text.slice(at, at + 70)) : null;
      const close = text[at] === '{' ? closing(text, at) : -1;
      if (wildcard) {
        out += resolve(lineOf(wildcard[1]!), depth + 1);
        at += wildcard[0].length;
      } else if (close > 0) {
        out += choice(text.slice(at + 1, close), depth);
        at = close + 1;
      } else out += text[at++];
      if (out.length > MAX_LENGTH) throw refuse(`has more than ${MAX_LENGTH} characters once its choices are made`);
    }
    return out;
  };

  const lineOf = (name: string): string => {
    const lines = Object.hasOwn(source.wildcards, name) ? (source.wildcards[name] ?? []) : [];
    if (lines.length === 0)
      throw refuse(`names the list __${name}__, of which there are no lines; add a list of that name (${name}.txt)`);
    const key = `__${name}__`;
    return lines[numberFor(key, occurrence(key)) % lines.length]!;
  };

  const choice = (inner: string, depth: number): string => {
    const amount = /^(\d{1,3})(?:-(\d{1,3}))?\$\$/.exec(inner);
    const rest = inner.slice(amount?.[0].length ?? 0);
    const joint = amount ? /^([^|{}]{0,20})\$\$/.exec(rest) : null;
    const options = splitTop(joint ? rest.slice(joint[0].length) : rest);
    // Braces around plain words are no choice; other tools use them for weights.
    if (!amount && options.length < 2) return `{${resolve(inner, depth + 1)}}`;
    const salt = occurrence(inner) * 1000;
    const least = Number(amount?.[1] ?? 1);
    const most = Number(amount?.[2] ?? least);
    const count = least + (most > least ? numberFor(inner, salt + 999) % (most - least + 1) : 0);
    const left = [...options];
    const picked: string[] = [];
    while (picked.length < count && left.length > 0) {
      picked.push(...left.splice(numberFor(inner, salt + picked.length) % left.length, 1));
    }
    return picked.map((option) => resolve(option, depth + 1)).join(joint?.[1] ?? ', ');
  };

  return resolve(prompt, 0);
}

function refuse(what: string): AttuneError {
  return new AttuneError('request-invalid', what);
}

/** Where the brace at `open` closes; -1 where it does not. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return at;
  }
  return -1;
}

/** Parts between the bars that stand in no braces. */
export function splitTop(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '{') depth++;
    if (character === '}') depth--;
    if (character === '|' && depth <= 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}
