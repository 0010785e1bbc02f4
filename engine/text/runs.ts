/** A character range of the plain prompt, in UTF-16 units, whose words count more or less than 1. */
export interface WeightedRange {
  readonly start: number;
  readonly end: number;
  readonly weight: number;
}

export interface WeightedPrompt {
  /** The prompt without marks: what the tokenizers see. */
  readonly text: string;
  /** Disjoint, in order, never empty, never of weight 1. */
  readonly weights: readonly WeightedRange[];
  /** Forms that were read but cannot be honoured, each as a sentence for the user. */
  readonly warnings: readonly string[];
}

/** Collects pieces of plain text with weights; a parser changes the weight of what stands there by position. */
export class WeightedText {
  readonly warnings: string[] = [];
  #text = '';
  /** Weight of every UTF-16 unit of the text. */
  #weights: number[] = [];

  get length(): number {
    return this.#text.length;
  }

  append(text: string, weight = 1): void {
    this.#text += text;
    for (let i = 0; i < text.length; i++) this.#weights.push(weight);
  }

  /** Multiplies the weight of everything from `start` on. */
  multiplyFrom(start: number, factor: number): void {
    for (let i = start; i < this.#weights.length; i++) this.#weights[i] = (this.#weights[i] ?? 1) * factor;
  }

  warn(message: string): void {
    if (!this.warnings.includes(message)) this.warnings.push(message);
  }

  /** Joins neighbours of equal weight, trims white space off the ranges, and drops those of weight 1. */
  finish(): WeightedPrompt {
    const weights = [];
    for (let start = 0; start < this.#text.length; ) {
      const weight = tidy(this.#weights[start] ?? 1);
      let end = start + 1;
      while (end < this.#text.length && tidy(this.#weights[end] ?? 1) === weight) end++;
      let [from, to] = [start, end];
      while (from < to && /\s/.test(this.#text.charAt(from))) from++;
      while (to > from && /\s/.test(this.#text.charAt(to - 1))) to--;
      if (weight !== 1 && from < to) weights.push({ start: from, end: to, weight });
      start = end;
    }
    return { text: this.#text, weights, warnings: this.warnings };
  }
}

/** Products such as 1.1 * 1.1 without their binary tails; so that (x)[x] is 1 and counts as untouched. */
function tidy(weight: number): number {
  return Number(weight.toPrecision(12));
}
