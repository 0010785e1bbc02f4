import {
  type AttentionProcessor,
  type AttentionSite,
  plainAttention,
  type TokenLayout,
} from '../../engine/attention/site.ts';
import { AttuneError } from '../../engine/base/errors.ts';
import type { Config } from '../../engine/checkpoint/config.ts';
import { malformed, refusal } from '../../engine/checkpoint/refusal.ts';
import type { WeightSource } from '../../engine/checkpoint/weights.ts';
import {
  type Denoiser,
  type DenoiserSizes,
  declareInputs,
  type NetworkFamily,
  type NetworkFiles,
  type Probe,
} from '../../engine/family.ts';
import { GraphBuilder, type Value } from '../../engine/graph/builder.ts';
import { Layers } from '../layers/layers.ts';
import { gatedResidual, modulate, modulationChunks } from '../layers/modulation.ts';
import { layerCount, parameter } from '../layers/parameter.ts';
import { timestepSinusoids } from '../layers/timestep.ts';

/**
 * Stable Diffusion 3 and 3.5: the MM-DiT of "Scaling Rectified Flow Transformers for High-Resolution Image Synthesis"
 * (Esser et al. 2024), as diffusers' `SD3Transformer2DModel` computes it. Two streams, image and text, meet in one joint attention
 * per block. SD3.5 adds a norm on queries and keys and, in its medium size, a second attention over the image alone in the first blocks.
 */
export const sd3Transformer: NetworkFamily<Sd3Denoiser> = {
  id: 'sd3',
  title: 'Stable Diffusion 3 / 3.5',
  /** FLUX has joint blocks too, but no position table. */
  detect: ({ weights }) =>
    weights.shape('pos_embed.pos_embed')?.length === 3 &&
    weights.shape('pos_embed.proj.weight')?.length === 4 &&
    weights.shape('transformer_blocks.0.attn.add_q_proj.weight')?.length === 2,
  open: (files) => {
    const denoiser = new Sd3(files);
    denoiser.check();
    return denoiser;
  },
};

/** A network that is told a pooled vector of the prompt. */
export interface Sd3Denoiser extends Denoiser {
  /** `pooled_projection_dim` */
  readonly pooledWidth: number;
}

/** All LayerNorms and all query/key norms; fixed in the reference's code, absent from configs. */
const EPSILON = 1e-6;
const SINUSOID_CHANNELS = 256;

class Sd3 implements Sd3Denoiser {
  readonly latentChannels: number;
  readonly patchSize: number;
  readonly temporalPatchSize = 1;
  readonly textHiddenSize: number;
  readonly pooledWidth: number;
  readonly guidance = 'classifier-free';
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
  readonly maxLatentSide: number;
  readonly sample: Denoiser['sample'];
  readonly #weights: WeightSource;
  /** Side of the square position table, in patches. */
  readonly #tableSide: number;
  readonly #normalisesQueries: boolean;
  /** Blocks with a second attention over the image. */
  readonly #dualLayers: readonly number[];

  /** Absent fields take the defaults of the reference class. */
  constructor({ config, weights }: NetworkFiles) {
    this.#weights = weights;
    this.patchSize = config.optionalInteger('patch_size', { min: 1, max: 64 }) ?? 2;
    this.latentChannels = config.optionalInteger('in_channels', { min: 1, max: 4_096 }) ?? 16;
    this.textHiddenSize = config.optionalInteger('joint_attention_dim', { min: 1 }) ?? 4_096;
    this.pooledWidth = config.optionalInteger('pooled_projection_dim', { min: 1 }) ?? 2_048;
    this.layers = layerCount(config, 'num_layers', 18, weights, 'transformer_blocks');
    this.heads = config.optionalInteger('num_attention_heads', { min: 1, max: 1_024 }) ?? 18;
    this.headDim = config.optionalInteger('attention_head_dim', { min: 1, max: 4_096 }) ?? 64;
    this.#tableSide = config.optionalInteger('pos_embed_max_size', { min: 1, max: 4_096 }) ?? 96;
    this.maxLatentSide = this.#tableSide * this.patchSize;
    const side = config.optionalInteger('sample_size', { min: 1 }) ?? this.maxLatentSide;
    const trained = Math.min(side, this.maxLatentSide);
    this.sample = { frames: 1, height: trained, width: trained };
    this.#normalisesQueries = config.optionalOneOf('qk_norm', ['rms_norm']) !== undefined;
    this.#dualLayers = config.optionalIntArray('dual_attention_layers', { max: this.layers - 1 }) ?? [];
    refuseOtherForms(config, this);
  }

  /** Width of both streams. */
  get #width(): number {
    return this.heads * this.headDim;
  }

  /** Asks for every tensor once, by building the smallest graph. */
  check(): void {
    const sizes = { batch: 1, frames: 1, height: this.patchSize, width: this.patchSize, textTokens: 1 };
    this.build(new GraphBuilder(), sizes, plainAttention);
  }

  sites(sizes: DenoiserSizes): readonly AttentionSite[] {
    return Array.from({ length: this.layers }, (_, layer) => [
      this.#site(layer, 'joint', sizes),
      ...(this.#dualLayers.includes(layer) ? [this.#site(layer, 'image', sizes)] : []),
    ]).flat();
  }

  inputs({ batch, height, width, textTokens }: DenoiserSizes) {
    return {
      latent: [batch, this.latentChannels, height, width],
      timestep: [batch],
      text: [batch, textTokens, this.textHiddenSize],
      pooled: [batch, this.pooledWidth],
    };
  }

  build(g: GraphBuilder, sizes: DenoiserSizes, processor: AttentionProcessor, probe: Probe = () => {}): Value {
    this.#refuseSizes(sizes);
    const net = new Layers(g, this.#weights);
    const { latent, timestep, text: prompt, pooled } = declareInputs(g, this.inputs(sizes));

    let image = g.scope('pos_embed', () => this.#patches(net, latent));
    probe('pos_embed', image);
    const conditioning = g.scope('time_text_embed', () => this.#conditioning(net, timestep, pooled, probe));
    let text = net.linear('context_embedder', prompt, this.#width);
    probe('context', text);
    for (let layer = 0; layer < this.layers; layer += 1) {
      const after = g.scope(`transformer_blocks.${layer}`, () =>
        this.#block(net, layer, { image, text }, conditioning, { sizes, processor, probe }),
      );
      probe(`block.${layer}.hidden`, after.image);
      if (after.text !== undefined) probe(`block.${layer}.context`, after.text);
      image = after.image;
      text = after.text ?? text;
    }
    return g.scope('norm_out', () => this.#unpatchified(net, image, conditioning, sizes, probe));
  }

  /**
   * In values of the streams' width D for each token. By count the joint attention needs 12: both streams, q, k, v of each, the joined
   * ones, the kernel's head-major copies and the result. Measured are 20 (70, 159 and 318 MiB at 32 x 32, 64 x 64 and twice 64 x 64 cells
   * with D = 1536, 333 text tokens): the runtime's arena cannot reuse every hole.
   */
  activationBytes({ batch, height, width, textTokens }: DenoiserSizes): number {
    const tokens = (height / this.patchSize) * (width / this.patchSize) + textTokens;
    return batch * tokens * this.#width * 20 * Float32Array.BYTES_PER_ELEMENT;
  }

  #site(
    layer: number,
    kind: AttentionSite['kind'],
    { batch, height, width, textTokens }: DenoiserSizes,
  ): AttentionSite {
    const [rows, columns] = [height / this.patchSize, width / this.patchSize];
    const image = { start: 0, length: rows * columns, frames: 1, height: rows, width: columns };
    const tokens: TokenLayout = { text: { start: image.length, length: kind === 'joint' ? textTokens : 0 }, image };
    const id = `transformer_blocks.${layer}.${kind === 'joint' ? 'attn' : 'attn2'}`;
    return { id, layer, kind, batch, heads: this.heads, headDim: this.headDim, tokens };
  }

  /** latent [B, C, h, w] -> image tokens [B, I, D] with their positions. */
  #patches(net: Layers, latent: Value): Value {
    const { g } = net;
    const cells = net.convolution('pos_embed.proj', latent, {
      out: this.#width,
      kernel: this.patchSize,
      stride: this.patchSize,
    });
    const [batch = 0, channels = 0, rows = 0, columns = 0] = cells.shape;
    const tokens = g.transpose(g.reshape(cells, [batch, channels, rows * columns]), [0, 2, 1]);
    return g.add(tokens, this.#positions(g, rows, columns));
  }

  /**
   * The centre of the stored table (read, never recomputed: a 16-bit checkpoint has it rounded like any weight) -> [1, I, D].
   * Picked row by row, since SD3.5's whole table of 384 x 384 positions would be 0.9 GB once widened.
   */
  #positions(g: GraphBuilder, rows: number, columns: number): Value {
    const [side, width] = [this.#tableSide, this.#width];
    const table = parameter(this.#weights, 'pos_embed.pos_embed', [1, side * side, width]);
    const top = Math.floor((side - rows) / 2);
    const left = Math.floor((side - columns) / 2);
    const centre = Array.from(
      { length: rows * columns },
      (_, token) => (top + Math.floor(token / columns)) * side + left + (token % columns),
    );
    return g.embedding({ ...table, shape: [side * side, width] }, g.constant('int64', [1, rows * columns], centre));
  }

  /** timestep [B], pooled [B, pooledWidth] -> SiLU of the conditioning vector [B, D]: every norm applies that SiLU first. */
  #conditioning(net: Layers, timestep: Value, pooled: Value, probe: Probe): Value {
    const { g } = net;
    const mlp = (name: string, x: Value) =>
      net.linear(`${name}.linear_2`, g.silu(net.linear(`${name}.linear_1`, x, this.#width)), this.#width);
    const sinusoids = timestepSinusoids(g, timestep, SINUSOID_CHANNELS);
    probe('time_proj', sinusoids);
    const sum = g.add(
      mlp('time_text_embed.timestep_embedder', sinusoids),
      mlp('time_text_embed.text_embedder', pooled),
    );
    probe('temb', sum);
    return g.silu(sum);
  }

  /** `JointTransformerBlock`. The last block has no text of its own behind the attention (`context_pre_only`). */
  #block(net: Layers, layer: number, streams: JointStreams, conditioning: Value, pass: Pass): BlockResult {
    const { g } = net;
    const name = `transformer_blocks.${layer}`;
    const isLast = layer === this.layers - 1;
    const isDual = this.#dualLayers.includes(layer);
    const probe: Probe = layer === 0 ? (at, value) => pass.probe(`block0.${at}`, value) : () => {};

    const [shift, scale, gate, shiftMlp, scaleMlp, gateMlp, shift2, scale2, gate2] = modulationChunks(
      net,
      `${name}.norm1`,
      conditioning,
      isDual ? 9 : 6,
    );
    const normed = g.layerNorm(streams.image, { epsilon: EPSILON });
    const image = modulate(g, normed, shift!, scale!);
    probe('norm1', image);
    // Here, and only here, an adaptive norm's chunks come as scale, shift: the last block's is an AdaLayerNormContinuous.
    const textChunks = modulationChunks(net, `${name}.norm1_context`, conditioning, isLast ? 2 : 6);
    const [textShift, textScale] = isLast ? [textChunks[1]!, textChunks[0]!] : [textChunks[0]!, textChunks[1]!];
    const text = modulate(g, g.layerNorm(streams.text, { epsilon: EPSILON }), textShift, textScale);

    const attended = this.#jointAttention(net, layer, { image, text }, isLast, pass);
    probe('attn.hidden', attended.image);
    if (attended.text !== undefined) probe('attn.context', attended.text);
    let hidden = gatedResidual(g, streams.image, gate!, attended.image);
    if (isDual) {
      const second = this.#imageAttention(net, layer, modulate(g, normed, shift2!, scale2!), pass);
      hidden = gatedResidual(g, hidden, gate2!, second);
    }
    hidden = this.#feedForward(net, `${name}.ff`, hidden, [shiftMlp!, scaleMlp!, gateMlp!], (value) =>
      probe('ff', value),
    );
    if (attended.text === undefined) return { image: hidden };
    const [, , textGate, ...textMlp] = textChunks;
    const context = gatedResidual(g, streams.text, textGate!, attended.text);
    return { image: hidden, text: this.#feedForward(net, `${name}.ff_context`, context, textMlp) };
  }

  /** Tokens run image first, then text. */
  #jointAttention(net: Layers, layer: number, { image, text }: JointStreams, isLast: boolean, pass: Pass): BlockResult {
    const { g } = net;
    const name = `transformer_blocks.${layer}.attn`;
    const joint = (own: string, ownNorm: string, added: string, addedNorm: string) =>
      g.concat(
        [this.#projected(net, name, image, own, ownNorm), this.#projected(net, name, text, added, addedNorm)],
        1,
      );
    const q = joint('to_q', 'norm_q', 'add_q_proj', 'norm_added_q');
    const k = joint('to_k', 'norm_k', 'add_k_proj', 'norm_added_k');
    const v = g.concat(
      [net.linear(`${name}.to_v`, image, this.#width), net.linear(`${name}.add_v_proj`, text, this.#width)],
      1,
    );
    const attended = pass.processor.attend(g, this.#site(layer, 'joint', pass.sizes), { q, k, v });
    const [, imageTokens = 0] = image.shape;
    const [, tokens = 0] = attended.shape;
    const imagePart = net.linear(`${name}.to_out.0`, g.slice(attended, 1, 0, imageTokens), this.#width);
    if (isLast) return { image: imagePart };
    const textPart = net.linear(`${name}.to_add_out`, g.slice(attended, 1, imageTokens, tokens), this.#width);
    return { image: imagePart, text: textPart };
  }

  #imageAttention(net: Layers, layer: number, image: Value, { sizes, processor }: Pass): Value {
    const name = `transformer_blocks.${layer}.attn2`;
    const q = this.#projected(net, name, image, 'to_q', 'norm_q');
    const k = this.#projected(net, name, image, 'to_k', 'norm_k');
    const v = net.linear(`${name}.to_v`, image, this.#width);
    const attended = processor.attend(net.g, this.#site(layer, 'image', sizes), { q, k, v });
    return net.linear(`${name}.to_out.0`, attended, this.#width);
  }

  /** x [B, T, D] -> queries or keys [B, T, D], normalised per head where the network does so. */
  #projected(net: Layers, attention: string, x: Value, projection: string, norm: string): Value {
    const { g } = net;
    const flat = net.linear(`${attention}.${projection}`, x, this.#width);
    if (!this.#normalisesQueries) return flat;
    const [batch = 0, tokens = 0] = flat.shape;
    const perHead = g.reshape(flat, [batch, tokens, this.heads, this.headDim]);
    return g.reshape(net.rmsNorm(`${attention}.${norm}`, perHead, EPSILON), flat.shape);
  }

  /** x + gate * FF(norm(x) * (1 + scale) + shift), with tanh-GELU. chunks: shift, scale, gate of [B, 1, D]. */
  #feedForward(
    net: Layers,
    name: string,
    x: Value,
    chunks: readonly Value[],
    seen: (value: Value) => void = () => {},
  ): Value {
    const { g } = net;
    const [shift, scale, gate] = chunks;
    const normed = modulate(g, g.layerNorm(x, { epsilon: EPSILON }), shift!, scale!);
    const inner = g.gelu(net.linear(`${name}.net.0.proj`, normed, 4 * this.#width), 'tanh');
    const result = net.linear(`${name}.net.2`, inner, this.#width);
    seen(result);
    return gatedResidual(g, x, gate!, result);
  }

  /** image tokens [B, I, D] -> velocity [B, C, h, w]; a token's values run over (dy, dx, channel), channel fastest. */
  #unpatchified(net: Layers, image: Value, conditioning: Value, sizes: DenoiserSizes, probe: Probe): Value {
    const { g } = net;
    const { batch, height, width } = sizes;
    const [patch, channels] = [this.patchSize, this.latentChannels];
    const [scale, shift] = modulationChunks(net, 'norm_out', conditioning, 2);
    const normed = modulate(g, g.layerNorm(image, { epsilon: EPSILON }), shift!, scale!);
    probe('norm_out', normed);
    const projected = net.linear('proj_out', normed, patch * patch * channels);
    probe('proj_out', projected);
    const grid = g.reshape(projected, [batch, height / patch, width / patch, patch, patch, channels]);
    const velocity = g.reshape(g.transpose(grid, [0, 5, 1, 3, 2, 4]), [batch, channels, height, width]);
    probe('sample', velocity);
    return velocity;
  }

  #refuseSizes({ frames, height, width }: DenoiserSizes): void {
    if (frames !== 1) throw new RangeError(`this network makes one frame, not ${frames}`);
    for (const [side, cells] of Object.entries({ height, width })) {
      if (cells % this.patchSize !== 0)
        throw new AttuneError(
          'request-invalid',
          `The ${side} of ${cells} latent pixels is no multiple of ${this.patchSize}.`,
          { field: side },
        );
      if (cells > this.maxLatentSide)
        throw new AttuneError(
          'request-invalid',
          `The ${side} of ${cells} latent pixels is above the ${this.maxLatentSide} for which this model has positions. Choose a smaller picture.`,
          { field: side },
        );
    }
  }
}

/** [B, I, D] and [B, T, D]. */
interface JointStreams {
  readonly image: Value;
  readonly text: Value;
}

/** Without text after the last block. */
interface BlockResult {
  readonly image: Value;
  readonly text?: Value;
}

/** What one build carries through the blocks. */
interface Pass {
  readonly sizes: DenoiserSizes;
  readonly processor: AttentionProcessor;
  readonly probe: Probe;
}

function refuseOtherForms(config: Config, { latentChannels, heads, headDim }: Denoiser): void {
  const out = config.optionalInteger('out_channels', { min: 1 }) ?? latentChannels;
  if (out !== latentChannels)
    throw refusal(
      'checkpoint-unsupported',
      config.file,
      `The field "out_channels" is ${out} and "in_channels" ${latentChannels}; Attune runs models where they are equal.`,
      { field: 'out_channels' },
    );
  const caption = config.optionalInteger('caption_projection_dim', { min: 1 }) ?? 1_152;
  if (caption !== heads * headDim)
    throw malformed(
      config.file,
      `The field "caption_projection_dim" is ${caption} where num_attention_heads * attention_head_dim = ${heads * headDim} is expected`,
      { field: 'caption_projection_dim' },
    );
}
