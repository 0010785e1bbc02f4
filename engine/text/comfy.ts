import { type WeightedPrompt, WeightedText } from './runs.ts';
import { numberAt, shownForm, skipSpace } from './scan.ts';

const ROUND = 1.1;

/** A bracket that closes. */
interface Group {
  readonly close: number;
  /** Where its words end: before a weight. */
  readonly end: number;
  /** The weight that is written in it. */
  readonly weight: number | undefined;
}

/**
 * The form of ComfyUI (comfy/sd1_clip.py, token_weights): `(x)` multiplies the surrounding weight by 1.1, `(x:1.3)` replaces
 * it by 1.3, square brackets are text, `\(` is literal, an unbalanced bracket is text.
 */
export function parseComfy(prompt: string): WeightedPrompt {
  const out = new WeightedText();
  for (const form of prompt.match(/<(?:lora|lyco|layer):[^<>]*>|embedding:\S+/g) ?? [])
    out.warn(`"${shownForm(form)}" is not supported; it is read as text.`);
  const groups = groupsOf(prompt);
  const inside: { readonly group: Group; readonly weight: number }[] = [];
  for (let at = 0; at <= prompt.length; ) {
    const { group: around, weight } = inside.at(-1) ?? { group: undefined, weight: 1 };
    if (around !== undefined && at === around.end) {
      inside.pop();
      at = around.close + 1;
      continue;
    }
    if (at === prompt.length) break;
    const group = groups.get(at);
    if (group !== undefined) inside.push({ group, weight: group.weight ?? weight * ROUND });
    else if (prompt[at] === '\\' && '()'.includes(prompt[at + 1] ?? ' ')) out.append(prompt[++at] ?? '', at, weight);
    else out.append(prompt[at] ?? '', at, weight);
    at++;
  }
  return out.finish();
}

function groupsOf(text: string): ReadonlyMap<number, Group> {
  const groups = new Map<number, Group>();
  const open: number[] = [];
  let colon = -1;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === '(') open.push(at);
    else if (character === ':') colon = at;
    else if (character === ')') {
      const start = open.pop();
      if (start === undefined) continue;
      const number = colon > start ? numberAt(text, skipSpace(text, colon + 1)) : undefined;
      const isWeight = number !== undefined && skipSpace(text, number.end) === at;
      groups.set(start, { close: at, end: isWeight ? colon : at, weight: isWeight ? number.value : undefined });
    }
  }
  return groups;
}
