import { ElementwiseOps } from './elementwise.ts';
import {
  axesOf,
  axisOf,
  broadcastTo,
  concatenated,
  extentOf,
  padded,
  rangeOf,
  require,
  reshaped,
  sameShape,
  sameType,
  show,
  transposed,
  typed,
  withExtent,
} from './shapes.ts';
import type { Shape, Value } from './values.ts';

/** Operators that move elements and leave them as they are. A negative axis counts from the end. */
export class LayoutOps extends ElementwiseOps {
  /** The same elements in row-major order under another shape; one extent may be -1. */
  reshape(x: Value, shape: Shape): Value {
    const target = this.check('Reshape', [x], () => reshaped(x.shape, shape));
    if (sameShape(target, x.shape)) return x;
    // Without allowzero an extent of 0 would mean "as in x".
    const attributes = target.includes(0) ? { allowzero: { int: 1 } } : {};
    return this.node('Reshape', [x, this.indices(target)], () => ({ type: x.type, shape: target }), attributes);
  }

  /** Axis i of the result is axis perm[i] of x. */
  transpose(x: Value, perm: readonly number[]): Value {
    return this.node('Transpose', [x], () => ({ type: x.type, shape: transposed(x.shape, perm) }), {
      perm: { ints: perm },
    });
  }

  concat(values: readonly Value[], axis: number): Value {
    const [first] = values;
    const shape = this.check('Concat', values, () => {
      sameType(...values);
      return concatenated(
        values.map((value) => value.shape),
        axis,
      );
    });
    if (values.length === 1 && first !== undefined) return first;
    return this.node('Concat', values, () => ({ type: sameType(...values), shape }), { axis: { int: axis } });
  }

  /** Elements start, start + step, ... before `end` of one axis; negative bounds count from its end. */
  slice(x: Value, axis: number, start: number, end: number, step = 1): Value {
    const range = this.check('Slice', [x], () => rangeOf(extentOf(x.shape, axis), start, end, step));
    const shape = this.check('Slice', [x], () => withExtent(x.shape, axis, range.length));
    if (sameShape(shape, x.shape)) return x;
    const bounds = [[range.start], [range.start + (range.length - 1) * step + 1], [axis], [step]];
    const operands = [x, ...bounds.map((bound) => this.indices(bound))];
    return this.node('Slice', operands, () => ({ type: x.type, shape }));
  }

  /** Cuts one axis: into `parts` equal pieces, or into pieces of the given lengths. */
  split(x: Value, axis: number, parts: number | readonly number[]): readonly Value[] {
    const lengths = this.check('Split', [x], () => {
      const extent = extentOf(x.shape, axis);
      if (typeof parts !== 'number') return parts;
      require(extent % parts === 0, `${extent} does not divide into ${parts}`);
      return new Array<number>(parts).fill(extent / parts);
    });
    return this.nodes(
      'Split',
      [x, this.indices(lengths)],
      () => {
        const total = lengths.reduce((sum, length) => sum + length, 0);
        require(total === extentOf(x.shape, axis), `${show(lengths)} does not add up to ${extentOf(x.shape, axis)}`);
        return lengths.map((length) => ({ type: x.type, shape: withExtent(x.shape, axis, length) }));
      },
      { axis: { int: axis } },
    );
  }

  /** Picks entries along one axis; the index's axes take its place. */
  gather(x: Value, index: Value, axis: number): Value {
    return this.node(
      'Gather',
      [x, index],
      () => {
        typed(index, 'int64', 'int32');
        const along = axisOf(axis, x.shape.length);
        return { type: x.type, shape: [...x.shape.slice(0, along), ...index.shape, ...x.shape.slice(along + 1)] };
      },
      { axis: { int: axis } },
    );
  }

  /** Repeats axes of extent 1, and adds leading ones, up to `shape`. */
  expand(x: Value, shape: Shape): Value {
    const target = this.check('Expand', [x], () => broadcastTo(x.shape, shape));
    if (sameShape(target, x.shape)) return x;
    return this.node('Expand', [x, this.indices(target)], () => ({ type: x.type, shape: target }));
  }

  /** Drops axes of extent 1. */
  squeeze(x: Value, axes: readonly number[]): Value {
    const shape = this.check('Squeeze', [x], () => {
      const gone = axesOf(axes, x.shape.length);
      for (const axis of gone) require(x.shape[axis] === 1, `axis ${axis} is not 1`);
      return x.shape.filter((_, axis) => !gone.includes(axis));
    });
    return this.reshape(x, shape);
  }

  /** Puts in axes of extent 1; `axes` count in the result. */
  unsqueeze(x: Value, axes: readonly number[]): Value {
    const shape = this.check('Unsqueeze', [x], () => {
      const rank = x.shape.length + axes.length;
      const added = new Set(axesOf(axes, rank));
      const kept = x.shape.values();
      return Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : (kept.next().value ?? 1)));
    });
    return this.reshape(x, shape);
  }

  /** Surrounds x with zeros. `pads`: the beginnings of all axes, then the ends, as in ONNX. */
  pad(x: Value, pads: readonly number[]): Value {
    return this.node('Pad', [x, this.indices(pads)], () => ({ type: x.type, shape: padded(x.shape, pads) }));
  }
}
