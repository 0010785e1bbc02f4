import type { AttentionSeam, AttentionSite } from './attention/site.ts';
import type { Config } from './checkpoint/config.ts';
import type { WeightSource } from './checkpoint/weights.ts';
import type { GraphBuilder, Value } from './graph/builder.ts';

/** What a network family offers to the pipeline. Types only: the families themselves live in `models/`. */

/** Static sizes a denoiser graph is built for; height and width in latent cells. */
export interface DenoiserSizes {
  readonly batch: number;
  /** Latent frames, 1 if absent; networks of pictures know no other number. */
  readonly frames?: number;
  readonly height: number;
  readonly width: number;
  readonly textTokens: number;
}

/** What a family reads of a component folder. */
export interface NetworkFiles {
  readonly config: Config;
  readonly weights: WeightSource;
}

/** One file of `models/`: recognises a component and opens it. */
export interface NetworkFamily<Network> {
  readonly id: string;
  readonly title: string;
  /** From the names and shapes of the tensors alone. */
  detect(files: NetworkFiles): boolean;
  /** Tensors that published files hold besides and that change nothing; any other that `open` does not read is refused. */
  readonly unread?: RegExp;
  /**
   * Checks the presence and shape of every tensor against the config. Throws 'checkpoint-incomplete', 'checkpoint-malformed' or
   * 'checkpoint-unsupported', naming file and tensor or field.
   */
  open(files: NetworkFiles): Network;
}

/** Receives intermediate values under the names of the conformance fixtures. */
export type Probe = (name: string, value: Value) => void;

export interface Denoiser {
  readonly family: string;
  readonly latentChannels: number;
  /** Latent cells along each side of one image token. */
  readonly patchSize: number;
  /** Width of the prompt embedding, `joint_attention_dim`. */
  readonly textWidth: number;
  /** Width of the pooled prompt embedding, `pooled_projection_dim`; 0 for a network that reads none. */
  readonly pooledWidth: number;
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
  /** Largest latent side (in cells) whose position table exists; Infinity where positions are computed for any size. */
  readonly maxLatentSide: number;
  /** What a network of videos has besides; absent for pictures. */
  readonly video?: VideoForm;
  /** Every attention call of the network at these sizes, in order of execution. */
  sites(sizes: DenoiserSizes): readonly AttentionSite[];
  /**
   * Adds the network to a graph. Declares inputs `latent` [B,C,h,w], `timestep` [B] (0..1000, float32),
   * `text` [B,T,textWidth], `pooled` [B,pooledWidth] (if that is not 0); returns what the network predicts, the velocity in the sense of
   * its scheduler, [B,C,h,w] without declaring it an output. A network of videos takes and returns [B,F,C,h,w].
   */
  build(g: GraphBuilder, sizes: DenoiserSizes, seam: AttentionSeam, probe?: Probe): Value;
  /** Estimate of the largest sum of live activations of one plain run; weights are not in it. */
  activationBytes(sizes: DenoiserSizes): number;
}

/** What the pipeline must know of a network of videos. */
export interface VideoForm {
  /** Latent frames of one token; the frames of a latent are a multiple of it. */
  readonly patchFrames: number;
  /** Tokens of the prompt; the networks are made for exactly this many. */
  readonly textTokens: number;
  /** The latent that the network was made for, in frames (not padded to `patchFrames`) and cells. */
  readonly sample: { readonly frames: number; readonly height: number; readonly width: number };
}

export interface VideoDenoiser extends Denoiser {
  readonly video: VideoForm;
}

export interface TextEncoderOutputs {
  /** hidden_states[0..layers], each [B,T,width]; never passed through the final norm. */
  readonly hiddenStates: readonly Value[];
  /** After the final norm, [B,T,width]. */
  readonly last: Value;
  /** CLIP `text_embeds` [B,projection]; absent for T5. */
  readonly pooled?: Value;
}

export interface TextEncoderSizes {
  readonly batch: number;
  readonly tokens: number;
  /**
   * T5 only: declares a further input `mask` int64 [B,T], 1 for tokens that are attended to. The diffusion pipelines pass none, and
   * attend to the padding.
   */
  readonly masked?: boolean;
}

export interface TextEncoder {
  readonly kind: 'clip' | 't5';
  readonly width: number;
  readonly pooledWidth: number;
  readonly maxTokens: number;
  /** Declares input `ids` int64 [B,T]. */
  build(g: GraphBuilder, sizes: TextEncoderSizes, probe?: Probe): TextEncoderOutputs;
  /** Estimate of the largest sum of live activations of one run; weights are not in it. */
  activationBytes(sizes: TextEncoderSizes): number;
}

export interface PlaneSizes {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

/** What an autoencoder's latents mean; the same for pictures and videos. */
export interface LatentFormat {
  readonly latentChannels: number;
  /** Pixels along each side of one latent cell. */
  readonly downscale: number;
  /** latent = (mean - shift) * scale. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
}

export interface Autoencoder extends LatentFormat {
  /** Declares input `image` [B,3,H,W] in -1..1; returns the posterior's mean and log variance [B,C,h,w]. */
  buildEncoder(
    g: GraphBuilder,
    sizes: PlaneSizes,
    probe?: Probe,
  ): { readonly mean: Value; readonly logVariance: Value };
  /** Declares input `latent` [B,C,h,w], already unscaled; returns the image [B,3,8h,8w] in about -1..1. */
  buildDecoder(g: GraphBuilder, sizes: PlaneSizes, probe?: Probe): Value;
  /** Estimate of the largest sum of live activations of one run over the sizes of `buildEncoder`; weights are not in it. */
  encoderActivationBytes(sizes: PlaneSizes): number;
  /** As `encoderActivationBytes`, over the sizes of `buildDecoder`. */
  decoderActivationBytes(sizes: PlaneSizes): number;
}

/** One batch of frames: of pixels for an encoder, of latent frames and cells for a decoder. */
export interface ClipSizes extends PlaneSizes {
  readonly frames: number;
  /** Whether another batch went before, whose last frames the graph is given. */
  readonly follows: boolean;
}

/**
 * What a graph hands to the one of the next batch: the last frames that each convolution over time saw. `after` N of a batch is the input
 * `before.N` of the graph that follows.
 */
export interface Carried {
  readonly after: ReadonlyMap<string, Value>;
}

/** Codes videos in batches of frames, in order; the batches are part of the function, since norms are taken over each. */
export interface VideoAutoencoder extends LatentFormat {
  /** Frames of a latent frame; the first one stands for a single frame. */
  readonly frameScale: number;
  /** The batches in which so many frames are encoded: their lengths in order. */
  encoderBatches(frames: number): readonly number[];
  /** As `encoderBatches`, of latent frames. */
  decoderBatches(frames: number): readonly number[];
  /** Declares input `video` [B,3,F,H,W] in -1..1; returns the posterior's mean and log variance [B,C,f,h,w]. */
  buildEncoder(
    g: GraphBuilder,
    sizes: ClipSizes,
    probe?: Probe,
  ): Carried & { readonly mean: Value; readonly logVariance: Value };
  /**
   * Declares input `latent` [B,C,f,h,w], already unscaled; returns the frames [B,3,F,8h,8w] in about -1..1. An even number of latent
   * frames gives `frameScale` times as many, an odd one a single frame for its first.
   */
  buildDecoder(g: GraphBuilder, sizes: ClipSizes, probe?: Probe): Carried & { readonly video: Value };
  /** Estimate of the largest sum of live activations of one run over the sizes of `buildEncoder`; weights are not in it. */
  encoderActivationBytes(sizes: ClipSizes): number;
  /** As `encoderActivationBytes`, over the sizes of `buildDecoder`. */
  decoderActivationBytes(sizes: ClipSizes): number;
}
