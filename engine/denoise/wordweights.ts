import type { ShapeOp } from '../attention/ops.ts';
import { shapeValues } from '../attention/shape.ts';
import type { HookValues } from '../attention/values.ts';
import { columnsOf } from '../conditioning/conditioning.ts';
import type { BranchLayout } from './layout.ts';

/** Above this factor a word's share of the softmax is not raised further; the rest of the weight multiplies its values. */
const LARGEST_BIAS = 3;

/**
 * Prompt weights as attention: for image rows the columns of a word with weight c get log c added to their logits (c in 0..3), which
 * multiplies their probabilities by c and renormalises; what is above 3 multiplies the word's values instead, and a negative weight
 * does so alone, since a probability cannot be negative (Prompt-to-Prompt's reweighting, arXiv 2208.01626, with and without
 * renormalising). Rows of negative prompts are weighted by their own marks. Without any weight other than 1 there is no operation, hence the plain graph.
 */
export function wordWeights(layout: BranchLayout): {
  readonly operations: readonly ShapeOp[];
  readonly values: HookValues;
} {
  const textTokens = layout.sizes.tokens.text.length;
  const factors = layout.rows.map(({ condition }) => {
    const columns = new Float32Array(textTokens).fill(1);
    for (const { start, end, weight } of condition.weights)
      for (const column of columnsOf(condition, start, end)) columns[column] = weight;
    return columns;
  });
  const all = factors.flatMap((columns) => [...columns]);
  if (all.every((factor) => factor === 1)) return { operations: [], values: {} };
  const gain = all.some((factor) => factor < 0 || factor > LARGEST_BIAS);
  const operation: ShapeOp = {
    op: 'shape',
    id: 'weights',
    rows: 'image',
    cols: 'text',
    layers: 'all',
    sites: 'joint',
    bias: true,
    ...(gain ? { gain } : {}),
  };
  const biasOf = (factor: number) => (factor < 0 ? 0 : Math.log(Math.min(factor, LARGEST_BIAS)));
  const gainOf = (factor: number) => (factor < 0 ? factor : Math.max(1, factor / LARGEST_BIAS));
  return {
    operations: [operation],
    values: shapeValues(operation, layout.sizes, {
      bias: factors.map((columns) => columns.map(biasOf)),
      ...(gain ? { gain: factors.map((columns) => columns.map(gainOf)) } : {}),
    }),
  };
}
