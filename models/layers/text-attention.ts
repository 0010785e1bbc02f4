import { AttuneError } from '../../engine/base/errors.ts';
import type { GraphBuilder, Value } from '../../engine/graph/builder.ts';
import { joinHeads, splitHeads } from './layers.ts';

export interface BiasedAttention {
  readonly heads: number;
  /** Factor of the logits. */
  readonly scale: number;
  /** Added to the logits; broadcasts to [B, heads, T, T]. */
  readonly bias: Value;
}

/**
 * softmax(scale q k^T + bias) v, written out: the fused kernel takes no dense bias, and with a few hundred text tokens the scores are
 * small. q, k, v: [B, T, heads * d] -> [B, T, heads * d].
 */
export function attendWithBias(
  g: GraphBuilder,
  { q, k, v }: { readonly q: Value; readonly k: Value; readonly v: Value },
  { heads, scale, bias }: BiasedAttention,
): Value {
  const scaled = scale === 1 ? q : g.mul(q, g.scalar(scale));
  const keys = g.transpose(splitHeads(g, k, heads), [0, 1, 3, 2]);
  const logits = g.add(g.matmul(splitHeads(g, scaled, heads), keys), bias);
  return joinHeads(g, g.matmul(g.softmax(logits, 3), splitHeads(g, v, heads)));
}

/**
 * Bytes alive at the widest point of a text layer: the bias, logits and probabilities [B, heads, T, T] beside q, k, v, their head-major
 * copies and the stream, or the feed-forward's inner values (gate, its activation, value, product), whichever is more. The factors are
 * rounded up to what is measured with the runtime's arena: 119 and 344 MiB for T5-XXL at 256 and 512 tokens, 14 MiB for two prompts of CLIP-G.
 */
export function attentionBytes(
  batch: number,
  tokens: number,
  heads: number,
  width: number,
  innerWidth: number,
): number {
  const attention = 5 * heads * tokens * tokens + 10 * tokens * width;
  const feedForward = tokens * (4 * innerWidth + 4 * width);
  return batch * Math.max(attention, feedForward) * Float32Array.BYTES_PER_ELEMENT;
}

export function refuseLongPrompt(tokens: number, most: number): void {
  if (tokens <= most) return;
  throw new AttuneError(
    'request-invalid',
    `A prompt of ${tokens} tokens is longer than the ${most} this text encoder takes.`,
    {
      field: 'prompt',
    },
  );
}
