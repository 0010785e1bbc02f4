import { type WeightedPrompt, WeightedText } from './runs.ts';

const ROUND = 1.1;

/**
 * The form of ComfyUI (comfy/sd1_clip.py, token_weights): `(x)` multiplies the surrounding weight by 1.1, `(x:1.3)` replaces
 * it by 1.3, square brackets are text, `\(` is literal, an unbalanced bracket is text.
 */
export function parseComfy(prompt: string): WeightedPrompt {
  const out = new WeightedText();
  for (const form of prompt.match(/<(?:lora|lyco|layer):[^<>]*>|embedding:\S+/g) ?? []) {
    out.warn(`"${form}" is not supported; it is read as text.`);
  }
  append(out, prompt, 1);
  return out.finish();
}

function append(out: WeightedText, text: string, weight: number): void {
  let plain = '';
  const flush = () => {
    out.append(plain, weight);
    plain = '';
  };
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '\\' && /[()]/.test(text.charAt(i + 1))) {
      plain += text.charAt(++i);
      continue;
    }
    const end = character === '(' ? closingBracket(text, i) : -1;
    if (end === -1) {
      plain += character;
      continue;
    }
    flush();
    const inner = text.slice(i + 1, end);
    const numbered = /^([\s\S]*):\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*$/.exec(inner);
    if (numbered === null) append(out, inner, weight * ROUND);
    else append(out, numbered[1] ?? '', Number(numbered[2]));
    i = end;
  }
  flush();
}

/** Index of the bracket that closes the one at `open`, or -1. */
function closingBracket(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '\\') i++;
    else if (character === '(') depth++;
    else if (character === ')' && --depth === 0) return i;
  }
  return -1;
}
