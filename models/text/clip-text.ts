import { malformed } from '../../engine/checkpoint/refusal.ts';
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
 * CLIP's text transformer, as transformers' `CLIPTextModelWithProjection` (and `CLIPTextModel`, without the projection) computes it:
 * causal, pre-norm, learnt positions, one pooled vector read at the end-of-text token. "Learning Transferable Visual Models From
 * Natural Language Supervision" (Radford et al. 2021).
 */
export const clipText: NetworkFamily<TextEncoder> = {
  id: 'clip-text',
  title: 'CLIP text encoder',
  detect: ({ weights }) =>
    weights.shape('text_model.embeddings.token_embedding.weight')?.length === 2 &&
    weights.shape('text_model.encoder.layers.0.self_attn.q_proj.weight')?.length === 2 &&
    // SigLIP's text tower has the same names; it is not causal and pools with a head.
    !weights.has('text_model.head.weight'),
  /** A constant of older files, and the picture's half of whole models. */
  unread: /^(?:text_model\.embeddings\.position_ids|vision_model\..+|visual_projection\.weight|logit_scale)$/,
  open: (files) => {
    const encoder = new ClipText(files);
    encoder.check();
    return encoder;
  },
};

/** transformers' names -> the builder's. */
const ACTIVATIONS = { quick_gelu: 'quick', gelu: 'erf', gelu_new: 'tanh', gelu_pytorch_tanh: 'tanh' } as const;
// The keys of the literal above, which has no others.
const ACTIVATION_NAMES = Object.keys(ACTIVATIONS) as (keyof typeof ACTIVATIONS)[];

/** The end-of-text id of configs that were written before the field meant anything; see `#pooled`. */
const LEGACY_END = 2;

class ClipText implements TextEncoder {
  readonly kind = 'clip';
  readonly width: number;
  readonly pooledWidth: number;
  readonly maxTokens: number;
  readonly #weights: WeightSource;
  readonly #layers: number;
  readonly #heads: number;
  readonly #innerWidth: number;
  readonly #vocabulary: number;
  readonly #epsilon: number;
  readonly #activation: (typeof ACTIVATIONS)[keyof typeof ACTIVATIONS];
  readonly #endToken: number;
  readonly #projects: boolean;

  /** Absent fields take the defaults of transformers' `CLIPTextConfig`. */
  constructor({ config, weights }: NetworkFiles) {
    this.#weights = weights;
    this.width = config.optionalInteger('hidden_size', { min: 1 }) ?? 512;
    this.maxTokens = config.optionalInteger('max_position_embeddings', { min: 1 }) ?? 77;
    this.#layers = layerCount(config, 'num_hidden_layers', 12, weights, 'text_model.encoder.layers');
    this.#heads = config.optionalInteger('num_attention_heads', { min: 1, max: 1_024 }) ?? 8;
    if (this.width % this.#heads !== 0)
      throw malformed(
        config.file,
        `The field "hidden_size" is ${this.width}, no multiple of num_attention_heads = ${this.#heads}`,
        {
          field: 'hidden_size',
        },
      );
    this.#innerWidth = config.optionalInteger('intermediate_size', { min: 1 }) ?? 2_048;
    this.#vocabulary = config.optionalInteger('vocab_size', { min: 1, max: 10_000_000 }) ?? 49_408;
    this.#epsilon = config.optionalNumber('layer_norm_eps', { min: 0, max: 1 }) ?? 1e-5;
    this.#activation = ACTIVATIONS[config.optionalOneOf('hidden_act', ACTIVATION_NAMES) ?? 'quick_gelu'];
    this.#endToken = config.optionalInteger('eos_token_id', { max: 10_000_000 }) ?? 49_407;
    this.#projects = weights.has('text_projection.weight');
    this.pooledWidth = this.#projects ? (config.optionalInteger('projection_dim', { min: 1 }) ?? 512) : this.width;
  }

  /** Asks for every tensor once, by building the smallest graph. */
  check(): void {
    this.build(new GraphBuilder(), { batch: 1, tokens: 1 });
  }

  build(g: GraphBuilder, { batch, tokens }: TextEncoderSizes, probe: Probe = () => {}): TextEncoderOutputs {
    refuseLongPrompt(tokens, this.maxTokens);
    const net = new Layers(g, this.#weights);
    const ids = g.input('ids', 'int64', [batch, tokens]);
    const hiddenStates = [g.scope('embeddings', () => this.#embedded(net, ids))];
    const causal = causalBias(g, tokens);
    for (let layer = 0; layer < this.#layers; layer += 1)
      hiddenStates.push(g.scope(`layers.${layer}`, () => this.#layer(net, layer, hiddenStates[layer]!, causal)));
    for (const [index, state] of hiddenStates.entries()) probe(`hidden_states.${index}`, state);
    probe('penultimate', hiddenStates.at(-2)!);
    const last = net.layerNorm('text_model.final_layer_norm', hiddenStates.at(-1)!, this.#epsilon);
    probe('last_hidden_state', last);
    const pooled = g.scope('pooled', () => this.#pooled(net, ids, last, probe));
    return { hiddenStates, last, pooled };
  }

  activationBytes({ batch, tokens }: TextEncoderSizes): number {
    return attentionBytes(batch, tokens, this.#heads, this.width, this.#innerWidth);
  }

  /** ids [B, T] -> [B, T, width]. */
  #embedded(net: Layers, ids: Value): Value {
    const { g } = net;
    const [, tokens = 0] = ids.shape;
    const words = net.embedding('text_model.embeddings.token_embedding.weight', this.#vocabulary, this.width, ids);
    const positions = net.weight('text_model.embeddings.position_embedding.weight', [this.maxTokens, this.width]);
    return g.add(words, g.slice(positions, 0, 0, tokens));
  }

  /** x, result: [B, T, width]. */
  #layer(net: Layers, layer: number, x: Value, causal: Value): Value {
    const { g } = net;
    const name = `text_model.encoder.layers.${layer}`;
    const normed = net.layerNorm(`${name}.layer_norm1`, x, this.#epsilon);
    const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((part) =>
      net.linear(`${name}.self_attn.${part}`, normed, this.width),
    );
    const scale = 1 / Math.sqrt(this.width / this.#heads);
    const attended = attendWithBias(g, { q: q!, k: k!, v: v! }, { heads: this.#heads, scale, bias: causal });
    const afterAttention = g.add(x, net.linear(`${name}.self_attn.out_proj`, attended, this.width));
    const inner = net.linear(
      `${name}.mlp.fc1`,
      net.layerNorm(`${name}.layer_norm2`, afterAttention, this.#epsilon),
      this.#innerWidth,
    );
    return g.add(afterAttention, net.linear(`${name}.mlp.fc2`, g.gelu(inner, this.#activation), this.width));
  }

  /**
   * The final state at the end-of-text token, projected -> [B, pooledWidth]. Published configs say eos_token_id = 2, which is not
   * their tokenizer's; the reference then takes the highest id of the prompt (end-of-text is the last of the vocabulary), and else
   * the first occurrence of eos_token_id, or the first token where there is none.
   */
  #pooled(net: Layers, ids: Value, last: Value, probe: Probe): Value {
    const { g } = net;
    const [batch = 0, tokens = 0] = ids.shape;
    const numbers = g.cast(ids, 'float32');
    const end = this.#endToken === LEGACY_END ? g.reduceMax(numbers, [1], true) : g.scalar(this.#endToken);
    // The earlier a hit, the higher its rank; 0.5 makes the first token win where nothing hits. All exact in float32.
    const rank = Float32Array.from({ length: tokens }, (_, token) => tokens - token);
    const none = Float32Array.from({ length: tokens }, (_, token) => (token === 0 ? 0.5 : 0));
    const ranks = g.where(
      g.equal(numbers, end),
      g.constant('float32', [1, tokens], rank),
      g.constant('float32', [1, tokens], none),
    );
    const chosen = g.equal(ranks, g.reduceMax(ranks, [1], true));
    const state = g.reduceSum(g.where(g.reshape(chosen, [batch, tokens, 1]), last, g.scalar(0)), [1], false);
    probe('pooler_output', state);
    if (!this.#projects) return state;
    const projected = net.linear('text_projection', state, this.pooledWidth, { bias: false });
    probe('text_embeds', projected);
    return projected;
  }
}

/** [1, 1, T, T]: 0 for keys up to the query, else the lowest float32, as the reference's mask. */
function causalBias(g: GraphBuilder, tokens: number): Value {
  const lowest = -3.4028234663852886e38;
  const bias = Float32Array.from({ length: tokens * tokens }, (_, at) =>
    at % tokens <= Math.floor(at / tokens) ? 0 : lowest,
  );
  return g.constant('float32', [1, 1, tokens, tokens], bias);
}
