import type { GraphBuilder, Value } from '../../engine/graph/builder.ts';

/** Base of the frequencies, unless a network has its own. */
const THETA = 10_000;

/** Cosines and sines of one axis or of several side by side: row-major [positions, pairs]. */
export interface RotaryTable {
  readonly pairs: number;
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

export interface RotaryAngleOptions {
  /** Base of the frequencies. Default 10,000. */
  readonly theta?: number;
  /** `single` (default) rounds every stage to float32; `double` rounds only the finished table. */
  readonly precision?: 'single' | 'double';
}

/**
 * Angles of positions along one axis as diffusers' `get_1d_rotary_pos_embed` makes them: position * theta^(-2i / channels) for the pairs i
 * of `channels`.
 */
export function rotaryAngles(
  positions: ArrayLike<number>,
  channels: number,
  { theta = THETA, precision = 'single' }: RotaryAngleOptions = {},
): RotaryTable {
  const pairs = channels / 2;
  const round = precision === 'single' ? Math.fround : (value: number) => value;
  const frequencies = Array.from({ length: pairs }, (_, i) => round(1 / round(theta ** round((2 * i) / channels))));
  const cos = new Float32Array(positions.length * pairs);
  const sin = new Float32Array(positions.length * pairs);
  for (let p = 0; p < positions.length; p += 1)
    for (const [i, frequency] of frequencies.entries()) {
      const angle = round((positions[p] ?? 0) * frequency);
      cos[p * pairs + i] = Math.cos(angle);
      sin[p * pairs + i] = Math.sin(angle);
    }
  return { pairs, cos, sin };
}

/** The table of a grid's cells, the last axis fastest: each cell has the pairs of its position on the first axis, then the second, .... */
export function rotaryGrid(axes: readonly RotaryTable[]): RotaryTable {
  return axes.reduce((outer, inner) => {
    const pairs = outer.pairs + inner.pairs;
    const [rows, columns] = [outer.cos.length / outer.pairs, inner.cos.length / inner.pairs];
    const join = (a: Float32Array, b: Float32Array) => {
      const joined = new Float32Array(rows * columns * pairs);
      for (let cell = 0; cell < rows * columns; cell += 1) {
        const [row, column] = [Math.floor(cell / columns), cell % columns];
        joined.set(a.subarray(row * outer.pairs, (row + 1) * outer.pairs), cell * pairs);
        joined.set(b.subarray(column * inner.pairs, (column + 1) * inner.pairs), cell * pairs + outer.pairs);
      }
      return joined;
    };
    return { pairs, cos: join(outer.cos, inner.cos), sin: join(outer.sin, inner.sin) };
  });
}

/** A rotary table as constants of a graph, with `still` tokens in front that are not turned: cos, sin [still + cells, pairs]. */
export function rotaryConstants(g: GraphBuilder, { pairs, cos, sin }: RotaryTable, still: number): RotaryValues {
  const rows = still + cos.length / pairs;
  const withStill = (table: Float32Array, value: number) => {
    const data = new Float32Array(rows * pairs).fill(value, 0, still * pairs);
    data.set(table, still * pairs);
    return g.constant('float32', [rows, pairs], data);
  };
  return { cos: withStill(cos, 1), sin: withStill(sin, 0) };
}

export interface RotaryValues {
  readonly cos: Value;
  readonly sin: Value;
}
