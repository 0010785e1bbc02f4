import type { ElementType, Shape, Value } from './values.ts';

/**
 * The shape rules: what an operator makes of its operands' shapes. A rule throws Misfit with half a sentence; the builder, which
 * knows scope, operator and operands, makes an AttuneError of it.
 */
export class Misfit extends Error {}

export function require(condition: boolean, complaint: string): asserts condition {
  if (!condition) throw new Misfit(complaint);
}

export const show = (shape: Shape): string => `[${shape.join(',')}]`;

export function size(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A shape that can exist. */
export function valid(shape: Shape): Shape {
  for (const extent of shape) {
    require(Number.isInteger(extent) && extent >= 0 && extent < 2 ** 31, `${show(shape)} is no shape`);
  }
  return [...shape];
}

export function extentOf(shape: Shape, axis: number): number {
  return shape[axisOf(axis, shape.length)] ?? 0;
}

/** A negative axis counts from the end. */
export function axisOf(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  require(Number.isInteger(axis) && positive >= 0 && positive < rank, `axis ${axis} does not exist at rank ${rank}`);
  return positive;
}

export function axesOf(axes: readonly number[], rank: number): readonly number[] {
  const positive = axes.map((axis) => axisOf(axis, rank)).sort((a, b) => a - b);
  require(new Set(positive).size === positive.length, `axes ${show(axes)} repeat`);
  return positive;
}

/** The one type all operands have. */
export function sameType(...values: readonly Value[]): ElementType {
  const [first] = values;
  require(first !== undefined, 'no operands');
  for (const value of values) require(value.type === first.type, 'the types differ');
  return first.type;
}

export function typed<T extends ElementType>(value: Value, ...allowed: readonly T[]): T {
  const found = allowed.find((type) => type === value.type);
  require(found !== undefined, `${value.type} where ${allowed.join(' or ')} is expected`);
  return found;
}

/** The CPU provider computes in float32 alone; weights are widened by a Cast. */
export function floats(...values: readonly Value[]): 'float32' {
  for (const value of values) typed(value, 'float32');
  return 'float32';
}

/** Numpy's rule: align at the last axis; 1 stretches. */
export function broadcast(...shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const extents = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const extent = extents.find((candidate) => candidate !== 1) ?? 1;
    require(extents.every((other) => other === 1 || other === extent), 'the shapes do not broadcast');
    return extent;
  });
}

export function broadcastTo(shape: Shape, target: Shape): Shape {
  const result = broadcast(shape, valid(target));
  require(sameShape(result, target), `it does not broadcast to ${show(target)}`);
  return result;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** [..., m, k] x [..., k, n] -> [..., m, n]; the leading axes broadcast. */
export function matmulShape(a: Shape, b: Shape): Shape {
  require(a.length >= 2 && b.length >= 2, 'both operands need two axes or more');
  require(extentOf(a, -1) === extentOf(b, -2), `${extentOf(a, -1)} columns meet ${extentOf(b, -2)} rows`);
  return [...broadcast(a.slice(0, -2), b.slice(0, -2)), extentOf(a, -2), extentOf(b, -1)];
}

/** At most one -1, which takes what is left. */
export function reshaped(from: Shape, to: Shape): Shape {
  const open = to.indexOf(-1);
  const known = size(to.filter((_, axis) => axis !== open));
  const shape = open < 0 ? to : to.map((extent, axis) => (axis === open ? size(from) / known : extent));
  require(valid(shape) && size(shape) === size(from), `${size(from)} elements do not have shape ${show(to)}`);
  return shape;
}

export function transposed(shape: Shape, perm: readonly number[]): Shape {
  require(perm.length === shape.length, `${show(perm)} is no permutation of ${shape.length} axes`);
  axesOf(perm, shape.length);
  return perm.map((axis) => extentOf(shape, axis));
}

export function concatenated(shapes: readonly Shape[], axis: number): Shape {
  const [first] = shapes;
  require(first !== undefined, 'nothing to concatenate');
  const along = axisOf(axis, first.length);
  const rest = (shape: Shape): Shape => shape.filter((_, i) => i !== along);
  for (const shape of shapes) {
    require(shape.length === first.length &&
      sameShape(rest(shape), rest(first)), `the shapes differ beside axis ${along}`);
  }
  const total = shapes.reduce((sum, shape) => sum + extentOf(shape, along), 0);
  return first.map((extent, i) => (i === along ? total : extent));
}

/** A half-open range of one axis; negative bounds count from its end. */
export function rangeOf(extent: number, start: number, end: number, step: number): { start: number; length: number } {
  const from = start < 0 ? start + extent : start;
  const to = end < 0 ? end + extent : end;
  const inside = [from, to].every((bound) => Number.isInteger(bound) && bound >= 0 && bound <= extent) && from <= to;
  require(inside, `${start}..${end} is no range of ${extent}`);
  require(Number.isInteger(step) && step >= 1, `step ${step} is not positive`);
  return { start: from, length: Math.ceil((to - from) / step) };
}

export function withExtent(shape: Shape, axis: number, extent: number): Shape {
  const along = axisOf(axis, shape.length);
  return shape.map((old, i) => (i === along ? extent : old));
}

export function reduced(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  const gone = new Set(axesOf(axes, shape.length));
  return keepDims ? shape.map((extent, i) => (gone.has(i) ? 1 : extent)) : shape.filter((_, i) => !gone.has(i));
}

/** `pads`: ONNX order, the beginnings of all axes, then the ends. */
export function padded(shape: Shape, pads: readonly number[]): Shape {
  require(pads.length === 2 * shape.length, `${pads.length} pads for ${shape.length} axes`);
  return valid(shape.map((extent, i) => extent + (pads[i] ?? 0) + (pads[i + shape.length] ?? 0)));
}

/**
 * [B,C,...] by [O,C,...] -> [B,O,...] over two or three axes; one stride an axis; `pads`: the beginnings of these axes, then the ends (of an
 * image top, left, bottom, right).
 */
export function convolved(x: Shape, w: Shape, axes: 2 | 3, strides: Shape, pads: readonly number[]): Shape {
  const [batch = 0, channels, ...extents] = x;
  const [outputs = 0, inputs, ...kernel] = w;
  const rank = axes === 2 ? 'four' : 'five';
  require(x.length === axes + 2 && w.length === axes + 2, `image and kernel need ${rank} axes`);
  require(channels === inputs, `${channels} channels meet a kernel for ${inputs}`);
  require(pads.length === 2 * axes, `${pads.length} pads for ${axes === 2 ? 'two' : 'three'} axes`);
  require(strides.length === axes, `${strides.length} strides for ${axes === 2 ? 'two' : 'three'} axes`);
  const along = extents.map((extent, axis) => {
    const room = extent + (pads[axis] ?? 0) + (pads[axis + axes] ?? 0) - (kernel[axis] ?? 0);
    return Math.floor(room / (strides[axis] ?? 1)) + 1;
  });
  return valid([batch, outputs, ...along]);
}

/** [B,S,H*D], [B,L,H*D], [B,L,H*E] -> [B,S,H*E]. */
export function attended(q: Shape, k: Shape, v: Shape, heads: number): Shape {
  require([q, k, v].every((shape) => shape.length === 3), 'operands need three axes [batch, tokens, heads * size]');
  require(q[0] === k[0] && q[0] === v[0], 'the batches differ');
  require(q[2] === k[2], 'query and key differ in width');
  require(k[1] === v[1], 'key and value differ in length');
  require(Number.isInteger(heads) &&
    heads > 0 &&
    extentOf(q, 2) % heads === 0 &&
    extentOf(v, 2) % heads === 0, `the widths do not divide into ${heads} heads`);
  return [extentOf(q, 0), extentOf(q, 1), extentOf(v, 2)];
}
