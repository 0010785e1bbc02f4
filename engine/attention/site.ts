import type { GraphBuilder, Value } from '../graph/builder.ts';

/** A run of tokens in the joint sequence of one attention call. */
export interface TokenSpan {
  readonly start: number;
  readonly length: number;
}

/** Where text and image stand in the sequence. Image tokens run over frames, then rows, then columns. Image-only calls have text of length 0. */
export interface TokenLayout {
  readonly text: TokenSpan;
  readonly image: TokenSpan & { readonly frames: number; readonly height: number; readonly width: number };
}

/** One attention call of a network at static sizes. */
export interface AttentionSite {
  /** Module path of the checkpoint, e.g. `transformer_blocks.0.attn`. */
  readonly id: string;
  /** Index of the block the call belongs to. */
  readonly layer: number;
  /** `joint`: text and image attend together; `image`: the image alone (SD3.5's second attention). */
  readonly kind: 'joint' | 'image';
  readonly batch: number;
  readonly heads: number;
  readonly headDim: number;
  readonly tokens: TokenLayout;
}

/** q, k, v: [batch, tokens, heads * headDim], after the query/key norm and the rotary embedding, where the network has them. */
export interface AttentionOperands {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
}

/** The one place where a network's attention happens; hooks are spliced in here. Returns [batch, tokens, heads * headDim]. */
export interface AttentionProcessor {
  attend(g: GraphBuilder, site: AttentionSite, operands: AttentionOperands): Value;
}

/** Tokens of the sequence of a site. */
export function tokenCount(site: AttentionSite): number {
  return site.tokens.text.length + site.tokens.image.length;
}

/** The attention of the checkpoint as it is: the fused kernel and nothing else. */
export const plainAttention: AttentionProcessor = {
  attend: (g, site, { q, k, v }) =>
    g.multiHeadAttention(q, k, v, { heads: site.heads, scale: 1 / Math.sqrt(site.headDim) }),
};
