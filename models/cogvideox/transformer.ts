import { type AttentionProcessor, type AttentionSite, plainAttention } from '../../engine/attention/site.ts';
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
import { layerCount } from '../layers/parameter.ts';
import { type RotaryValues, rotaryConstants } from '../layers/rotary.ts';
import { timestepSinusoids } from '../layers/timestep.ts';
import { addSincosPositions, type BaseGrid, rotaryPositions, type TokenGrid } from './positions.ts';

/**
 * CogVideoX 2b, 5b and 1.5 ("CogVideoX: Text-to-Video Diffusion Models with An Expert Transformer", Yang et al. 2024), as diffusers'
 * `CogVideoXTransformer3DModel` computes it. Text and video are one sequence with common weights; only the shift, scale and gate of the
 * norms are their own. 2b adds sincos positions to the tokens, 5b turns queries and keys by frame, row and column; 1.5 has tokens of two
 * frames besides.
 */
export const cogVideoXTransformer: NetworkFamily<CogVideoXDenoiser> = {
  id: 'cogvideox',
  title: 'CogVideoX',
  /** CogView3 and 4 have the first two as well; their time embedding is another. */
  detect: ({ weights }) =>
    weights.shape('patch_embed.text_proj.weight')?.length === 2 &&
    weights.shape('transformer_blocks.0.attn1.to_q.weight')?.length === 2 &&
    weights.shape('time_embedding.linear_1.weight')?.length === 2,
  open: (files) => {
    const denoiser = new CogVideoX(files);
    denoiser.check();
    return denoiser;
  },
};

/** A network that takes prompts of one length. */
export interface CogVideoXDenoiser extends Denoiser {
  /** `max_text_seq_length` */
  readonly textTokens: number;
}

/** The query/key norms; fixed in the reference's code. */
const HEAD_EPSILON = 1e-6;

class CogVideoX implements CogVideoXDenoiser {
  readonly latentChannels: number;
  readonly patchSize: number;
  readonly temporalPatchSize: number;
  readonly textHiddenSize: number;
  readonly textTokens: number;
  readonly guidance = 'classifier-free';
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
  readonly maxLatentSide: number;
  readonly sample: Denoiser['sample'];
  readonly #weights: WeightSource;
  readonly #timeWidth: number;
  readonly #epsilon: number;
  readonly #isRotary: boolean;
  /** 1.5: tokens of several frames, which a Linear projects. */
  readonly #spansFrames: boolean;
  readonly #patchBias: boolean;
  readonly #attentionBias: boolean;
  readonly #scales: { readonly space: number; readonly time: number };

  /** Absent fields take the defaults of the reference class. */
  constructor({ config, weights }: NetworkFiles) {
    this.#weights = weights;
    this.patchSize = config.optionalInteger('patch_size', { min: 1, max: 64 }) ?? 2;
    const temporalPatchSize = config.optionalInteger('patch_size_t', { min: 1, max: 64 });
    this.temporalPatchSize = temporalPatchSize ?? 1;
    this.textTokens = config.optionalInteger('max_text_seq_length', { min: 1, max: 100_000 }) ?? 226;
    this.latentChannels = config.optionalInteger('in_channels', { min: 1, max: 4_096 }) ?? 16;
    this.textHiddenSize = config.optionalInteger('text_embed_dim', { min: 1 }) ?? 4_096;
    this.layers = layerCount(config, 'num_layers', 30, weights, 'transformer_blocks');
    this.heads = config.optionalInteger('num_attention_heads', { min: 1, max: 1_024 }) ?? 30;
    this.headDim = config.optionalInteger('attention_head_dim', { min: 1, max: 4_096 }) ?? 64;
    this.#timeWidth = config.optionalInteger('time_embed_dim', { min: 1 }) ?? 512;
    this.#epsilon = config.optionalNumber('norm_eps', { min: 0, max: 1 }) ?? 1e-5;
    this.#isRotary = config.optionalBoolean('use_rotary_positional_embeddings') ?? false;
    this.#spansFrames = temporalPatchSize !== undefined;
    this.#patchBias = config.optionalBoolean('patch_bias') ?? true;
    this.#attentionBias = config.optionalBoolean('attention_bias') ?? true;
    this.#scales = {
      space: config.optionalNumber('spatial_interpolation_scale', { min: 1e-3, max: 1e3 }) ?? 1.875,
      time: config.optionalNumber('temporal_interpolation_scale', { min: 1e-3, max: 1e3 }) ?? 1,
    };
    this.sample = sampleOf(config);
    const { height, width } = this.sample;
    this.maxLatentSide = this.#hasPlainPositions ? Math.max(height, width) : Number.POSITIVE_INFINITY;
    refuseOtherForms(config, this, this.#isRotary);
  }

  /** Width of the streams. */
  get #width(): number {
    return this.heads * this.headDim;
  }

  /** 1.5: whole numbers up to the base size, which the reference has no positions beyond. */
  get #hasPlainPositions(): boolean {
    return this.#isRotary && this.#spansFrames;
  }

  /** Asks for every tensor once, by building the smallest graph. */
  check(): void {
    const { temporalPatchSize: frames, textTokens } = this;
    const sizes = { batch: 1, frames, height: this.patchSize, width: this.patchSize, textTokens };
    this.build(new GraphBuilder(), sizes, plainAttention);
  }

  sites(sizes: DenoiserSizes): readonly AttentionSite[] {
    return Array.from({ length: this.layers }, (_, layer) => this.#site(layer, sizes));
  }

  inputs({ batch, frames, height, width, textTokens }: DenoiserSizes) {
    return {
      latent: [batch, frames, this.latentChannels, height, width],
      timestep: [batch],
      text: [batch, textTokens, this.textHiddenSize],
    };
  }

  build(g: GraphBuilder, sizes: DenoiserSizes, processor: AttentionProcessor, probe: Probe = () => {}): Value {
    const { textTokens } = sizes;
    this.#refuseSizes(sizes);
    const net = new Layers(g, this.#weights);
    const { latent, timestep, text: prompt } = declareInputs(g, this.inputs(sizes));
    const grid = this.#grid(sizes);

    let text = net.linear('patch_embed.text_proj', prompt, this.#width);
    let video = g.scope('patch_embed', () => this.#patches(net, latent, grid));
    probe('patch_embed', g.concat([text, video], 1));
    const conditioning = g.scope('time_embedding', () => this.#conditioning(net, timestep, probe));
    const rotary = this.#isRotary ? this.#rotary(g, grid, textTokens) : null;
    for (let layer = 0; layer < this.layers; layer += 1) {
      const streams = g.scope(`transformer_blocks.${layer}`, () =>
        this.#block(net, layer, { text, video }, conditioning, { sizes, processor, probe, rotary }),
      );
      ({ text, video } = streams);
      probe(`block.${layer}.hidden`, video);
      probe(`block.${layer}.context`, text);
    }
    // The reference norms text and video together where it turns by position; the video's numbers are the same.
    const last = net.layerNorm('norm_final', video, this.#epsilon);
    probe('norm_final', this.#isRotary ? net.layerNorm('norm_final', g.concat([text, video], 1), this.#epsilon) : last);
    return g.scope('norm_out', () => this.#unpatchified(net, last, conditioning, sizes, probe));
  }

  /**
   * In values of the width D for each token, as SD3's measured 20: the blocks are of the same parts, here over one sequence.
   */
  activationBytes(sizes: DenoiserSizes): number {
    const { frames, height, width } = this.#grid(sizes);
    const tokens = frames * height * width + sizes.textTokens;
    return sizes.batch * tokens * this.#width * 20 * Float32Array.BYTES_PER_ELEMENT;
  }

  #grid({ frames, height, width }: DenoiserSizes): TokenGrid {
    return {
      frames: frames / this.temporalPatchSize,
      height: height / this.patchSize,
      width: width / this.patchSize,
    };
  }

  #site(layer: number, sizes: DenoiserSizes): AttentionSite {
    const { frames, height, width } = this.#grid(sizes);
    const tokens = {
      text: { start: 0, length: sizes.textTokens },
      image: { start: sizes.textTokens, length: frames * height * width, frames, height, width },
    };
    const id = `transformer_blocks.${layer}.attn1`;
    return { id, layer, kind: 'joint', batch: sizes.batch, heads: this.heads, headDim: this.headDim, tokens };
  }

  /** latent [B, F, C, h, w] -> video tokens [B, V, D], with their positions unless those turn queries and keys. */
  #patches(net: Layers, latent: Value, grid: TokenGrid): Value {
    const { g } = net;
    const tokens = this.#spansFrames ? this.#spanningPatches(net, latent, grid) : this.#framePatches(net, latent, grid);
    return this.#isRotary ? tokens : addSincosPositions(g, tokens, grid, this.#scales);
  }

  #framePatches(net: Layers, latent: Value, { frames, height, width }: TokenGrid): Value {
    const { g } = net;
    const [batch = 0, , ...plane] = latent.shape;
    const shape = { out: this.#width, kernel: this.patchSize, stride: this.patchSize, bias: this.#patchBias };
    const cells = net.convolution('patch_embed.proj', g.reshape(latent, [batch * frames, ...plane]), shape);
    const byFrame = g.reshape(cells, [batch, frames, this.#width, height * width]);
    return g.reshape(g.transpose(byFrame, [0, 1, 3, 2]), [batch, frames * height * width, this.#width]);
  }

  /** 1.5: a Linear over (channel, frame, row, column) of a token; it has a bias whatever `patch_bias` says. */
  #spanningPatches(net: Layers, latent: Value, { frames, height, width }: TokenGrid): Value {
    const { g } = net;
    const [batch = 0, , channels = 0] = latent.shape;
    const [span, patch] = [this.temporalPatchSize, this.patchSize];
    const cut = g.reshape(latent, [batch, frames, span, channels, height, patch, width, patch]);
    const values = g.reshape(g.transpose(cut, [0, 1, 4, 6, 3, 2, 5, 7]), [batch, frames * height * width, -1]);
    return net.linear('patch_embed.proj', values, this.#width);
  }

  /** timestep [B] -> SiLU of the time embedding [B, E]: every norm applies that SiLU first. */
  #conditioning(net: Layers, timestep: Value, probe: Probe): Value {
    const { g } = net;
    const sinusoids = timestepSinusoids(g, timestep, this.#width);
    probe('time_proj', sinusoids);
    const inner = g.silu(net.linear('time_embedding.linear_1', sinusoids, this.#timeWidth));
    const embedding = net.linear('time_embedding.linear_2', inner, this.#timeWidth);
    probe('emb', embedding);
    return g.silu(embedding);
  }

  /** Only the video is turned. */
  #rotary(g: GraphBuilder, grid: TokenGrid, textTokens: number): RotaryValues {
    const { height, width } = this.sample;
    const base: BaseGrid = {
      height: Math.floor(height / this.patchSize),
      width: Math.floor(width / this.patchSize),
    };
    const form = this.#hasPlainPositions ? 'plain' : 'resize-crop';
    return rotaryConstants(g, rotaryPositions(grid, base, form, this.headDim), textTokens);
  }

  /** `CogVideoXBlock`. */
  #block(net: Layers, layer: number, streams: Streams, conditioning: Value, pass: Pass): Streams {
    const { g } = net;
    const name = `transformer_blocks.${layer}`;
    const probe: Probe = layer === 0 ? (at, value) => pass.probe(`block0.${at}`, value) : () => {};

    const first = this.#normed(net, `${name}.norm1`, streams, conditioning);
    probe('norm1.hidden', first.video);
    probe('norm1.context', first.text);
    const attended = this.#split(g, this.#attention(net, layer, joined(g, first), pass), pass.sizes.textTokens);
    probe('attn.hidden', attended.video);
    probe('attn.context', attended.text);
    const middle = residual(g, streams, first, attended);

    const second = this.#normed(net, `${name}.norm2`, middle, conditioning);
    const fed = this.#feedForward(net, `${name}.ff`, joined(g, second));
    probe('ff', fed);
    return residual(g, middle, second, this.#split(g, fed, pass.sizes.textTokens));
  }

  /** `CogVideoXLayerNormZero`: chunks shift, scale, gate of the video, then of the text; the norm itself is common. */
  #normed(net: Layers, name: string, { text, video }: Streams, conditioning: Value): NormedStreams {
    const { g } = net;
    const [shift, scale, gate, textShift, textScale, textGate] = modulationChunks(
      net,
      name,
      conditioning,
      6,
      this.#width,
    );
    const norm = (x: Value) => net.layerNorm(`${name}.norm`, x, this.#epsilon);
    return {
      video: modulate(g, norm(video), shift!, scale!),
      text: modulate(g, norm(text), textShift!, textScale!),
      videoGate: gate!,
      textGate: textGate!,
    };
  }

  /** Tokens run text first, then video. x: [B, T + V, D]. */
  #attention(net: Layers, layer: number, x: Value, { sizes, processor, rotary }: Pass): Value {
    const { g } = net;
    const name = `transformer_blocks.${layer}.attn1`;
    const project = (part: string) => net.linear(`${name}.${part}`, x, this.#width, { bias: this.#attentionBias });
    const turned = (part: string, norm: string) => {
      const perHead = g.reshape(project(part), [...x.shape.slice(0, 2), this.heads, this.headDim]);
      const flat = g.reshape(net.layerNorm(`${name}.${norm}`, perHead, HEAD_EPSILON), x.shape);
      return rotary === null ? flat : g.rotatePairs(flat, rotary.cos, rotary.sin, this.heads);
    };
    const operands = { q: turned('to_q', 'norm_q'), k: turned('to_k', 'norm_k'), v: project('to_v') };
    return net.linear(`${name}.to_out.0`, processor.attend(g, this.#site(layer, sizes), operands), this.#width);
  }

  /** Linear, tanh-GELU, Linear. */
  #feedForward(net: Layers, name: string, x: Value): Value {
    const inner = net.g.gelu(net.linear(`${name}.net.0.proj`, x, 4 * this.#width), 'tanh');
    return net.linear(`${name}.net.2`, inner, this.#width);
  }

  #split(g: GraphBuilder, x: Value, textTokens: number): Streams {
    const [, tokens = 0] = x.shape;
    const [text, video] = g.split(x, 1, [textTokens, tokens - textTokens]);
    return { text: text!, video: video! };
  }

  /** Video tokens [B, V, D] -> [B, F, C, h, w]; a token's values run over (channel, frame, row, column). */
  #unpatchified(net: Layers, video: Value, conditioning: Value, sizes: DenoiserSizes, probe: Probe): Value {
    const { g } = net;
    const { batch, frames, height, width } = sizes;
    const [span, patch, channels] = [this.temporalPatchSize, this.patchSize, this.latentChannels];
    const grid = this.#grid(sizes);
    const [shift, scale] = modulationChunks(net, 'norm_out', conditioning, 2, this.#width);
    const normed = modulate(g, net.layerNorm('norm_out.norm', video, this.#epsilon), shift!, scale!);
    probe('norm_out', normed);
    const projected = net.linear('proj_out', normed, channels * span * patch * patch);
    probe('proj_out', projected);
    const cells = g.reshape(projected, [batch, grid.frames, grid.height, grid.width, channels, span, patch, patch]);
    const sample = g.reshape(g.transpose(cells, [0, 1, 5, 4, 2, 6, 3, 7]), [batch, frames, channels, height, width]);
    probe('sample', sample);
    return sample;
  }

  #refuseSizes({ frames, height, width, textTokens }: DenoiserSizes): void {
    const { temporalPatchSize, sample, textTokens: expected } = this;
    for (const [field, cells, multiple] of [
      ['frames', frames, temporalPatchSize],
      ['height', height, this.patchSize],
      ['width', width, this.patchSize],
    ] as const)
      if (cells % multiple !== 0)
        throw new AttuneError('request-invalid', `${cells} latent pixels of ${field} are no multiple of ${multiple}.`, {
          field,
        });
    if (this.#hasPlainPositions)
      for (const [field, cells, most] of [
        ['height', height, sample.height],
        ['width', width, sample.width],
      ] as const)
        if (cells > most)
          throw new AttuneError(
            'request-invalid',
            `The ${field} of ${cells} latent pixels is above the ${most} for which this model has positions. Choose a smaller video.`,
            { field },
          );
    if (!this.#isRotary && textTokens !== expected)
      throw new AttuneError(
        'request-invalid',
        `This model takes prompts of exactly ${expected} tokens, not ${textTokens}.`,
        { field: 'prompt' },
      );
  }
}

/** [B, T, D] and [B, V, D]. */
interface Streams {
  readonly text: Value;
  readonly video: Value;
}

/** With the gates of what is computed from them, [B, 1, D]. */
interface NormedStreams extends Streams {
  readonly textGate: Value;
  readonly videoGate: Value;
}

/** What one build carries through the blocks. */
interface Pass {
  readonly sizes: DenoiserSizes;
  readonly processor: AttentionProcessor;
  readonly probe: Probe;
  readonly rotary: RotaryValues | null;
}

function joined(g: GraphBuilder, { text, video }: Streams): Value {
  return g.concat([text, video], 1);
}

function residual(g: GraphBuilder, x: Streams, { textGate, videoGate }: NormedStreams, change: Streams): Streams {
  return {
    text: gatedResidual(g, x.text, textGate, change.text),
    video: gatedResidual(g, x.video, videoGate, change.video),
  };
}

function sampleOf(config: Config): Denoiser['sample'] {
  const compression = config.optionalInteger('temporal_compression_ratio', { min: 1, max: 64 }) ?? 4;
  const frames = config.optionalInteger('sample_frames', { min: 1, max: 100_000 }) ?? 49;
  return {
    frames: Math.floor((frames - 1) / compression) + 1,
    height: config.optionalInteger('sample_height', { min: 1, max: 100_000 }) ?? 60,
    width: config.optionalInteger('sample_width', { min: 1, max: 100_000 }) ?? 90,
  };
}

/** Forms of the reference class that no published text-to-video checkpoint has. */
function refuseOtherForms(config: Config, { latentChannels, heads, headDim }: Denoiser, isRotary: boolean): void {
  const refuse = (field: string, is: string, runs: string) => {
    throw refusal('checkpoint-unsupported', config.file, `The field "${field}" is ${is}; Attune runs ${runs}.`, {
      field,
    });
  };
  config.optionalOneOf('activation_fn', ['gelu-approximate']);
  config.optionalOneOf('timestep_activation_fn', ['silu']);
  const out = config.optionalInteger('out_channels', { min: 1 }) ?? 16;
  if (out !== latentChannels)
    refuse('out_channels', `${out} and "in_channels" ${latentChannels}`, 'text-to-video models, where they are equal');
  for (const [field, runs] of [
    ['norm_elementwise_affine', true],
    ['flip_sin_to_cos', true],
    ['use_learned_positional_embeddings', false],
  ] as const) {
    const is = config.optionalBoolean(field) ?? runs;
    if (is !== runs) refuse(field, `${is}`, `models where it is ${runs}`);
  }
  const shift = config.optionalNumber('freq_shift') ?? 0;
  if (shift !== 0) refuse('freq_shift', `${shift}`, 'models where it is 0');
  if (config.has('ofs_embed_dim')) refuse('ofs_embed_dim', 'set', 'text-to-video models, which have none');
  const channels = isRotary ? headDim : heads * headDim;
  if (channels % 16 !== 0)
    throw malformed(
      config.file,
      `The field "attention_head_dim" is ${headDim}; positions divide ${channels} channels into sixteenths`,
      { field: 'attention_head_dim' },
    );
}
