import type { AttentionSeam, AttentionSite } from './attention/site.ts';
import type { GraphBuilder, Value } from './graph/builder.ts';

/** What a network family offers to the pipeline. Types only: the families themselves live in `models/`. */

/** Static sizes a denoiser graph is built for; height and width in latent cells. */
export interface DenoiserSizes {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly textTokens: number;
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
  /** Width of the pooled prompt embedding, `pooled_projection_dim`. */
  readonly pooledWidth: number;
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
  /** Largest latent side (in cells) whose position table exists. */
  readonly maxLatentSide: number;
  /** Every attention call of the network at these sizes, in order of execution. */
  sites(sizes: DenoiserSizes): readonly AttentionSite[];
  /**
   * Adds the network to a graph. Declares inputs `latent` [B,C,h,w], `timestep` [B] (0..1000, float32),
   * `text` [B,T,textWidth], `pooled` [B,pooledWidth]; returns the predicted velocity [B,C,h,w] without declaring it an output.
   */
  build(g: GraphBuilder, sizes: DenoiserSizes, seam: AttentionSeam, probe?: Probe): Value;
}

export interface TextEncoderOutputs {
  /** hidden_states[0..layers], each [B,T,width]; never passed through the final norm (CLIP). */
  readonly hiddenStates: readonly Value[];
  /** After the final norm, [B,T,width]. */
  readonly last: Value;
  /** CLIP `text_embeds` [B,projection]; absent for T5. */
  readonly pooled?: Value;
}

export interface TextEncoder {
  readonly kind: 'clip' | 't5';
  readonly width: number;
  readonly pooledWidth: number;
  readonly maxTokens: number;
  /** Declares input `ids` int64 [B,T]. */
  build(g: GraphBuilder, sizes: { readonly batch: number; readonly tokens: number }, probe?: Probe): TextEncoderOutputs;
}

export interface Autoencoder {
  readonly latentChannels: number;
  /** Pixels along each side of one latent cell. */
  readonly downscale: number;
  /** latent = (mean - shift) * scale. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** Declares input `image` [B,3,H,W] in -1..1; returns the posterior's mean and log variance [B,C,h,w]. */
  buildEncoder(
    g: GraphBuilder,
    sizes: { readonly batch: number; readonly height: number; readonly width: number },
    probe?: Probe,
  ): { readonly mean: Value; readonly logVariance: Value };
  /** Declares input `latent` [B,C,h,w], already unscaled; returns the image [B,3,8h,8w] in about -1..1. */
  buildDecoder(
    g: GraphBuilder,
    sizes: { readonly batch: number; readonly height: number; readonly width: number },
    probe?: Probe,
  ): Value;
}
