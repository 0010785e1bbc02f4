import type { Config } from '../../engine/checkpoint/config.ts';
import type { WeightSource } from '../../engine/checkpoint/weights.ts';
import type {
  NetworkFamily,
  NetworkFiles,
  Probe,
  TextEncoder,
  TextEncoderOutputs,
  TextEncoderSizes,
} from '../../engine/family.ts';
import { GraphBuilder, type Value } from '../../engine/graph/builder.ts';
import { Layers } from '../layers/layers.ts';
import { layerCount } from '../layers/parameter.ts';
import { attendWithBias, attentionBytes, refuseLongPrompt } from '../layers/text-attention.ts';

/**
 * T5's encoder, as transformers' `T5EncoderModel` computes it: pre-norm without means, no biases in its linears, logits that are not
 * scaled, and one learnt bias by relative distance, stored in the first block and used by all. "Exploring the Limits of Transfer Learning
 * with a Unified Text-to-Text Transformer" (Raffel et al. 2020); version 1.1 has gated feed-forwards.
 */
export const t5Encoder: NetworkFamily<TextEncoder> = {
  id: 't5-encoder',
  title: 'T5 text encoder',
  /** UMT5 has a bias of its own in every block. */
  detect: ({ weights }) =>
    weights.shape(relativeBias(0))?.length === 2 &&
    !weights.has(relativeBias(1)) &&
    weights.shape('encoder.final_layer_norm.weight')?.length === 1,
  /** The table under both its names, and the decoder of whole models. */
  unread: /^(?:encoder\.embed_tokens\.weight|decoder\..+|lm_head\.weight)$/,
  open: (files) => {
    const encoder = new T5Encoder(files);
    encoder.check();
    return encoder;
  },
};

const relativeBias = (block: number) => `encoder.block.${block}.layer.0.SelfAttention.relative_attention_bias.weight`;

type Activation = 'relu' | 'silu' | 'gelu' | 'gelu_new';

interface FeedForward {
  readonly activation: Activation;
  readonly isGated: boolean;
}

class T5Encoder implements TextEncoder {
  readonly kind = 't5';
  readonly width: number;
  readonly pooledWidth = 0;
  readonly maxTokens: number;
  readonly #weights: WeightSource;
  readonly #layers: number;
  readonly #heads: number;
  readonly #headDim: number;
  readonly #innerWidth: number;
  readonly #vocabulary: number;
  readonly #epsilon: number;
  readonly #buckets: number;
  readonly #maxDistance: number;
  readonly #feedForward: FeedForward;

  /** Absent fields take the defaults of transformers' `T5Config`. */
  constructor({ config, weights }: NetworkFiles) {
    this.#weights = weights;
    this.width = config.optionalInteger('d_model', { min: 1 }) ?? 512;
    this.maxTokens = config.optionalInteger('n_positions', { min: 1 }) ?? 512;
    this.#layers = layerCount(config, 'num_layers', 6, weights, 'encoder.block');
    this.#heads = config.optionalInteger('num_heads', { min: 1, max: 1_024 }) ?? 8;
    // Heads times this need not equal the width.
    this.#headDim = config.optionalInteger('d_kv', { min: 1, max: 4_096 }) ?? 64;
    this.#innerWidth = config.optionalInteger('d_ff', { min: 1 }) ?? 2_048;
    this.#vocabulary = config.optionalInteger('vocab_size', { min: 1, max: 10_000_000 }) ?? 32_128;
    this.#epsilon = config.optionalNumber('layer_norm_epsilon', { min: 0, max: 1 }) ?? 1e-6;
    this.#buckets = config.optionalInteger('relative_attention_num_buckets', { min: 4, max: 65_536 }) ?? 32;
    this.#maxDistance = config.optionalInteger('relative_attention_max_distance', { min: 2 }) ?? 128;
    this.#feedForward = readFeedForward(config);
  }

  /** Asks for every tensor once, by building the smallest graph. */
  check(): void {
    this.build(new GraphBuilder(), { batch: 1, tokens: 1 });
  }

  build(g: GraphBuilder, { batch, tokens, masked }: TextEncoderSizes, probe: Probe = () => {}): TextEncoderOutputs {
    refuseLongPrompt(tokens, this.maxTokens);
    const net = new Layers(g, this.#weights);
    const ids = g.input('ids', 'int64', [batch, tokens]);
    // Old files hold one of the two names, some hold both for the same values.
    const table = this.#weights.has('shared.weight') ? 'shared.weight' : 'encoder.embed_tokens.weight';
    const hiddenStates = [net.embedding(table, this.#vocabulary, this.width, ids)];
    let bias = g.scope('position_bias', () => this.#positionBias(net, tokens));
    probe('position_bias', bias);
    if (masked === true) bias = g.add(bias, maskBias(g, g.input('mask', 'int64', [batch, tokens])));
    for (let layer = 0; layer < this.#layers; layer += 1)
      hiddenStates.push(g.scope(`block.${layer}`, () => this.#block(net, layer, hiddenStates[layer]!, bias)));
    const last = net.rmsNorm('encoder.final_layer_norm', hiddenStates.at(-1)!, this.#epsilon);
    // transformers reports the last hidden state after the final norm, the others before it.
    for (const [index, state] of [...hiddenStates.slice(0, -1), last].entries()) probe(`hidden_states.${index}`, state);
    probe('last_hidden_state', last);
    return { hiddenStates, last };
  }

  activationBytes({ batch, tokens }: TextEncoderSizes): number {
    const width = Math.max(this.width, this.#heads * this.#headDim);
    return attentionBytes(batch, tokens, this.#heads, width, this.#innerWidth);
  }

  /** x, result: [B, T, width]; bias broadcasts to [B, heads, T, T]. */
  #block(net: Layers, layer: number, x: Value, bias: Value): Value {
    const { g } = net;
    const name = `encoder.block.${layer}`;
    const attention = `${name}.layer.0.SelfAttention`;
    const normed = net.rmsNorm(`${name}.layer.0.layer_norm`, x, this.#epsilon);
    const [q, k, v] = ['q', 'k', 'v'].map((part) =>
      net.linear(`${attention}.${part}`, normed, this.#heads * this.#headDim, { bias: false }),
    );
    const attended = attendWithBias(g, { q: q!, k: k!, v: v! }, { heads: this.#heads, scale: 1, bias });
    const afterAttention = g.add(x, net.linear(`${attention}.o`, attended, this.width, { bias: false }));
    const inner = this.#inner(
      net,
      `${name}.layer.1.DenseReluDense`,
      net.rmsNorm(`${name}.layer.1.layer_norm`, afterAttention, this.#epsilon),
    );
    return g.add(afterAttention, net.linear(`${name}.layer.1.DenseReluDense.wo`, inner, this.width, { bias: false }));
  }

  #inner(net: Layers, name: string, x: Value): Value {
    const { activation, isGated } = this.#feedForward;
    if (!isGated) return activate(net, activation, net.linear(`${name}.wi`, x, this.#innerWidth, { bias: false }));
    const gate = activate(net, activation, net.linear(`${name}.wi_0`, x, this.#innerWidth, { bias: false }));
    return net.g.mul(gate, net.linear(`${name}.wi_1`, x, this.#innerWidth, { bias: false }));
  }

  /** [1, heads, T, T]: the bias of each (query, key) by their distance. */
  #positionBias(net: Layers, tokens: number): Value {
    const { g } = net;
    const index = BigInt64Array.from({ length: tokens * tokens }, (_, at) =>
      BigInt(relativeBucket((at % tokens) - Math.floor(at / tokens), this.#buckets, this.#maxDistance)),
    );
    const table = net.weight(relativeBias(0), [this.#buckets, this.#heads]);
    const byPair = g.gather(table, g.constant('int64', [tokens, tokens], index), 0);
    return g.reshape(g.transpose(byPair, [2, 0, 1]), [1, this.#heads, tokens, tokens]);
  }
}

/**
 * Bucket of a relative position (key minus query), both directions: half of the buckets for keys after the query; of each half the first
 * half exact, the rest logarithmic up to `maxDistance`. Rounded to float32 at every stage like the reference, since an edge that falls
 * on the other side moves a whole diagonal to another bucket.
 */
export function relativeBucket(position: number, buckets: number, maxDistance: number): number {
  const half = Math.floor(buckets / 2);
  const exact = Math.floor(half / 2);
  const offset = position > 0 ? half : 0;
  const distance = Math.abs(position);
  if (distance < exact) return offset + distance;
  const logarithm = Math.fround(Math.log(Math.fround(distance / exact)));
  const share = Math.fround(logarithm / Math.fround(Math.log(maxDistance / exact)));
  return offset + Math.min(exact + Math.trunc(Math.fround(share * (half - exact))), half - 1);
}

/** mask [B, T] of 0 and 1 -> [B, 1, 1, T]: 0 where attended to, else the lowest float32. */
function maskBias(g: GraphBuilder, mask: Value): Value {
  const [batch = 0, tokens = 0] = mask.shape;
  const hidden = g.sub(g.scalar(1), g.cast(mask, 'float32'));
  return g.reshape(g.mul(hidden, g.scalar(-3.4028234663852886e38)), [batch, 1, 1, tokens]);
}

function activate({ g }: Layers, activation: Activation, x: Value): Value {
  switch (activation) {
    case 'relu':
      return g.max(x, g.scalar(0));
    case 'silu':
      return g.silu(x);
    case 'gelu':
      return g.gelu(x, 'erf');
    case 'gelu_new':
      return g.gelu(x, 'tanh');
  }
}

/** "gated-gelu" has always meant the tanh form; newer configs say so in `dense_act_fn`. */
function readFeedForward(config: Config): FeedForward {
  const projection =
    config.optionalOneOf('feed_forward_proj', ['relu', 'gated-gelu', 'gated-silu', 'gated-relu', 'gelu', 'silu']) ??
    'relu';
  const isGated = projection.startsWith('gated-');
  const stated = config.optionalOneOf('dense_act_fn', ['relu', 'silu', 'gelu', 'gelu_new']);
  if (stated !== undefined) return { activation: stated, isGated };
  if (projection === 'gated-gelu') return { activation: 'gelu_new', isGated };
  if (projection === 'gelu') return { activation: 'gelu', isGated };
  return { activation: projection.endsWith('silu') ? 'silu' : 'relu', isGated };
}
