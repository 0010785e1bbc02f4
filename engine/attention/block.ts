import { valueAt } from '../base/tensor.ts';
import type { GraphBuilder, Value } from '../graph/builder.ts';
import type { Columns } from './ops.ts';
import type { TokenSpan } from './site.ts';

/**
 * One row group of one attention call while operations are folded into it. The result it stands for is
 *
 *     sum over value terms of  rows * ( softmax( scale * sum over terms of q k^T + sum over additions of rows columns^T ) v )
 *
 * and `fused.ts` evaluates it as a single fused attention with wider heads. All parts are immutable; a primitive returns a new block.
 */
export interface Block {
  readonly rows: RowGroup;
  /** The columns in order; every term, addition and value below has one entry per segment. */
  readonly segments: readonly Segment[];
  readonly terms: readonly LogitTerm[];
  readonly additions: readonly Addition[];
  readonly values: readonly ValueTerm[];
  /** Redistribution of mass after the softmax, at most one. */
  readonly share?: Share;
}

export interface RowGroup extends TokenSpan {
  readonly span: 'text' | 'image' | 'all';
}

export interface Segment {
  readonly span: 'text' | 'image' | { readonly extended: string };
  /** Columns. */
  readonly length: number;
  /** Tokens of the span, the length of a field over it. */
  readonly tokens: number;
  /** [B, length] int64, the token of the span that each column stands for; null: the span's tokens in order. */
  readonly index: Value | null;
}

/** A run of tokens of a tensor [B, tokens, H, D], cut out only where that is needed. */
export interface Piece {
  readonly whole: Value;
  readonly start: number;
  readonly length: number;
}

/** q: [B, R, H, D]; keys by segment, null where the term adds nothing. */
export interface LogitTerm {
  readonly q: Value;
  readonly k: readonly (Piece | null)[];
}

/** rows: [B, R], null for 1; columns by segment [B, length, 1 or H], null for 0. */
export interface Addition {
  readonly rows: Value | null;
  readonly columns: readonly (Value | null)[];
}

/** rows: [B, R], null for 1; values by segment, null for 0; all of `width` channels per head. */
export interface ValueTerm {
  readonly rows: Value | null;
  readonly v: readonly (Piece | null)[];
  readonly width: number;
}

export interface Share {
  readonly mode: 'keep' | 'fixed';
  /** By segment [B, length], 1 inside the group; null for 0. */
  readonly group: readonly (Value | null)[];
  /** [B, R] */
  readonly share: Value;
  /** [B, R] */
  readonly amount: Value;
}

export function piece(whole: Value): Piece {
  return { whole, start: 0, length: valueAt(whole.shape, 1) };
}

export function cut(g: GraphBuilder, { whole, start, length }: Piece): Value {
  return start === 0 && length === whole.shape[1] ? whole : g.slice(whole, 1, start, start + length);
}

/** Whether a segment belongs to the columns an operation names. */
export function covers(segment: Segment, columns: Columns): boolean {
  if (typeof columns === 'object')
    return typeof segment.span === 'object' && segment.span.extended === columns.extended;
  return columns === 'all' ? typeof segment.span === 'string' : segment.span === columns;
}

/**
 * Tokens of `x` [B, L, ...] by a run-time index [B, P], from the own batch row or from that in `from` [B]: [B, P, ...]. One gather on
 * the flattened batch and token axes.
 */
export function pick(g: GraphBuilder, x: Value, index: Value, from: Value | null = null): Value {
  const [batch = 1, length = 1, ...rest] = x.shape;
  const picked = valueAt(index.shape, 1);
  const row =
    from === null
      ? g.constant(
          'int64',
          [batch, 1],
          Array.from({ length: batch }, (_, b) => b * length),
        )
      : g.mul(g.reshape(from, [batch, 1]), g.constant('int64', [1, 1], [length]));
  const flat = g.reshape(g.add(index, row), [batch * picked]);
  return g.reshape(g.gather(g.reshape(x, [batch * length, ...rest]), flat, 0), [batch, picked, ...rest]);
}

/** Lays a field over `columns` [B, L, ...] out by segment; null where the columns do not reach. */
export function bySegment(
  g: GraphBuilder,
  segments: readonly Segment[],
  columns: Columns,
  field: Value,
): readonly (Value | null)[] {
  let start = 0;
  return segments.map((segment) => {
    if (!covers(segment, columns)) return null;
    const end = start + segment.tokens;
    const own = start === 0 && end === field.shape[1] ? field : g.slice(field, 1, start, end);
    start = end;
    return segment.index === null ? own : pick(g, own, segment.index);
  });
}

/** As `bySegment` for tokens of a tensor [B, L, H, D] (L over `columns`); nothing is cut before it is needed. */
export function piecesBySegment(
  g: GraphBuilder,
  segments: readonly Segment[],
  columns: Columns,
  tokens: Piece,
): readonly (Piece | null)[] {
  let start = tokens.start;
  return segments.map((segment) => {
    if (!covers(segment, columns)) return null;
    const own: Piece = { whole: tokens.whole, start, length: segment.tokens };
    start += segment.tokens;
    return segment.index === null ? own : piece(pick(g, cut(g, own), segment.index));
  });
}

/** Maps the covered entries, leaves the others. */
export function mapCovered<T>(
  segments: readonly Segment[],
  columns: Columns,
  entries: readonly T[],
  change: (entry: T, index: number) => T,
): readonly T[] {
  return entries.map((entry, i) => {
    const segment = segments[i];
    return segment !== undefined && covers(segment, columns) ? change(entry, i) : entry;
  });
}
