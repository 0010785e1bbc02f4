import { AttuneError } from '../base/errors.ts';
import type { AttentionSite } from './site.ts';

/**
 * The vocabulary of attention hooks: plain data that says what happens where, nothing about how much. An operation is static
 * structure (it decides the graph); every amount is an input of the graph, named `<id>.<field>`, built by the primitive's own
 * `...Values` function and neutral unless given. Evaluated within one site in the order
 *
 *     route -> extend -> logits -> shape(scale, bias) -> softmax -> shape(gain), share, filter -> times V -> fork -> capture
 *
 * docs/attention.md describes each primitive.
 */

/** Tokens of the sequence: the prompt, the picture, or both in the order of the sequence. */
export type Span = 'text' | 'image' | 'all';

/** Columns of the logit matrix: the own ones, or those that the `extend` operation of this id appended. */
export type Columns = Span | { readonly extended: string };

/** Where an operation acts. */
export interface Placement {
  /** Unique among the operations of one compilation; begins the names of its inputs and outputs. */
  readonly id: string;
  /** Indices of network blocks. */
  readonly layers: 'all' | readonly number[];
  /** Which attention calls of these blocks; `all` if absent. A call without the spans that an operation names is left alone. */
  readonly sites?: 'joint' | 'image' | 'all';
}

/**
 * QKV injection: who supplies the queries, keys and values of one block (rows x cols) of the logit matrix. `true` takes them from the batch rows in
 * the input `<id>.from`; a name takes `<name>.from` instead, which operations may share (then what they route is gathered and
 * multiplied once).
 */
export interface RouteOp extends Placement {
  readonly op: 'route';
  readonly rows: Span;
  readonly cols: Span;
  readonly q?: boolean | string;
  readonly k?: boolean | string;
  readonly v?: boolean | string;
  /** Adds the input `weight` [B, columns]: 0 leaves a column alone, 1 routes it; between, logits and values are interpolated. */
  readonly weight?: boolean;
  /** Adds the input `heads` [H], multiplied with the weight. */
  readonly heads?: boolean;
  /**
   * Replaces the columns by this many pairs (source token, target token), inputs `source`, `target`, `logWeight` [B, pairs]: a pair
   * has the key of its source token in the routed row, the value (and, where its weight is below 1, the key) of its target token in
   * the own row. A target token may have several pairs; `logWeight` -log n makes their joint mass the mean of n. At least as many as
   * columns. With pairs, `weight` is per pair.
   */
  readonly pairs?: number;
}

/** KV concatenation, reference attention: further columns, keys and values of another batch row, seen by the own queries. Inputs `from` [B], `bias` [B, columns]. */
export interface ExtendOp extends Placement {
  readonly op: 'extend';
  readonly rows: Span;
  readonly cols: Span;
  /** As in RouteOp: the name of a shared `from`. */
  readonly from?: string;
  /** Appends only this many tokens of the span, input `index` [B, count]. */
  readonly count?: number;
}

/**
 * Attention reweighting and bias: weights of existing columns as seen by a weighted set of rows: with r the row's weight, logits *= 1 + r*(scale-1), logits += r*bias,
 * probabilities *= 1 + r*(gain-1) without renormalisation. Inputs `scale`, `bias`, `gain` [B, columns], `rows` [B, rows], `heads` [H]
 * (multiplied with r). A bias of -Infinity is a hard mask.
 */
export interface ShapeOp extends Placement {
  readonly op: 'shape';
  readonly rows: Span;
  readonly cols: Columns;
  readonly rowWeight?: boolean;
  readonly heads?: boolean;
  readonly scale?: boolean;
  readonly bias?: boolean;
  readonly gain?: boolean;
}

/**
 * Attention-mass control: how much of each row's mass a group of columns has (input `group` [B, columns] of 0 and 1); inside the group and outside it the
 * proportions stay. `keep`: the group's mass is multiplied by `share` [B, rows]. `fixed`: it becomes `share`. `amount` [B, rows]
 * leads from the own mass (0, neutral) to that (1).
 */
export interface ShareOp extends Placement {
  readonly op: 'share';
  readonly rows: Span;
  readonly cols: Columns;
  readonly mode: 'keep' | 'fixed';
}

/**
 * Value mixing: a linear map on the values, equal to the same map on the columns of the probabilities (neutral: identity). `time`: input `matrix`
 * [B, F, F] mixes the frames of each image position. `columns`: input `matrix` [B, C, C] mixes the text tokens.
 */
export interface FilterOp extends Placement {
  readonly op: 'filter';
  readonly rows: Span;
  readonly along: 'time' | 'columns';
}

/**
 * Two-pass blend: a second evaluation of the same rows under other operations, input `mix` [B, rows]: `blend` out = (1-m)*out + m*alt; `add`
 * out += m*alt; `fill` as blend with alt + max(0, 1 - mass of alt) * out / (mass of out): out fills the rows up to mass 1.
 */
export interface ForkOp extends Placement {
  readonly op: 'fork';
  readonly rows: Span;
  readonly mode: 'blend' | 'add' | 'fill';
  readonly alt: readonly AttentionOp[];
}

/**
 * What is read out. `mass`: for each row the sum over columns of probability times `columns` [B, columns, count] (word maps with
 * 0/1 indicators, mean positions with coordinates), averaged over heads unless kept and over sites: output `<id>` [B, rows, count],
 * with heads kept [B, H, rows, count]. `lse`, `entropy` of the rows' logits, likewise: [B, rows], [B, H, rows]. `temporal`: per image
 * position the F x F map among its frames `<id>.map` [B, H, positions, F, F] and its share of the row `<id>.mass` [B, H, positions, F],
 * averaged over sites. `q`, `k`, `v` before any hook, `out` after all: one output `<id>.<site id>` [B, rows, H*D] per site.
 */
export interface CaptureOp extends Placement {
  readonly op: 'capture';
  readonly what: 'mass' | 'lse' | 'entropy' | 'temporal' | 'q' | 'k' | 'v' | 'out';
  readonly rows: Span;
  /** `mass`: which columns the indicators are for, and how many indicators. */
  readonly cols?: Columns;
  readonly count?: number;
  readonly heads?: 'mean' | 'keep';
}

export type AttentionOp = RouteOp | ExtendOp | ShapeOp | ShareOp | FilterOp | ForkOp | CaptureOp;

/** The operation of a union by its name. */
export type OpOf<Name extends AttentionOp['op']> = Extract<AttentionOp, { op: Name }>;

/** All operations, those inside forks included. */
export function flatten(ops: readonly AttentionOp[]): AttentionOp[] {
  return ops.flatMap((op) => (op.op === 'fork' ? [op, ...flatten(op.alt)] : [op]));
}

export function refuse(op: AttentionOp, reason: string): AttuneError {
  return new AttuneError('graph-invalid', `Attention operation "${op.id}" (${op.op}): ${reason}.`, { field: op.id });
}

function hasSpan(site: AttentionSite, span: Columns | undefined): boolean {
  return span !== 'text' || site.tokens.text.length > 0;
}

/** Whether an operation acts at a site: its layer, its kind of call, and the spans it names are there. */
export function actsAt(op: AttentionOp, site: AttentionSite): boolean {
  if (op.layers !== 'all' && !op.layers.includes(site.layer)) return false;
  if (op.sites !== undefined && op.sites !== 'all' && op.sites !== site.kind) return false;
  if (op.op === 'filter' && op.along === 'columns' && !hasSpan(site, 'text')) return false;
  return hasSpan(site, op.rows) && (!('cols' in op) || hasSpan(site, op.cols));
}
