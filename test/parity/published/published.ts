/**
 * Cross- and self-attention control in its published form, on probabilities [rows, columns] of a U-Net's separate attentions
 * (Prompt-to-Prompt, arXiv 2208.01626; InfEdit, arXiv 2312.04965). The product steers the joint attention one step earlier, on
 * logits (`route`, `shape`), where the softmax renormalises by itself. Where both branches' logits have the same log-sum-exp (for
 * instance, are log probabilities) the logit form gives these numbers, each row divided by its sum; published.test.ts holds it to
 * that. The methods do not use this file: it is the reference that the fixtures of both papers are compared through.
 */

/** Own columns, or those of the base where the weight is 1: w_j P_base[:, m(j)] + (1 - w_j) P[:, j]. Not renormalised. */
export function refineProbabilities(
  base: Float32Array,
  own: Float32Array,
  columns: number,
  map: { readonly index: ArrayLike<number>; readonly weight: ArrayLike<number> },
): Float32Array<ArrayBuffer> {
  return fill(own.length, columns, (row, column) => {
    const weight = map.weight[column] ?? 0;
    const source = map.index[column] ?? -1;
    // A weight of 0 stands beside an index of -1, which the reference reads as the last column.
    const served = weight === 0 ? 0 : weight * (base[row + source] ?? 0);
    return served + (1 - weight) * (own[row + column] ?? 0);
  });
}

/** Word swap: P_base M with a word mapper [columns, columns]. */
export function replaceProbabilities(
  base: Float32Array,
  mapper: ArrayLike<number>,
  columns: number,
): Float32Array<ArrayBuffer> {
  return fill(base.length, columns, (row, column) => {
    let sum = 0;
    for (let source = 0; source < columns; source++)
      sum += (base[row + source] ?? 0) * (mapper[source * columns + column] ?? 0);
    return sum;
  });
}

/** Word weights: each column times a real factor, negative ones included; not renormalised. */
export function reweightProbabilities(
  probabilities: Float32Array,
  factors: ArrayLike<number>,
  columns: number,
): Float32Array<ArrayBuffer> {
  return fill(
    probabilities.length,
    columns,
    (row, column) => (factors[column] ?? 1) * (probabilities[row + column] ?? 0),
  );
}

/** A per-word schedule: w_j edited + (1 - w_j) own. */
export function scheduleProbabilities(
  edited: Float32Array,
  own: Float32Array,
  weights: ArrayLike<number>,
  columns: number,
): Float32Array<ArrayBuffer> {
  return fill(own.length, columns, (row, column) => {
    const weight = weights[column] ?? 0;
    return weight * (edited[row + column] ?? 0) + (1 - weight) * (own[row + column] ?? 0);
  });
}

function fill(
  length: number,
  columns: number,
  value: (row: number, column: number) => number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const column = i % columns;
    out[i] = value(i - column, column);
  }
  return out;
}

/** Which branch supplies the queries, keys and values of a branch. */
export interface OperandSources {
  readonly q: number;
  readonly k: number;
  readonly v: number;
}

/**
 * InfEdit's unified control of self-attention over the branches source 0, target 1, layout 2. While the window is open every
 * branch attends as the source does, with values of its own (the layout: the source's). Afterwards source and target are left
 * alone and the layout branch shows the source's keys and values to the target's queries.
 */
export function selfAttentionSources(open: boolean): readonly OperandSources[] {
  return open
    ? [
        { q: 0, k: 0, v: 0 },
        { q: 0, k: 0, v: 1 },
        { q: 0, k: 0, v: 0 },
      ]
    : [
        { q: 0, k: 0, v: 0 },
        { q: 1, k: 1, v: 1 },
        { q: 1, k: 0, v: 0 },
      ];
}
