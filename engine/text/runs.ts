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
  /** For every UTF-16 unit of the text, where it stands in what was typed. */
  readonly places: readonly number[];
}

/** Sentences that are told before the rest is only counted. */
const MAX_WARNINGS = 20;

/** Collects pieces of plain text with weights; a parser changes the weight of what stands there by position. Linear but for a logarithm. */
export class WeightedText {
  readonly #warnings = new Set<string>();
  readonly #pieces: string[] = [];
  #length = 0;
  /** Weight of every UTF-16 unit of the text, and its place in the source. */
  readonly #weights: number[] = [];
  readonly #places: number[] = [];
  readonly #factors: { readonly start: number; readonly end: number; readonly factor: number }[] = [];

  get length(): number {
    return this.#length;
  }

  /** @param place of the first unit in the source; those behind it follow */
  append(text: string, place: number, weight = 1): void {
    this.#pieces.push(text);
    this.#length += text.length;
    for (let i = 0; i < text.length; i++) {
      this.#weights.push(weight);
      this.#places.push(place + i);
    }
  }

  /** Multiplies the weight of everything from `start` on. */
  multiplyFrom(start: number, factor: number): void {
    if (start < this.#length) this.#factors.push({ start, end: this.#length, factor });
  }

  warn(message: string): void {
    this.#warnings.add(message);
  }

  /** Joins neighbours of equal weight, trims white space off the ranges, and drops those of weight 1. */
  finish(): WeightedPrompt {
    const text = this.#pieces.join('');
    const weightOf = this.#products();
    const weights: WeightedRange[] = [];
    for (let start = 0; start < text.length; ) {
      const weight = weightOf[start] ?? 1;
      let end = start + 1;
      while (end < text.length && weightOf[end] === weight) end++;
      let [from, to] = [start, end];
      while (from < to && /\s/.test(text.charAt(from))) from++;
      while (to > from && /\s/.test(text.charAt(to - 1))) to--;
      if (weight !== 1 && from < to) weights.push({ start: from, end: to, weight });
      start = end;
    }
    const told = [...this.#warnings];
    const more = told.length - MAX_WARNINGS;
    const warnings = more > 0 ? [...told.slice(0, MAX_WARNINGS), `There are ${more} more forms like these.`] : told;
    return { text, weights, warnings, places: this.#places };
  }

  /** The weight of every unit: its own times the factors that cover it, the innermost first. */
  #products(): readonly number[] {
    const product = new Products(this.#factors.length);
    const starting = this.#factors.map((_, index) => index).sort((a, b) => this.#at(a).start - this.#at(b).start);
    let [begun, ended] = [0, 0];
    return this.#weights.map((weight, unit) => {
      for (; begun < starting.length && this.#at(starting[begun]).start <= unit; begun++)
        product.set(starting[begun] ?? 0, this.#at(starting[begun]).factor);
      // Factors were added as their ranges ended.
      for (; ended < this.#factors.length && this.#at(ended).end <= unit; ended++) product.set(ended, 1);
      return tidy(weight * product.all);
    });
  }

  #at(index: number | undefined): { readonly start: number; readonly end: number; readonly factor: number } {
    return this.#factors[index ?? -1] ?? { start: 0, end: 0, factor: 1 };
  }
}

/** The product of numbers of which some change: a tree, since to divide by 0 or by infinity would not undo it. */
class Products {
  readonly #nodes: Float64Array;
  readonly #first: number;

  constructor(count: number) {
    this.#first = 2 ** Math.ceil(Math.log2(Math.max(1, count)));
    this.#nodes = new Float64Array(2 * this.#first).fill(1);
  }

  get all(): number {
    return this.#nodes[1] ?? 1;
  }

  set(index: number, value: number): void {
    let node = this.#first + index;
    this.#nodes[node] = value;
    for (node >>= 1; node > 0; node >>= 1)
      this.#nodes[node] = (this.#nodes[2 * node] ?? 1) * (this.#nodes[2 * node + 1] ?? 1);
  }
}

/** Products such as 1.1 * 1.1 without their binary tails; so that (x)[x] is 1 and counts as untouched. */
function tidy(weight: number): number {
  return weight === 1 ? 1 : Number(weight.toPrecision(12));
}
