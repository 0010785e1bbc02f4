import { floatTensor, valueAt } from '../base/tensor.ts';
import type { Value } from '../graph/builder.ts';
import { type Block, bySegment, type Piece, type ValueTerm } from './block.ts';
import { assemble, join } from './fused.ts';
import { type CaptureOp, refuse } from './ops.ts';
import type { Primitive } from './primitive.ts';
import type { SiteScope } from './scope.ts';
import { columnsLength, type HookSizes } from './sizes.ts';
import { type HookInput, type HookValues, inputName, wrong } from './values.ts';

/**
 * Read-outs linear in the probabilities are further channels of v: the kernel sums the indicators of the chosen columns as it sums the
 * values: A [v, c] = [A v, A c]. They see what the later stages do: a gain, a share, a fork count.
 */
export const capturePrimitive: Primitive<CaptureOp> = {
  stage: 'capture',
  // Further rows are evaluated and cut off.
  separatesRows: () => false,

  check(op, sizes) {
    if (op.what === 'mass') {
      if (op.cols === undefined || op.count === undefined) throw refuse(op, 'a mass needs columns and a count');
      if (!Number.isInteger(op.count) || op.count < 1) throw refuse(op, `${op.count} indicators make no read-out`);
      columnsLength(sizes, op.cols);
    } else if (op.what === 'temporal' && op.rows !== 'image') {
      throw refuse(op, 'temporal maps have image rows');
    }
  },

  inputs(op, sizes) {
    if (op.what !== 'mass') return [];
    const shape = [sizes.batch, columnsLength(sizes, op.cols ?? 'all'), op.count ?? 0];
    const neutral = () => floatTensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
    const input: HookInput = { name: inputName(op, 'columns'), type: 'float32', shape, neutral };
    return [input];
  },
};

/** Channels that ride along with the values: by segment [B, L, width], null for 0. */
export interface Channel {
  readonly width: number;
  values(block: Block): readonly (Value | null)[];
}

export function massChannel(scope: SiteScope, op: CaptureOp): Channel {
  const columns = scope.columns(op.cols ?? 'all');
  return {
    width: op.count ?? 0,
    values: (block) => bySegment(scope.g, block.segments, columns, scope.tokenInput(op, 'columns', op.cols ?? 'all')),
  };
}

/** The mass of a whole row: 1 before any gain. */
export function onesChannel(scope: SiteScope): Channel {
  const { g, site } = scope;
  return {
    width: 1,
    values: (block) => block.segments.map(({ length }) => g.expand(g.scalar(1), [site.batch, length, 1])),
  };
}

/** The block with the channels behind the values of its (single, not yet shaped) value term. */
export function withChannels(scope: SiteScope, block: Block, channels: readonly Channel[]): Block {
  if (channels.length === 0) return block;
  const { g, site } = scope;
  const lengths = block.segments.map(({ length }) => length);
  const attach = (term: ValueTerm): ValueTerm => {
    const v = assemble(g, term.v, lengths);
    const further = channels.map((channel) => {
      const parts = channel
        .values(block)
        .map((part, i) => part ?? g.expand(g.scalar(0), [site.batch, valueAt(lengths, i), channel.width]));
      const all = join(g, parts, 1);
      const [batch = 1, columns = 1, width = 1] = all.shape;
      return g.expand(g.reshape(all, [batch, columns, 1, width]), [batch, columns, site.heads, width]);
    });
    const whole = join(g, [v, ...further], 3);
    let start = 0;
    const pieces = lengths.map((length): Piece => {
      start += length;
      return { whole, start: start - length, length };
    });
    return { ...term, v: pieces, width: valueAt(whole.shape, 3) };
  };
  return { ...block, values: block.values.map(attach) };
}

/** The indicators of a mass: for each batch row the weights [columns, count], 1 = counts. */
export function massValues(op: CaptureOp, sizes: HookSizes, indicators: readonly Float32Array[]): HookValues {
  const shape = [sizes.batch, columnsLength(sizes, op.cols ?? 'all'), op.count ?? 0];
  const [, length = 0, count = 0] = shape;
  if (indicators.length !== sizes.batch) {
    throw wrong(op, 'columns', `${indicators.length} indicators for ${sizes.batch} batch rows`);
  }
  const data = new Float32Array(sizes.batch * length * count);
  indicators.forEach((one, row) => {
    if (one.length !== length * count) throw wrong(op, 'columns', `${one.length} values for ${length} x ${count}`);
    data.set(one, row * length * count);
  });
  return { [inputName(op, 'columns')]: floatTensor(data, shape) };
}
