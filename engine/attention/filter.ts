import { elementCount, floatTensor } from '../base/tensor.ts';
import type { GraphBuilder, Value } from '../graph/builder.ts';
import { covers, cut, piece } from './block.ts';
import { type FilterOp, refuse } from './ops.ts';
import type { Primitive } from './primitive.ts';
import type { HookSizes } from './sizes.ts';
import { type HookInput, type HookValues, inputName, wrong } from './values.ts';

/**
 * A linear map on the values: A (M V) = (A M) V, the same map on the columns of the probabilities. Over time it is ByTheWay's
 * frequency filter (arXiv 2410.06241) on the joint map, over the text columns Prompt-to-Prompt's word mapper (arXiv 2208.01626) in its
 * published form.
 */
export const filterPrimitive: Primitive<FilterOp> = {
  stage: 'filter',
  separatesRows: (op) => op.rows !== 'all',

  check(op, sizes) {
    if (matrixSide(op, sizes) === 0) throw refuse(op, 'there is nothing along this axis');
  },

  inputs(op, sizes) {
    const side = matrixSide(op, sizes);
    const shape = [sizes.batch, side, side];
    const name = inputName(op, 'matrix');
    const input: HookInput = { name, type: 'float32', shape, neutral: () => identity(shape, side) };
    return [input];
  },

  fold(scope, block, op) {
    const { g } = scope;
    const matrix = scope.input(op, 'matrix');
    const span = op.along === 'time' ? 'image' : 'text';
    const { frames } = scope.site.tokens.image;
    const mapped = block.segments.map((segment) => {
      if (!covers(segment, span)) return false;
      if (segment.index !== null)
        throw refuse(op, 'these columns stand for mapped pairs; filter before mapping is not defined');
      return true;
    });
    const values = block.values.map((term) => ({
      ...term,
      v: term.v.map((entry, i) => {
        if (entry === null || !mapped[i]) return entry;
        return piece(mix(g, matrix, cut(g, entry), op.along === 'time' ? frames : entry.length));
      }),
    }));
    return { ...block, values };
  },
};

function matrixSide(op: FilterOp, sizes: HookSizes): number {
  return op.along === 'time' ? sizes.tokens.image.frames : sizes.tokens.text.length;
}

/** [B, L, H, W] with the matrix [B, side, side] applied along the slower part of L (frames, or all tokens). */
function mix(g: GraphBuilder, matrix: Value, v: Value, side: number): Value {
  const [batch = 1] = v.shape;
  return g.reshape(g.matmul(matrix, g.reshape(v, [batch, side, -1])), v.shape);
}

function identity(shape: readonly number[], side: number) {
  const onDiagonal = (i: number) => Math.floor(i / side) % side === i % side;
  return floatTensor(
    Float32Array.from({ length: elementCount(shape) }, (_, i) => (onDiagonal(i) ? 1 : 0)),
    shape,
  );
}

/** `matrix`: row-major [side, side] for each batch row. */
export function filterValues(op: FilterOp, sizes: HookSizes, matrix: readonly Float32Array[]): HookValues {
  const side = matrixSide(op, sizes);
  const data = new Float32Array(sizes.batch * side * side);
  if (matrix.length !== sizes.batch)
    throw wrong(op, 'matrix', `${matrix.length} matrices for ${sizes.batch} batch rows`);
  matrix.forEach((one, row) => {
    if (one.length !== side * side) throw wrong(op, 'matrix', `${one.length} entries for ${side} x ${side}`);
    data.set(one, row * side * side);
  });
  return { [inputName(op, 'matrix')]: floatTensor(data, [sizes.batch, side, side]) };
}
