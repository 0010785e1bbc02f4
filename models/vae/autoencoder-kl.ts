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
import { COLOURS, refuseOtherForms } from './form.ts';

/**
 * The image VAE of SD3, FLUX and their relatives, as diffusers' `AutoencoderKL` computes it: convolutional, with nearest
 * neighbour upsampling and, unless the config leaves it out, one attention over all cells at the lowest resolution.
 */
export const autoencoderKl: NetworkFamily<Autoencoder> = {
  id: 'autoencoder-kl',
  title: 'Image autoencoder (KL)',
  /**
   * The video autoencoders have five-dimensional convolutions, FLUX.2's a batch norm over the packed latent, VQ models a table of codes.
   */
  detect: ({ weights }) =>
    weights.shape('encoder.conv_in.weight')?.length === 4 &&
    weights.shape('decoder.conv_in.weight')?.length === 4 &&
    weights.shape('decoder.up_blocks.0.resnets.0.conv1.weight')?.length === 4 &&
    !weights.has('bn.running_mean') &&
    !weights.has('quantize.embedding.weight'),
  open: (files) => {
    const autoencoder = new AutoencoderKl(files);
    autoencoder.check();
    return autoencoder;
  },
};

/** All GroupNorms; fixed in the reference's code. */
const EPSILON = 1e-6;
const AROUND = [1, 1, 1, 1] as const;

class AutoencoderKl implements Autoencoder {
  readonly latentChannels: number;
  readonly spatialCompression: number;
  readonly temporalCompression = 1;
  readonly independentFrames = true;
  /** 1024 pixels at once with the usual factor 8; a tile then takes about 0.25 of the memory of a plane of 2048. */
  readonly tiling: Tiling = { size: 128, overlap: 16 };
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  readonly #weights: WeightSource;
  /** Width of each resolution, the full one first. */
  readonly #widths: readonly number[];
  readonly #resnetsPerBlock: number;
  readonly #groups: number;
  readonly #attends: boolean;
  readonly #hasQuantConv: boolean;
  readonly #hasPostQuantConv: boolean;

  /** Absent fields take the defaults of the reference class. */
  constructor({ config, weights }: NetworkFiles) {
    this.#weights = weights;
    this.latentChannels = config.optionalInteger('latent_channels', { min: 1, max: 4_096 }) ?? 4;
    this.#widths = config.optionalIntArray('block_out_channels', { min: 1, maxLength: 16, minLength: 1 }) ?? [64];
    this.spatialCompression = 2 ** (this.#widths.length - 1);
    this.#resnetsPerBlock = config.optionalInteger('layers_per_block', { min: 1, max: 64 }) ?? 1;
    this.#groups = config.optionalInteger('norm_num_groups', { min: 1 }) ?? 32;
    this.#attends = config.optionalBoolean('mid_block_add_attention') ?? true;
    this.#hasQuantConv = config.optionalBoolean('use_quant_conv') ?? true;
    this.#hasPostQuantConv = config.optionalBoolean('use_post_quant_conv') ?? true;
    this.scalingFactor = config.optionalNumber('scaling_factor', { min: 1e-6, max: 1e6 }) ?? 0.18215;
    this.shiftFactor = config.optionalNumber('shift_factor') ?? 0;
    refuseOtherForms(config, {
      down: 'DownEncoderBlock2D',
      up: 'UpDecoderBlock2D',
      widths: this.#widths,
      groups: this.#groups,
    });
  }

  /** Asks for every tensor once, by building the smallest graphs. */
  check(): void {
    const one = { batch: 1, frames: 1, follows: false };
    this.buildEncoder(new GraphBuilder(), { ...one, height: this.spatialCompression, width: this.spatialCompression });
    this.buildDecoder(new GraphBuilder(), { ...one, height: 1, width: 1 });
  }

  encoderBatches(frames: number): readonly number[] {
    return Array.from({ length: frames }, () => 1);
  }

  decoderBatches(frames: number): readonly number[] {
    return this.encoderBatches(frames);
  }

  buildEncoder(
    g: GraphBuilder,
    sizes: FrameSizes,
    probe: Probe = () => {},
  ): Carried & { readonly mean: Value; readonly logVariance: Value } {
    const net = new Layers(g, this.#weights);
    const picture = planes(g, 'frames', COLOURS, sizes);
    return g.scope('encoder', () => {
      let x = net.convolution('encoder.conv_in', picture, { out: this.#widths[0]!, kernel: 3, pads: AROUND });
      probe('enc.conv_in', x);
      for (const [level, out] of this.#widths.entries()) {
        const block = `encoder.down_blocks.${level}`;
        x = this.#resnets(net, block, x, out, this.#resnetsPerBlock);
        // One row below and one column right, then no padding: the reference's stride-2 convolution is not centred.
        if (level < this.#widths.length - 1)
          x = net.convolution(`${block}.downsamplers.0.conv`, x, { out, kernel: 3, stride: 2, pads: [0, 0, 1, 1] });
        probe(`enc.down_blocks.${level}`, x);
      }
      x = this.#middle(net, 'encoder', x, (name, value) => probe(`enc.${name}`, value));
      x = net.groupNorm('encoder.conv_norm_out', x, this.#groups, EPSILON);
      probe('enc.conv_norm_out', x);
      x = net.convolution('encoder.conv_out', g.silu(x), { out: 2 * this.latentChannels, kernel: 3, pads: AROUND });
      if (this.#hasQuantConv) x = net.convolution('quant_conv', x, { out: 2 * this.latentChannels, kernel: 1 });
      probe('moments', x);
      const [mean, rawLogVariance] = g.split(x, 1, 2);
      const logVariance = g.min(g.max(rawLogVariance!, g.scalar(-30)), g.scalar(20));
      probe('mean', mean!);
      probe('logvar', logVariance);
      return { mean: clip(g, mean!), logVariance: clip(g, logVariance), after: NOTHING };
    });
  }

  buildDecoder(g: GraphBuilder, sizes: FrameSizes, probe: Probe = () => {}): Carried & { readonly frames: Value } {
    const net = new Layers(g, this.#weights);
    const latent = planes(g, 'latent', this.latentChannels, sizes);
    const widths = this.#widths.toReversed();
    return g.scope('decoder', () => {
      let x = latent;
      if (this.#hasPostQuantConv) x = net.convolution('post_quant_conv', x, { out: this.latentChannels, kernel: 1 });
      x = net.convolution('decoder.conv_in', x, { out: widths[0]!, kernel: 3, pads: AROUND });
      probe('dec.conv_in', x);
      x = this.#middle(net, 'decoder', x, (name, value) => probe(`dec.${name}`, value));
      for (const [level, out] of widths.entries()) {
        const block = `decoder.up_blocks.${level}`;
        x = this.#resnets(net, block, x, out, this.#resnetsPerBlock + 1);
        if (level < widths.length - 1)
          x = net.convolution(`${block}.upsamplers.0.conv`, g.resizeNearest(x, 2), { out, kernel: 3, pads: AROUND });
        probe(`dec.up_blocks.${level}`, x);
      }
      x = net.groupNorm('decoder.conv_norm_out', x, this.#groups, EPSILON);
      probe('dec.conv_norm_out', x);
      const picture = net.convolution('decoder.conv_out', g.silu(x), { out: COLOURS, kernel: 3, pads: AROUND });
      probe('sample', picture);
      return { frames: clip(g, picture), after: NOTHING };
    });
  }

  /**
   * In planes of the full resolution and its width. By count a resnet holds three (its input, the norm, the activation of that); with the
   * kernel's reordered copies 4.0 to 5.0 are measured (130 - 160 and 516 MiB at 256 and 512 pixels, SD3's VAE, without an arena: planes of
   * up to 32 MiB leave holes in the heap).
   */
  encoderActivationBytes({ batch, height, width }: FrameSizes): number {
    return 4.3 * planeBytes(batch, this.#widths[0]!, height, width);
  }

  /**
   * As the encoder's, but the full resolution is entered with the width of the one below, right behind the upsampling: 4.0 to 5.8 planes
   * measured (283 - 378, 420 - 586 and 1029 - 1123 MiB at 256, 320 and 512 pixels, SD3's VAE, without an arena; with one 5.1 - 5.3, kept).
   */
  decoderActivationBytes({ batch, height, width }: FrameSizes): number {
    const channels = this.#widths[1] ?? this.#widths[0]!;
    return 4.7 * planeBytes(batch, channels, height * this.spatialCompression, width * this.spatialCompression);
  }

  #resnets(net: Layers, block: string, x: Value, out: number, count: number): Value {
    let result = x;
    for (let index = 0; index < count; index += 1) result = this.#resnet(net, `${block}.resnets.${index}`, result, out);
    return result;
  }

  /** `ResnetBlock2D` without a time embedding. x: [B, C, h, w] -> [B, out, h, w]. */
  #resnet(net: Layers, name: string, x: Value, out: number): Value {
    const { g } = net;
    const normed = g.silu(net.groupNorm(`${name}.norm1`, x, this.#groups, EPSILON));
    const first = net.convolution(`${name}.conv1`, normed, { out, kernel: 3, pads: AROUND });
    const activated = g.silu(net.groupNorm(`${name}.norm2`, first, this.#groups, EPSILON));
    const second = net.convolution(`${name}.conv2`, activated, { out, kernel: 3, pads: AROUND });
    const shortcut = x.shape[1] === out ? x : net.convolution(`${name}.conv_shortcut`, x, { out, kernel: 1 });
    return g.add(shortcut, second);
  }

  #middle(net: Layers, half: 'encoder' | 'decoder', x: Value, probe: Probe): Value {
    const block = `${half}.mid_block`;
    const out = this.#widths.at(-1)!;
    let result = this.#resnet(net, `${block}.resnets.0`, x, out);
    if (this.#attends) {
      result = this.#attention(net, `${block}.attentions.0`, result);
      probe('mid_attn', result);
    }
    result = this.#resnet(net, `${block}.resnets.1`, result, out);
    probe('mid_block', result);
    return result;
  }

  /** One head over all channels of all cells, residual. x: [B, C, h, w]. */
  #attention(net: Layers, name: string, x: Value): Value {
    const { g } = net;
    const [batch = 0, channels = 0, height = 0, width = 0] = x.shape;
    const normed = net.groupNorm(`${name}.group_norm`, x, this.#groups, EPSILON);
    const cells = g.transpose(g.reshape(normed, [batch, channels, height * width]), [0, 2, 1]);
    const [q, k, v] = ['to_q', 'to_k', 'to_v'].map((part) => net.linear(`${name}.${part}`, cells, channels));
    const attended = g.multiHeadAttention(q!, k!, v!, { heads: 1, scale: 1 / Math.sqrt(channels) });
    const projected = net.linear(`${name}.to_out.0`, attended, channels);
    return g.add(x, g.reshape(g.transpose(projected, [0, 2, 1]), x.shape));
  }
}

const NOTHING: Carried['after'] = new Map();

/** Declares an input [B, C, 1, h, w]; returns it as [B, C, h, w]. */
function planes(g: GraphBuilder, name: string, channels: number, { batch, frames, height, width }: FrameSizes): Value {
  if (frames !== 1) throw new RangeError(`this network codes frames one by one, not ${frames} at once`);
  return g.reshape(g.input(name, 'float32', [batch, channels, 1, height, width]), [batch, channels, height, width]);
}

/** [B, C, h, w] as [B, C, 1, h, w]. */
function clip(g: GraphBuilder, x: Value): Value {
  const [batch = 0, channels = 0, height = 0, width = 0] = x.shape;
  return g.reshape(x, [batch, channels, 1, height, width]);
}

function planeBytes(batch: number, channels: number, height: number, width: number): number {
  return batch * channels * height * width * Float32Array.BYTES_PER_ELEMENT;
}
