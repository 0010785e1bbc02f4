import { capturePrimitive } from './capture.ts';
import { extendPrimitive } from './extend.ts';
import { filterPrimitive } from './filter.ts';
import { forkPrimitive } from './fork.ts';
import type { AttentionOp, OpOf } from './ops.ts';
import type { Primitive } from './primitive.ts';
import { routePrimitive } from './route.ts';
import { shapePrimitive } from './shape.ts';
import { sharePrimitive } from './share.ts';

/** Every kind of operation; a new one is a file like its neighbours, a type in ops.ts and a line here. */
export const primitives: { readonly [Name in AttentionOp['op']]: Primitive<OpOf<Name>> } = {
  route: routePrimitive,
  extend: extendPrimitive,
  filter: filterPrimitive,
  shape: shapePrimitive,
  share: sharePrimitive,
  fork: forkPrimitive,
  capture: capturePrimitive,
};

/** The primitive of an operation. */
export function primitiveOf<Op extends AttentionOp>(op: Op): Primitive<Op> {
  // The table's type pairs each name with the primitive of that operation; the compiler cannot follow the name through `op.op`.
  return primitives[op.op] as unknown as Primitive<Op>;
}
