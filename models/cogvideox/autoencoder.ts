import { malformed } from '../../engine/checkpoint/refusal.ts';
import type { WeightSource } from '../../engine/checkpoint/weights.ts';
import type {
  Autoencoder,
  Carried,
  FrameSizes,
  NetworkFamily,
  NetworkFiles,
  Probe,
  Tiling,
} from '../../engine/family.ts';
import { GraphBuilder, type Value } from '../../engine/graph/builder.ts';
import { Layers } from '../layers/layers.ts';
import { COLOURS, refuseOtherForms } from '../vae/form.ts';
import { CausalConvolutions, cellConvolution } from './causal.ts';
import { downsampled, framesAt, resizedFrames, stretched, upsampled } from './resampling.ts';

/**
 * The causal video autoencoder of CogVideoX, as diffusers' `AutoencoderKLCogVideoX` computes it: convolutions over time that see only what
 * went before, frames coded in batches, and a decoder whose norms are conditioned on the latent.
 */
export const autoencoderKlCogVideoX: NetworkFamily<Autoencoder> = {
  id: 'autoencoder-kl-cogvideox',
  title: 'CogVideoX video autoencoder',
  /** HunyuanVideo's, LTX's and others have causal convolutions under the same names, but no norm conditioned on the latent. */
  detect: ({ weights }) =>
    weights.shape('encoder.conv_in.conv.weight')?.length === 5 &&
    weights.shape('decoder.conv_out.conv.weight')?.length === 5 &&
    weights.shape('decoder.norm_out.conv_y.conv.weight')?.length === 5,
  open: (files) => {
    const autoencoder = new AutoencoderKlCogVideoX(files);
    autoencoder.check();
    return autoencoder;
  },
};

/** All GroupNorms; fixed in the reference's code, whatever `norm_eps` says. */
const EPSILON = 1e-6;
/** Frames of a batch of the encoder; the first batch has the remainder besides. Fixed in the reference's code, as the decoder's. */
const ENCODER_BATCH = 8;
const DECODER_BATCH = 2;

class AutoencoderKlCogVideoX implements Autoencoder {
  readonly latentChannels: number;
  readonly spatialCompression: number;
  readonly temporalCompression: number;
  readonly independentFrames = false;
  /** 192 pixels at once with the usual factor 8: the decoder holds some 3 GB at that size. */
  readonly tiling: Tiling = { size: 24, overlap: 6 };
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  readonly #weights: WeightSource;
  /** Width of each resolution, the full one first. */
  readonly #widths: readonly number[];
  readonly #resnetsPerBlock: number;
  readonly #groups: number;
  readonly #hasQuantConv: boolean;
  readonly #hasPostQuantConv: boolean;

  /** Absent fields take the defaults of the reference class. */
  constructor({ config, weights }: NetworkFiles) {
    this.#weights = weights;
    this.latentChannels = config.optionalInteger('latent_channels', { min: 1, max: 4_096 }) ?? 16;
    const bounds = { min: 1, maxLength: 16, minLength: 1 };
    this.#widths = config.optionalIntArray('block_out_channels', bounds) ?? [128, 256, 256, 512];
    this.spatialCompression = 2 ** (this.#widths.length - 1);
    this.temporalCompression =
      config.optionalInteger('temporal_compression_ratio', { min: 1, max: this.spatialCompression }) ?? 4;
    this.#resnetsPerBlock = config.optionalInteger('layers_per_block', { min: 1, max: 64 }) ?? 3;
    this.#groups = config.optionalInteger('norm_num_groups', { min: 1 }) ?? 32;
    this.#hasQuantConv = config.optionalBoolean('use_quant_conv') ?? false;
    this.#hasPostQuantConv = config.optionalBoolean('use_post_quant_conv') ?? false;
    this.scalingFactor = config.optionalNumber('scaling_factor', { min: 1e-6, max: 1e6 }) ?? 1.15258426;
    this.shiftFactor = config.optionalNumber('shift_factor') ?? 0;
    refuseOtherForms(config, {
      down: 'CogVideoXDownBlock3D',
      up: 'CogVideoXUpBlock3D',
      widths: this.#widths,
      groups: this.#groups,
    });
    if (!Number.isInteger(Math.log2(this.temporalCompression)))
      throw malformed(
        config.file,
        `The field "temporal_compression_ratio" is ${this.temporalCompression}, no power of two`,
        {
          field: 'temporal_compression_ratio',
        },
      );
  }

  /** Asks for every tensor once, by building the smallest graphs. */
  check(): void {
    const one = { batch: 1, frames: 1, follows: false };
    this.buildEncoder(new GraphBuilder(), { ...one, height: this.spatialCompression, width: this.spatialCompression });
    this.buildDecoder(new GraphBuilder(), { ...one, height: 1, width: 1 });
  }

  encoderBatches(frames: number): readonly number[] {
    return batches(frames, ENCODER_BATCH);
  }

  decoderBatches(frames: number): readonly number[] {
    return batches(frames, DECODER_BATCH);
  }

  buildEncoder(
    g: GraphBuilder,
    sizes: FrameSizes,
    probe: Probe = () => {},
  ): Carried & { readonly mean: Value; readonly logVariance: Value } {
    const net = new Layers(g, this.#weights);
    const causal = new CausalConvolutions(net, sizes);
    const { batch, frames, height, width } = sizes;
    const video = g.input('frames', 'float32', [batch, COLOURS, frames, height, width]);
    const norm: Norm = (name, x) => net.groupNorm(name, x, this.#groups, EPSILON);
    return g.scope('encoder', () => {
      let x = causal.apply('encoder.conv_in', video, this.#widths[0]!);
      for (const [level, out] of this.#widths.entries()) {
        const block = `encoder.down_blocks.${level}`;
        x = this.#resnets(net, causal, norm, block, x, out, this.#resnetsPerBlock);
        if (level < this.#widths.length - 1)
          x = downsampled(net, `${block}.downsamplers.0`, x, this.#changesTime(level));
      }
      x = this.#resnets(net, causal, norm, 'encoder.mid_block', x, this.#widths.at(-1)!, 2);
      x = g.silu(norm('encoder.norm_out', x));
      x = causal.apply('encoder.conv_out', x, 2 * this.latentChannels);
      if (this.#hasQuantConv) x = cellConvolution(net, 'quant_conv', x, 2 * this.latentChannels);
      probe('moments', x);
      const [mean, rawLogVariance] = g.split(x, 1, 2);
      const logVariance = g.min(g.max(rawLogVariance!, g.scalar(-30)), g.scalar(20));
      return { mean: mean!, logVariance, after: causal.after };
    });
  }

  buildDecoder(g: GraphBuilder, sizes: FrameSizes, probe: Probe = () => {}): Carried & { readonly frames: Value } {
    const net = new Layers(g, this.#weights);
    const causal = new CausalConvolutions(net, sizes);
    const { batch, frames, height, width } = sizes;
    const given = g.input('latent', 'float32', [batch, this.latentChannels, frames, height, width]);
    const widths = this.#widths.toReversed();
    return g.scope('decoder', () => {
      const latent = this.#hasPostQuantConv
        ? cellConvolution(net, 'post_quant_conv', given, this.latentChannels)
        : given;
      const norm: Norm = (name, x) => this.#spatialNorm(net, name, x, latent);
      let x = causal.apply('decoder.conv_in', latent, widths[0]!);
      x = this.#resnets(net, causal, norm, 'decoder.mid_block', x, widths[0]!, 2);
      for (const [level, out] of widths.entries()) {
        const block = `decoder.up_blocks.${level}`;
        x = this.#resnets(net, causal, norm, block, x, out, this.#resnetsPerBlock + 1);
        if (level < widths.length - 1) x = upsampled(net, `${block}.upsamplers.0`, x, this.#changesTime(level));
      }
      x = g.silu(norm('decoder.norm_out', x));
      const video = causal.apply('decoder.conv_out', x, COLOURS);
      probe('video', video);
      return { frames: video, after: causal.after };
    });
  }

  /**
   * In videos of the full resolution, its width and the batch's frames. By count a resnet holds its input, the norm (twice while it is
   * scaled), and what the convolution sees with the two frames in front.
   */
  encoderActivationBytes({ batch, frames, height, width }: FrameSizes): number {
    return 5 * clipBytes(batch, this.#widths[0]!, frames + 2, height, width);
  }

  /** As the encoder's, with the maps of the spatial norm besides; the full resolution is entered with the width of the one below. */
  decoderActivationBytes({ batch, frames, height, width }: FrameSizes): number {
    const channels = this.#widths[1] ?? this.#widths[0]!;
    const grown = frames * this.temporalCompression + 2;
    return 6 * clipBytes(batch, channels, grown, height * this.spatialCompression, width * this.spatialCompression);
  }

  /** The first blocks of either coder change the number of frames. */
  #changesTime(level: number): boolean {
    return level < Math.log2(this.temporalCompression);
  }

  #resnets(
    net: Layers,
    causal: CausalConvolutions,
    norm: Norm,
    block: string,
    x: Value,
    out: number,
    count: number,
  ): Value {
    let result = x;
    for (let index = 0; index < count; index += 1)
      result = this.#resnet(net, causal, norm, `${block}.resnets.${index}`, result, out);
    return result;
  }

  /** `CogVideoXResnetBlock3D` without a time embedding. x: [B, C, F, h, w] -> [B, out, F, h, w]. */
  #resnet(net: Layers, causal: CausalConvolutions, norm: Norm, name: string, x: Value, out: number): Value {
    const { g } = net;
    const first = causal.apply(`${name}.conv1`, g.silu(norm(`${name}.norm1`, x)), out);
    const second = causal.apply(`${name}.conv2`, g.silu(norm(`${name}.norm2`, first)), out);
    const shortcut = x.shape[1] === out ? x : cellConvolution(net, `${name}.conv_shortcut`, x, out);
    return g.add(shortcut, second);
  }

  /**
   * `CogVideoXSpatialNorm3D`: GroupNorm(x) * conv_y(z) + conv_b(z) with z, the latent, stretched to x. The convolutions see one cell, so
   * that they are computed before the stretching.
   */
  #spatialNorm(net: Layers, name: string, x: Value, latent: Value): Value {
    const { g } = net;
    const [, channels = 0, frames = 0, height = 0] = x.shape;
    const [, , latentFrames = 0, latentHeight = 1] = latent.shape;
    const map = (part: string) => {
      const small = cellConvolution(net, `${name}.${part}.conv`, latent, channels);
      return resizedFrames(g, framesAt(g, small, stretched(latentFrames, frames)), height / latentHeight);
    };
    const normed = net.groupNorm(`${name}.norm_layer`, x, this.#groups, EPSILON);
    return g.add(g.mul(normed, map('conv_y')), map('conv_b'));
  }
}

/** The norm before each activation; x: [B, C, F, h, w]. */
type Norm = (name: string, x: Value) => Value;

/** Batches of `size`; the remainder goes into the first one. */
function batches(frames: number, size: number): readonly number[] {
  const count = Math.max(Math.floor(frames / size), 1);
  return Array.from({ length: count }, (_, i) => (i === 0 ? frames - (count - 1) * size : size));
}

function clipBytes(batch: number, channels: number, frames: number, height: number, width: number): number {
  return batch * channels * frames * height * width * Float32Array.BYTES_PER_ELEMENT;
}
