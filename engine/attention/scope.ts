import type { GraphBuilder, Value } from '../graph/builder.ts';
import type { Block, RowGroup } from './block.ts';
import type { Kernel } from './fused.ts';
import { type AttentionOp, type Columns, refuse, type Span } from './ops.ts';
import type { AttentionSite } from './site.ts';
import { type HookSizes, spanIn } from './sizes.ts';

/** The network's own operands, heads apart: [B, N, H, D]. */
export interface Operands {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
}

/** What a primitive works with while one attention call is compiled. */
export class SiteScope {
  readonly g: GraphBuilder;
  readonly site: AttentionSite;
  readonly sizes: HookSizes;
  readonly own: Operands;
  readonly kernel: Kernel;
  readonly #inputs: ReadonlyMap<string, Value>;
  readonly #routed = new Map<string, Value>();

  constructor(
    g: GraphBuilder,
    site: AttentionSite,
    sizes: HookSizes,
    own: Operands,
    inputs: ReadonlyMap<string, Value>,
  ) {
    this.g = g;
    this.site = site;
    this.sizes = sizes;
    this.own = own;
    this.kernel = { heads: site.heads, scale: 1 / Math.sqrt(site.headDim) };
    this.#inputs = inputs;
  }

  input(op: AttentionOp, field: string): Value {
    return this.named(op, `${op.id}.${field}`);
  }

  named(op: AttentionOp, name: string): Value {
    const found = this.#inputs.get(name);
    if (found === undefined) throw refuse(op, `the input ${name} is not declared`);
    return found;
  }

  /** In an image-only call the whole sequence is the image. */
  span(span: Span): Span {
    return span === 'all' && this.site.tokens.text.length === 0 ? 'image' : span;
  }

  columns(columns: Columns): Columns {
    return typeof columns === 'object' ? columns : this.span(columns);
  }

  /** An input over a span [B, L, ...], reduced to the tokens this call has. */
  tokenInput(op: AttentionOp, field: string, span: Columns): Value {
    const value = this.input(op, field);
    const covered = typeof span === 'object' ? this.sizes.extended?.[span.extended]?.span : span;
    if (covered !== 'all' || this.span('all') === 'all' || this.sizes.tokens.text.length === 0) return value;
    const { start, length } = this.sizes.tokens.image;
    return this.g.slice(value, 1, start, start + length);
  }

  /** An input over rows [B, L] as the rows of a group see it; `outside` where the operation does not reach. */
  rowInput(op: AttentionOp, field: string, span: Span, rows: RowGroup, outside: number): Value {
    const value = this.tokenInput(op, field, span);
    const reach = spanIn(this.site.tokens, span);
    if (reach.start === rows.start && reach.length === rows.length) return value;
    if (reach.start <= rows.start && reach.length >= rows.length) {
      return this.g.slice(value, 1, rows.start - reach.start, rows.start - reach.start + rows.length);
    }
    return this.#pad(value, rows, reach.start, reach.length, outside);
  }

  /** 1 on the rows of a span that is a part of the group, [B, R]; null if it is the whole group. */
  rowIndicator(span: Span, rows: RowGroup): Value | null {
    const reach = spanIn(this.site.tokens, span);
    if (reach.start <= rows.start && reach.start + reach.length >= rows.start + rows.length) return null;
    const ones = this.g.expand(this.g.scalar(1), [this.site.batch, reach.length]);
    return this.#pad(ones, rows, reach.start, reach.length, 0);
  }

  #pad(value: Value, rows: RowGroup, start: number, length: number, fill: number): Value {
    const filler = (count: number) => this.g.expand(this.g.scalar(fill), [this.site.batch, count]);
    const before = start - rows.start;
    const after = rows.length - before - length;
    const parts = [...(before > 0 ? [filler(before)] : []), value, ...(after > 0 ? [filler(after)] : [])];
    return parts.length === 1 ? value : this.g.concat(parts, 1);
  }

  /** An operand of other batch rows; the same request gives the same value. */
  routed(op: AttentionOp, part: keyof Operands, from: string): Value {
    return this.#once(`${part} ${from}`, () => this.g.gather(this.own[part], this.named(op, from), 0));
  }

  /** The rows of a group of a tensor [B, N, H, D]; the same request gives the same value. */
  rowsOf(tensor: Value, rows: RowGroup): Value {
    if (rows.length === tensor.shape[1]) return tensor;
    return this.#once(`${tensor.name} ${rows.span}`, () =>
      this.g.slice(tensor, 1, rows.start, rows.start + rows.length),
    );
  }

  #once(key: string, make: () => Value): Value {
    const known = this.#routed.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#routed.set(key, made);
    return made;
  }

  /** The block of a row group before any operation. */
  plainBlock(rows: RowGroup): Block {
    const { tokens, headDim } = this.site;
    const spans = (['text', 'image'] as const)
      .filter((span) => tokens[span].length > 0)
      .sort((a, b) => tokens[a].start - tokens[b].start);
    const segments = spans.map((span) => ({
      span,
      length: tokens[span].length,
      tokens: tokens[span].length,
      index: null,
    }));
    const pieces = (whole: Value) =>
      spans.map((span) => ({ whole, start: tokens[span].start, length: tokens[span].length }));
    return {
      rows,
      segments,
      terms: [{ q: this.rowsOf(this.own.q, rows), k: pieces(this.own.k) }],
      additions: [],
      values: [{ rows: null, v: pieces(this.own.v), width: headDim }],
    };
  }
}
