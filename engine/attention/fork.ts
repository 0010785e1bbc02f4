import { valueAt } from '../base/tensor.ts';
import type { GraphBuilder, Value } from '../graph/builder.ts';
import { toRank4 } from './fused.ts';
import { type ForkOp, refuse } from './ops.ts';
import type { Primitive } from './primitive.ts';
import { type HookSizes, spanIn } from './sizes.ts';
import { type Fields, fieldTensor, floatInput, type HookValues, inputName } from './values.ts';

/** A second softmax under other operations, mixed by row (masked sharing of keys and values, blended reference). */
export const forkPrimitive: Primitive<ForkOp> = {
  stage: 'fork',
  separatesRows: (op) => op.rows !== 'all',

  check(op) {
    for (const inner of op.alt) {
      if (inner.op === 'capture' && ['q', 'k', 'v', 'out'].includes(inner.what)) {
        throw refuse(inner, `"${inner.what}" is read outside forks`);
      }
    }
  },

  inputs: (op, sizes) => [floatInput(inputName(op, 'mix'), [sizes.batch, spanIn(sizes.tokens, op.rows).length], 0)],
};

/** Mixes two results [B, R, H, W] by `mix` [B, R]. `fill` finds the mass of each in the last channel. */
export function mixed(g: GraphBuilder, mode: ForkOp['mode'], own: Value, alt: Value, mix: Value): Value {
  const amount = toRank4(g, mix);
  if (mode === 'add') return g.add(own, g.mul(amount, alt));
  const other = mode === 'blend' ? alt : filled(g, own, alt);
  // Not own + m (other - own): at m = 1 the other's bits count.
  return g.add(g.mul(g.sub(g.scalar(1), amount), own), g.mul(amount, other));
}

function filled(g: GraphBuilder, own: Value, alt: Value): Value {
  const width = valueAt(own.shape, 3);
  const mass = (x: Value) => g.slice(x, 3, width - 1, width);
  // The other's mass may exceed 1 (a gain, a map of several targets on one source): then nothing is left to fill.
  const missing = g.max(g.sub(g.scalar(1), mass(alt)), g.scalar(0));
  const rest = g.div(missing, g.max(mass(own), g.scalar(1e-30)));
  return g.add(alt, g.mul(own, rest));
}

/** `mix`: 0..1 per row and batch row; 0 is the result without the fork. */
export function forkValues(op: ForkOp, sizes: HookSizes, amounts: { readonly mix: Fields }): HookValues {
  const rows = spanIn(sizes.tokens, op.rows).length;
  return { [inputName(op, 'mix')]: fieldTensor(op, 'mix', amounts.mix, sizes.batch, rows) };
}
