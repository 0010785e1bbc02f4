import { type WeightedPrompt, WeightedText } from './runs.ts';

const ROUND = 1.1;
const SQUARE = 1 / 1.1;

/** One token of the syntax: escapes, brackets, `:number)`, plain text. Sticky; always matches at least one character. */
const TOKEN = /\\([\s\S])|\(|\[|:\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)|\)|\]|[^\\()[\]:]+|[\s\S]/gy;

const LORA = /<(lora|lyco|hypernet):[^<>]*>/g;

/**
 * The form of AUTOMATIC1111 (modules/prompt_parser.py, parse_prompt_attention): `(x)` times 1.1, `((x))` times 1.21,
 * `(x:1.3)` times 1.3, `[x]` divided by 1.1, nested numbers multiply, `\(` is literal, an unbalanced bracket counts to the end.
 * `[from:to:when]`, `[a|b]`, `AND`, `BREAK` and `<lora:...>` are recognised, left out of the text where they would only be
 * noise, and reported.
 */
export function parseA1111(prompt: string): WeightedPrompt {
  const out = new WeightedText();
  const source = reportForms(prompt, out);
  const round: number[] = [];
  const square: number[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(source); match !== null; match = TOKEN.exec(source)) {
    const [token, escaped, weight] = match;
    if (escaped !== undefined) out.append('()[]\\:'.includes(escaped) ? escaped : token);
    else if (token === '(') round.push(out.length);
    else if (token === '[') square.push(out.length);
    else if (weight !== undefined && round.length > 0) out.multiplyFrom(round.pop() ?? 0, Number(weight));
    else if (token === ')' && round.length > 0) out.multiplyFrom(round.pop() ?? 0, ROUND);
    else if (token === ']' && square.length > 0) out.multiplyFrom(square.pop() ?? 0, SQUARE);
    else out.append(token);
  }
  for (const start of round) out.multiplyFrom(start, ROUND);
  for (const start of square) out.multiplyFrom(start, SQUARE);
  return out.finish();
}

/** Warns of forms that need another sampler or other files, and returns the prompt with them resolved to plain words. */
function reportForms(prompt: string, out: WeightedText): string {
  let source = prompt.replace(LORA, (form) => {
    out.warn(`"${form}" is ignored: extra networks cannot be loaded.`);
    return '';
  });
  source = source.replace(
    /\[([^[\]()\\:|]*):([^[\]()\\|]*):\s*(\d*\.?\d+)\s*\]/g,
    (form, _from: string, to: string) => {
      out.warn(
        `"${form}" changes the prompt during the run, which is not supported; "${to.trim()}" is used throughout.`,
      );
      return to;
    },
  );
  source = source.replace(/\[([^[\]()\\|]*)((?:\|[^[\]()\\|]*)+)\]/g, (form, first: string) => {
    out.warn(
      `"${form}" alternates words from step to step, which is not supported; "${first.trim()}" is used throughout.`,
    );
    return first;
  });
  for (const word of ['AND', 'BREAK'] as const) {
    const pattern = new RegExp(`\\s*\\b${word}\\b\\s*`, 'g');
    if (!pattern.test(source)) continue;
    out.warn(
      word === 'AND'
        ? '"AND" combines prompts, which is not supported; the parts are read as one prompt.'
        : '"BREAK" starts a new block of tokens, which is not supported; the parts are read as one prompt.',
    );
    source = source.replace(pattern, ', ').replace(/^, |, $/g, '');
  }
  return source;
}
