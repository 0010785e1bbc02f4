/** Weights in the A1111 form as an editor changes them: `(word:1.3)` around the word or the selection at the cursor. */

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface WeightedSpan {
  /** The whole group with its marks. */
  readonly outer: Span;
  /** The text that is weighted. */
  readonly inner: Span;
  readonly weight: number;
}

const WEIGHT_STEP = 0.1;
const MIN_WEIGHT = 0;
const MAX_WEIGHT = 2;

const GROUP = /\(((?:\\.|[^()\\])*?):(\d*\.?\d+)\)/g;

/** Groups `(text:number)` that hold no other group, in order. */
export function weightedSpans(text: string): readonly WeightedSpan[] {
  return [...text.matchAll(GROUP)].map(({ index, 0: whole, 1: inner = '', 2: weight = '1' }) => ({
    outer: { from: index, to: index + whole.length },
    inner: { from: index + 1, to: index + 1 + inner.length },
    weight: Number(weight),
  }));
}

export interface WeightChange {
  /** The part of the text that is replaced, and by what. */
  readonly replace: Span & { readonly insert: string };
  /** The selection afterwards: the weighted words. */
  readonly selection: Span;
  readonly weight: number;
}

/** Makes the word or the selection heavier or lighter by `steps` of 0.1; weight 1 takes the marks away. */
export function changeWeight(text: string, selection: Span, steps: number): WeightChange | undefined {
  const group = weightedSpans(text).find(({ outer }) => selection.from >= outer.from && selection.to <= outer.to);
  const inner =
    group?.inner ?? (selection.from === selection.to ? wordAt(text, selection.from) : trimmed(text, selection));
  if (inner === undefined || inner.from === inner.to) return undefined;
  const weight = clamp((group?.weight ?? 1) + steps * WEIGHT_STEP);
  const words = text.slice(inner.from, inner.to);
  if (group === undefined && /[()]/.test(words)) return undefined;
  const outer = group?.outer ?? inner;
  const insert = weight === 1 ? words : `(${words}:${weight})`;
  const start = outer.from + (weight === 1 ? 0 : 1);
  return { replace: { ...outer, insert }, selection: { from: start, to: start + words.length }, weight };
}

/** Letters with their marks and vowel signs, digits, emoji with what joins them, and what stands within tags such as `long_hair`. */
const OF_A_WORD =
  /(?:[\p{L}\p{M}\p{N}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}'’_-]|\u200c|\u200d|\ufe0f)+/gu;

/** The word around or right before a position. */
export function wordAt(text: string, at: number): Span | undefined {
  for (const { index, 0: word } of text.matchAll(OF_A_WORD)) {
    const to = index + word.length;
    if (index <= at && at <= to) return { from: index, to };
  }
  return undefined;
}

function trimmed(text: string, { from, to }: Span): Span {
  const chosen = text.slice(from, to);
  return { from: from + chosen.length - chosen.trimStart().length, to: to - (chosen.length - chosen.trimEnd().length) };
}

const clamp = (weight: number) => Math.round(Math.min(MAX_WEIGHT, Math.max(MIN_WEIGHT, weight)) * 100) / 100;
