import { floatTensor, indexTensor, type Tensor } from '../base/tensor.ts';
import type { Value } from '../graph/builder.ts';
import {
  type Block,
  bySegment,
  covers,
  cut,
  type LogitTerm,
  mapCovered,
  type Piece,
  pick,
  piece,
  piecesBySegment,
  type Segment,
  type ValueTerm,
} from './block.ts';
import { toRank4 } from './fused.ts';
import { type Columns, type RouteOp, refuse } from './ops.ts';
import type { Primitive } from './primitive.ts';
import type { SiteScope } from './scope.ts';
import { type HookSizes, spanIn } from './sizes.ts';
import {
  branchTensor,
  checkIndices,
  type Fields,
  fieldTensor,
  floatInput,
  HARD_MASK,
  type HookInput,
  type HookValues,
  indexInput,
  inputName,
  wrong,
} from './values.ts';

/**
 * Block routing. The routed logits are a further term of the sum q k^T: q' = [q, q_src], k' = [(1-w) k, w k_src] with w = 0 outside
 * the block, so the joint softmax stays normalised and nothing is materialised (Prompt-to-Prompt, arXiv 2208.01626, one step
 * before the probabilities).
 */

const parts = ['q', 'k', 'v'] as const;
type Part = (typeof parts)[number];

/** The name of the input that says where a part comes from; null if it is the own. */
function vectorOf(op: RouteOp, part: Part): string | null {
  const source = op[part];
  if (source === undefined || source === false) return null;
  return source === true ? inputName(op, 'from') : `${source}.from`;
}

function columnCount(op: RouteOp, sizes: HookSizes): number {
  return op.pairs ?? spanIn(sizes.tokens, op.cols).length;
}

export const routePrimitive: Primitive<RouteOp> = {
  stage: 'route',
  separatesRows: (op) => op.rows !== 'all',

  check(op, sizes) {
    if (parts.every((part) => vectorOf(op, part) === null)) throw refuse(op, 'one of q, k and v must be routed');
    if (op.pairs === undefined) return;
    if (op.cols === 'all') throw refuse(op, 'pairs need the columns of one span, "text" or "image"');
    const columns = spanIn(sizes.tokens, op.cols).length;
    if (op.pairs < columns) throw refuse(op, `${op.pairs} pairs cannot stand for ${columns} columns`);
  },

  inputs(op, sizes) {
    const { batch } = sizes;
    const vectors = new Set(parts.map((part) => vectorOf(op, part)).filter((name) => name !== null));
    const inputs: HookInput[] = [...vectors].map((name) => indexInput(name, [batch], (row) => row));
    const columns = columnCount(op, sizes);
    const { pairs } = op;
    if (op.weight) inputs.push(floatInput(inputName(op, 'weight'), [batch, columns], 1));
    if (op.heads) inputs.push(floatInput(inputName(op, 'heads'), [sizes.heads], 1));
    if (pairs !== undefined) {
      const tokens = spanIn(sizes.tokens, op.cols).length;
      const identity = (position: number) => Math.min(position % pairs, tokens - 1);
      inputs.push(indexInput(inputName(op, 'source'), [batch, pairs], identity));
      inputs.push(indexInput(inputName(op, 'target'), [batch, pairs], identity));
      const shape = [batch, pairs];
      const neutral = Float32Array.from({ length: batch * pairs }, (_, i) => (i % pairs < tokens ? 0 : HARD_MASK));
      const logWeight = { name: inputName(op, 'logWeight'), type: 'float32', shape } as const;
      inputs.push({ ...logWeight, neutral: () => floatTensor(neutral, shape) });
    }
    return inputs;
  },

  fold(scope, before, op) {
    const columns = scope.columns(op.cols);
    const block = op.pairs === undefined ? before : remapped(scope, before, op);
    const weight = blockWeight(scope, block, op);
    const routed = routedLogits(scope, block, op, weight);
    const from = vectorOf(op, 'v');
    if (from === null) return routed;
    const incoming = incomingTokens(scope, block, op, scope.routed(op, 'v', from));
    return {
      ...routed,
      values: routed.values.map((term) => routedValues(scope, block, term, columns, incoming, weight)),
    };
  },
};

/** Puts the pairs in place of the columns: everything the block holds is picked by the target tokens. */
function remapped(scope: SiteScope, block: Block, op: RouteOp): Block {
  const { g } = scope;
  const columns = scope.columns(op.cols);
  const target = scope.input(op, 'target');
  const length = op.pairs ?? 0;
  const segments = block.segments.map((segment): Segment => {
    if (!covers(segment, columns)) return segment;
    if (segment.index !== null) throw refuse(op, 'these columns have been mapped before; one map per span');
    return { ...segment, length, index: target };
  });
  const move = (entry: Piece | null) => entry && piece(pick(g, cut(g, entry), target));
  const moveColumns = (entry: Value | null) => entry && pick(g, entry, target);
  const mapPieces = (entries: readonly (Piece | null)[]) => mapCovered(segments, columns, entries, move);
  const multiplicity = segments.map((segment) => (covers(segment, columns) ? scope.input(op, 'logWeight') : null));
  return {
    ...block,
    segments,
    terms: block.terms.map((term) => ({ ...term, k: mapPieces(term.k) })),
    values: block.values.map((term) => ({ ...term, v: mapPieces(term.v) })),
    additions: [
      ...block.additions.map((entry) => ({
        ...entry,
        columns: mapCovered(segments, columns, entry.columns, moveColumns),
      })),
      { rows: null, columns: multiplicity },
    ],
  };
}

/** How far each column is routed, by segment [B, L, 1 or H, 1]; null if all of them are routed fully. */
function blockWeight(scope: SiteScope, block: Block, op: RouteOp): readonly (Value | null)[] | null {
  if (!op.weight && !op.heads) return null;
  const { g } = scope;
  const { heads } = scope.kernel;
  const perHead = op.heads ? g.reshape(scope.input(op, 'heads'), [1, 1, heads, 1]) : null;
  if (!op.weight) return block.segments.map((segment) => (covers(segment, scope.columns(op.cols)) ? perHead : null));
  const field =
    op.pairs === undefined
      ? bySegment(g, block.segments, scope.columns(op.cols), scope.tokenInput(op, 'weight', op.cols))
      : block.segments.map((s) => (covers(s, scope.columns(op.cols)) ? scope.input(op, 'weight') : null));
  return field.map((entry) => {
    if (entry === null) return null;
    const weight = toRank4(g, entry);
    return perHead === null ? weight : g.mul(weight, perHead);
  });
}

/** Tokens of a routed tensor in the place of the block's columns. */
function incomingTokens(scope: SiteScope, block: Block, op: RouteOp, whole: Value): readonly (Piece | null)[] {
  const { start, length } = spanIn(scope.site.tokens, scope.span(op.cols));
  return piecesBySegment(scope.g, block.segments, scope.columns(op.cols), { whole, start, length });
}

function routedLogits(scope: SiteScope, block: Block, op: RouteOp, weight: readonly (Value | null)[] | null): Block {
  const [fromQ, fromK] = [vectorOf(op, 'q'), vectorOf(op, 'k')];
  if (fromQ === null && fromK === null) return block;
  const { g, own } = scope;
  const columns = scope.columns(op.cols);
  const q = scope.rowsOf(fromQ === null ? own.q : scope.routed(op, 'q', fromQ), block.rows);
  const keys = fromK === null ? own.k : scope.routed(op, 'k', fromK);
  const span = spanIn(scope.site.tokens, scope.span(op.cols));
  const k =
    op.pairs === undefined || fromK === null
      ? incomingTokens(scope, block, op, keys)
      : block.segments.map((segment) => {
          const tokens = { whole: keys, ...span };
          return covers(segment, columns) ? piece(pick(g, cut(g, tokens), scope.input(op, 'source'))) : null;
        });
  const faded = block.terms.map((term) => ({
    ...term,
    k: mapCovered(block.segments, columns, term.k, (entry, i) => fade(scope, entry, weight?.[i] ?? null)),
  }));
  const arriving: LogitTerm = {
    q,
    k: k.map((entry, i) => (weight === null ? entry : scaled(scope, entry, weight[i] ?? null))),
  };
  return { ...block, terms: addTerm(scope, faded, arriving) };
}

/** (1 - w) x; nothing is left where the whole column is routed. */
function fade(scope: SiteScope, entry: Piece | null, weight: Value | null): Piece | null {
  if (entry === null || weight === null) return null;
  const { g } = scope;
  return piece(g.mul(cut(g, entry), g.sub(g.scalar(1), weight)));
}

function scaled(scope: SiteScope, entry: Piece | null, weight: Value | null): Piece | null {
  return entry === null || weight === null ? null : piece(scope.g.mul(cut(scope.g, entry), weight));
}

/** Adds a term to those there are: keys of the same queries are summed, terms without keys vanish. */
export function addTerm(scope: SiteScope, terms: readonly LogitTerm[], arriving: LogitTerm): readonly LogitTerm[] {
  const same = terms.find(({ q }) => q === arriving.q);
  const merged = terms.map((term) =>
    term === same ? { q: term.q, k: term.k.map((entry, i) => sum(scope, entry, arriving.k[i] ?? null)) } : term,
  );
  const all = same === undefined ? [...merged, arriving] : merged;
  return all.filter(({ k }) => k.some((entry) => entry !== null));
}

function sum(scope: SiteScope, a: Piece | null, b: Piece | null): Piece | null {
  if (a === null || b === null) return a ?? b;
  return piece(scope.g.add(cut(scope.g, a), cut(scope.g, b)));
}

function routedValues(
  scope: SiteScope,
  block: Block,
  term: ValueTerm,
  columns: Columns,
  incoming: readonly (Piece | null)[],
  weight: readonly (Value | null)[] | null,
): ValueTerm {
  const v = mapCovered(block.segments, columns, term.v, (entry, i) => {
    if (weight === null) return incoming[i] ?? null;
    const arriving = scaled(scope, incoming[i] ?? null, weight[i] ?? null);
    return sum(scope, fade(scope, entry, weight[i] ?? null), arriving);
  });
  return { ...term, v };
}

/** The amounts of a route. Absent ones are neutral. */
export interface RouteAmounts {
  /** The batch row that serves each batch row; own number: itself. */
  readonly from?: ArrayLike<number>;
  /** Per column (with pairs: per pair), 0..1. */
  readonly weight?: Fields;
  readonly heads?: Float32Array;
  /** The token map of each batch row; null leaves the row's columns as they are. */
  readonly pairs?: readonly (readonly TokenPair[] | null)[];
}

/** One column: the key of `source` in the routed row, the value of `target` in the own row. */
export interface TokenPair {
  readonly source: number;
  readonly target: number;
  /** Added to the logit; -log n for a target with n sources. 0 if absent. */
  readonly logWeight?: number;
  /** 0..1, 1 if absent: how far the logit is the source's. Only with `weight`. */
  readonly weight?: number;
}

/** The run-time inputs of a route that has a `from` of its own; shared vectors are set with `branchValues`. */
export function routeValues(op: RouteOp, sizes: HookSizes, amounts: RouteAmounts): HookValues {
  const values: Record<string, Tensor> = {};
  const columns = columnCount(op, sizes);
  if (amounts.from !== undefined) values[inputName(op, 'from')] = branchTensor(op, 'from', amounts.from, sizes.batch);
  if (amounts.weight !== undefined) {
    values[inputName(op, 'weight')] = fieldTensor(op, 'weight', amounts.weight, sizes.batch, columns);
  }
  if (amounts.heads !== undefined) values[inputName(op, 'heads')] = floatTensor(amounts.heads, [sizes.heads]);
  return amounts.pairs === undefined ? values : { ...values, ...pairValues(op, sizes, amounts.pairs) };
}

function pairValues(op: RouteOp, sizes: HookSizes, rows: readonly (readonly TokenPair[] | null)[]): HookValues {
  const length = op.pairs ?? 0;
  const tokens = spanIn(sizes.tokens, op.cols).length;
  if (rows.length !== sizes.batch) throw wrong(op, 'pairs', `${rows.length} maps for ${sizes.batch} batch rows`);
  const identity = Array.from({ length: tokens }, (_, token): TokenPair => ({ source: token, target: token }));
  const source = new Int32Array(sizes.batch * length);
  const target = new Int32Array(sizes.batch * length);
  const logWeight: Float32Array[] = [];
  const weight: Float32Array[] = [];
  rows.forEach((row, b) => {
    const pairs = row ?? identity;
    if (pairs.length > length) throw wrong(op, 'pairs', `${pairs.length} pairs where ${length} fit`);
    // What is left over stands for a column nobody sees.
    logWeight.push(
      Float32Array.from({ length }, (_, p) => (p < pairs.length ? (pairs[p]?.logWeight ?? 0) : HARD_MASK)),
    );
    weight.push(Float32Array.from({ length }, (_, p) => pairs[p]?.weight ?? 1));
    source.set(
      pairs.map((pair) => pair.source),
      b * length,
    );
    target.set(
      pairs.map((pair) => pair.target),
      b * length,
    );
  });
  checkIndices(op, 'source', source, tokens);
  checkIndices(op, 'target', target, tokens);
  const shape = [sizes.batch, length];
  return {
    [inputName(op, 'source')]: indexTensor(source, shape),
    [inputName(op, 'target')]: indexTensor(target, shape),
    [inputName(op, 'logWeight')]: fieldTensor(op, 'logWeight', logWeight, sizes.batch, length, 'mask'),
    ...(op.weight ? { [inputName(op, 'weight')]: fieldTensor(op, 'weight', weight, sizes.batch, length) } : {}),
  };
}
