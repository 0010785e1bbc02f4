import { type AttentionProcessor, type AttentionSite, plainAttention } from '../../engine/attention/site.ts';
import { AttuneError } from '../../engine/base/errors.ts';
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
import { modulate, modulationChunks } from '../layers/modulation.ts';
import { layerCount } from '../layers/parameter.ts';
import { type RotaryValues, rotaryConstants } from '../layers/rotary.ts';
import { timestepSinusoids } from '../layers/timestep.ts';
import { type Block, doubleBlock, EPSILON, type Pass, singleBlock } from './blocks.ts';
import { type FluxForm, readForm } from './config.ts';
import { PATCH, packLatent, unpackLatent } from './packing.ts';
import { picturePositions } from './positions.ts';

/**
 * FLUX.1 (Black Forest Labs 2024), as diffusers' `FluxTransformer2DModel` computes it: double-stream blocks, where text and image have
 * weights of their own, then single-stream blocks over both. Queries and keys are turned by row and column. `dev` is told a guidance
 * scale, `schnell` none.
 */
export const fluxTransformer: NetworkFamily<FluxDenoiser> = {
  id: 'flux',
  title: 'FLUX.1',
  /** Chroma, HunyuanVideo, FLUX.2 and ControlNets have similar blocks; the tensors around the blocks tell them apart. */
  detect: ({ weights }) =>
    [
      'x_embedder.weight',
      'context_embedder.weight',
      'time_text_embed.text_embedder.linear_1.weight',
      'transformer_blocks.0.attn.add_q_proj.weight',
      'single_transformer_blocks.0.proj_mlp.weight',
      'norm_out.linear.weight',
    ].every((name) => weights.shape(name)?.length === 2),
  open: (files) => {
    const denoiser = new FluxTransformer(files);
    denoiser.check();
    return denoiser;
  },
};

const SINUSOID_CHANNELS = 256;
/** 1024 x 1024 pixels; the configs do not say. */
const SAMPLE = { frames: 1, height: 128, width: 128 };
/** The reference multiplies the guidance scale as it does timesteps of 0..1. */
const GUIDANCE_FACTOR = 1_000;

/** A network that is told a pooled vector of the prompt. */
export interface FluxDenoiser extends Denoiser {
  /** `pooled_projection_dim` */
  readonly pooledWidth: number;
}

class FluxTransformer implements FluxDenoiser {
  readonly latentChannels: number;
  readonly patchSize = PATCH;
  readonly temporalPatchSize = 1;
  readonly textHiddenSize: number;
  readonly pooledWidth: number;
  readonly guidance: Denoiser['guidance'];
  /** Double-stream blocks, then single-stream blocks. */
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
  readonly maxLatentSide = Number.POSITIVE_INFINITY;
  readonly sample = SAMPLE;
  readonly #weights: WeightSource;
  readonly #form: FluxForm;
  readonly #doubleLayers: number;

  constructor({ config, weights }: NetworkFiles) {
    this.#weights = weights;
    this.#form = readForm(config, weights);
    this.#doubleLayers = layerCount(config, 'num_layers', 19, weights, 'transformer_blocks');
    const singleLayers = layerCount(config, 'num_single_layers', 38, weights, 'single_transformer_blocks');
    this.layers = this.#doubleLayers + singleLayers;
    this.latentChannels = this.#form.latentChannels;
    this.textHiddenSize = this.#form.textHiddenSize;
    this.guidance = this.#form.guided ? 'embedded' : 'none';
    this.pooledWidth = this.#form.pooledWidth;
    this.heads = this.#form.heads;
    this.headDim = this.#form.headDim;
  }

  /** Width of the streams. */
  get #width(): number {
    return this.heads * this.headDim;
  }

  /** Asks for every tensor once, by building the smallest graph. */
  check(): void {
    this.build(new GraphBuilder(), { batch: 1, frames: 1, height: PATCH, width: PATCH, textTokens: 1 }, plainAttention);
  }

  sites(sizes: DenoiserSizes): readonly AttentionSite[] {
    return this.#blocks(sizes).map(({ site }) => site);
  }

  /** `guidance`, of a network with guidance embeds: the guidance scale itself, such as 3.5. */
  inputs({ batch, height, width, textTokens }: DenoiserSizes) {
    return {
      latent: [batch, this.latentChannels, height, width],
      timestep: [batch],
      text: [batch, textTokens, this.textHiddenSize],
      pooled: [batch, this.pooledWidth],
      ...(this.#form.guided ? { guidance: [batch] } : {}),
    };
  }

  build(g: GraphBuilder, sizes: DenoiserSizes, processor: AttentionProcessor, probe: Probe = () => {}): Value {
    const { textTokens } = sizes;
    refuseSizes(sizes);
    const net = new Layers(g, this.#weights);
    const { latent, timestep, text: prompt, pooled, guidance } = declareInputs(g, this.inputs(sizes));

    let image = net.linear('x_embedder', packLatent(g, latent), this.#width);
    probe('x', image);
    const conditioning = g.scope('time_text_embed', () =>
      this.#conditioning(net, { timestep, pooled, guidance }, probe),
    );
    let text = net.linear('context_embedder', prompt, this.#width);
    probe('context', text);
    const rotary = this.#rotary(g, sizes, probe);
    const pass: Pass = { net, width: this.#width, conditioning, rotary, processor };
    const blocks = this.#blocks(sizes);
    for (const [layer, block] of blocks.slice(0, this.#doubleLayers).entries()) {
      const seen = first(layer, 'block0', probe);
      ({ text, image } = g.scope(block.name, () => doubleBlock(pass, block, { text, image }, seen)));
      probe(`block.${layer}.hidden`, image);
      probe(`block.${layer}.context`, text);
    }
    let joined = g.concat([text, image], 1);
    for (const [layer, block] of blocks.slice(this.#doubleLayers).entries()) {
      const seen = first(layer, 'single0', probe);
      joined = g.scope(block.name, () => singleBlock(pass, block, joined, seen));
      probe(`single.${layer}`, joined);
    }
    const [, tokens = 0] = joined.shape;
    return g.scope('norm_out', () => this.#velocity(pass, g.slice(joined, 1, textTokens, tokens), sizes, probe));
  }

  /**
   * Measured: 23 to 28 values of width D per token (206, 436, 874 and 1311 MiB at 32 x 32, 64 x 64, twice 64 x 64 and 128 x 128 cells with
   * D = 3072, 512 text tokens). By count a double block holds 12 at once, a single block 11; the runtime's arena cannot reuse every hole.
   */
  activationBytes({ batch, height, width, textTokens }: DenoiserSizes): number {
    const tokens = (height / PATCH) * (width / PATCH) + textTokens;
    return batch * tokens * this.#width * 25 * Float32Array.BYTES_PER_ELEMENT;
  }

  /** In order of execution. Tokens run text first, then image, in both kinds of blocks. */
  #blocks({ batch, height, width, textTokens }: DenoiserSizes): readonly Block[] {
    const [rows, columns] = [height / PATCH, width / PATCH];
    const tokens = {
      text: { start: 0, length: textTokens },
      image: { start: textTokens, length: rows * columns, frames: 1, height: rows, width: columns },
    };
    return Array.from({ length: this.layers }, (_, layer) => {
      const single = layer - this.#doubleLayers;
      const name = single < 0 ? `transformer_blocks.${layer}` : `single_transformer_blocks.${single}`;
      const { heads, headDim } = this;
      return { name, site: { id: `${name}.attn`, layer, kind: 'joint', batch, heads, headDim, tokens } };
    });
  }

  /** Each [B], pooled [B, pooledWidth] -> SiLU of the conditioning vector [B, D]: every norm applies that SiLU first. */
  #conditioning(net: Layers, { timestep, pooled, guidance }: Conditions, probe: Probe): Value {
    const { g } = net;
    const mlp = (name: string, x: Value) => {
      const inner = g.silu(net.linear(`time_text_embed.${name}.linear_1`, x, this.#width));
      return net.linear(`time_text_embed.${name}.linear_2`, inner, this.#width);
    };
    const sinusoids = timestepSinusoids(g, timestep, SINUSOID_CHANNELS);
    probe('time_proj', sinusoids);
    let sum = mlp('timestep_embedder', sinusoids);
    if (guidance !== undefined) {
      const scaled = g.mul(guidance, g.scalar(GUIDANCE_FACTOR));
      const ofGuidance = timestepSinusoids(g, scaled, SINUSOID_CHANNELS);
      probe('time_proj.2', ofGuidance);
      sum = g.add(sum, mlp('guidance_embedder', ofGuidance));
    }
    sum = g.add(sum, mlp('text_embedder', pooled));
    probe('temb', sum);
    return g.silu(sum);
  }

  #rotary(g: GraphBuilder, { height, width, textTokens }: DenoiserSizes, probe: Probe): RotaryValues {
    const table = picturePositions({ rows: height / PATCH, columns: width / PATCH }, this.#form.axisChannels);
    const values = rotaryConstants(g, table, textTokens);
    for (const part of ['cos', 'sin'] as const) {
      // The reference has every pair twice.
      const [tokens = 0, pairs = 0] = values[part].shape;
      const twice = g.expand(g.reshape(values[part], [tokens, pairs, 1]), [tokens, pairs, 2]);
      probe(`rope.${part}`, g.reshape(twice, [tokens, 2 * pairs]));
    }
    return values;
  }

  /** Image tokens [B, I, D] -> velocity [B, C, h, w]. `AdaLayerNormContinuous`: its chunks are scale, shift. */
  #velocity({ net, conditioning }: Pass, image: Value, sizes: DenoiserSizes, probe: Probe): Value {
    const { g } = net;
    const [scale, shift] = modulationChunks(net, 'norm_out', conditioning, 2);
    const normed = modulate(g, g.layerNorm(image, { epsilon: EPSILON }), shift!, scale!);
    probe('norm_out', normed);
    const packed = net.linear('proj_out', normed, PATCH * PATCH * this.latentChannels);
    probe('sample', packed);
    return unpackLatent(g, packed, sizes);
  }
}

interface Conditions {
  readonly timestep: Value;
  readonly pooled: Value;
  /** The guidance scale; absent for a network that is told none. */
  readonly guidance: Value | undefined;
}

/** Probes the inside of the first block of a kind and no other. */
function first(layer: number, name: string, probe: Probe): Probe {
  return layer === 0 ? (at, value) => probe(`${name}.${at}`, value) : () => {};
}

function refuseSizes(sizes: DenoiserSizes): void {
  for (const side of ['height', 'width'] as const)
    if (sizes[side] % PATCH !== 0)
      throw new AttuneError(
        'request-invalid',
        `The ${side} of ${sizes[side]} latent pixels is no multiple of ${PATCH}.`,
        { field: side },
      );
}
