import type { ParamValue } from '../contract/index.ts';
import type { AttentionProcessor, AttentionSite } from './attention/site.ts';
import type { Config } from './checkpoint/config.ts';
import type { SingleFileForm } from './checkpoint/foreign.ts';
import type { WeightSource } from './checkpoint/weights.ts';
import type { GraphBuilder, Value } from './graph/builder.ts';

/**
 * What a family of checkpoints brings: its networks and everything else that is particular to it. Types only; the families live in
 * `models/`, and nothing in the engine asks which of them it has.
 */

/** What a family reads of a component folder. */
export interface NetworkFiles {
  readonly config: Config;
  readonly weights: WeightSource;
}

/** Recognises a component and opens it. */
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

/** A family of whole checkpoints: one folder of `models/`, one line of its registry. */
export interface PipelineFamily<Network extends Denoiser = Denoiser> {
  readonly id: string;
  readonly title: string;
  /** The transformer tells which family a checkpoint is of. */
  readonly denoiser: NetworkFamily<Network>;
  /**
   * Which text encoder reads a prompt, how, and which columns of the prompt embeds it fills.
   * Throws 'checkpoint-incomplete' or 'checkpoint-malformed' where the encoders of the folder do not fit the denoiser.
   */
  conditioning(networks: ConditioningNetworks<Network>): ConditioningPlan;
  /** What the reference pipeline takes where a request says nothing. */
  defaults(denoiser: Network): PublishedDefaults;
  /** How its checkpoints lie in single files, in their authors' names; the narrower form before the wider one. */
  readonly singleFiles?: readonly SingleFileForm[];
  /** Levels before shifting, `steps` of them from 1 down, where the pipeline brings its own; absent: the scheduler's. */
  levels?(steps: number): ArrayLike<number>;
}

/** What conditioning is planned from; `folder` is named in errors. */
export interface ConditioningNetworks<Network extends Denoiser = Denoiser> {
  readonly folder: string;
  readonly denoiser: Network;
  /** In the order of the folder: `text_encoder`, `text_encoder_2`, ... */
  readonly encoders: readonly NamedEncoder[];
}

export interface NamedEncoder {
  /** Component name. */
  readonly name: string;
  readonly encoder: TextEncoder;
}

export interface PublishedDefaults {
  readonly steps: number;
  readonly guidance: number;
  /** Frames a second; absent for networks that make one frame. */
  readonly fps?: number;
  /** What papers or measurements found for single methods on this family, by method id. */
  readonly methods?: Readonly<Record<string, MethodSettings>>;
}

/** Values of one method that suit a checkpoint. */
export interface MethodSettings {
  readonly steps?: number;
  readonly guidance?: number;
  readonly params?: Readonly<Record<string, ParamValue>>;
}

/** How one text encoder reads a prompt, and where its states go. */
export interface PromptEncoding {
  /** Component name. */
  readonly encoder: string;
  /** The prompt is cut or padded to so many tokens. */
  readonly tokens: number;
  /** Which hidden states are taken: the last after the final norm, or the ones before the last layer as they are. */
  readonly tap: 'last' | 'penultimate';
  /** Where the states begin in the prompt embeds; absent: they are not part of them. */
  readonly place?: { readonly column: number; readonly feature: number };
  /** Whether words are found and prompts aligned by this encoder's tokens; one encoding for each run of columns. */
  readonly aligns: boolean;
  /** Where the pooled vector begins in a further input of the denoiser; absent: it is not used. */
  readonly pooled?: { readonly input: string; readonly offset: number };
}

/** What becomes of a prompt. */
export interface ConditioningPlan {
  /** Run in this order. */
  readonly encodings: readonly PromptEncoding[];
  /** Columns of the prompt embeds; those that no encoding fills are zeros. */
  readonly tokens: number;
  /** Features of a column. */
  readonly hiddenSize: number;
  /** Further inputs of the denoiser that come from the prompt: numbers a batch row, by name. */
  readonly inputs: Readonly<Record<string, number>>;
}

/** Static sizes a denoiser graph is built for. */
export interface DenoiserSizes {
  readonly batch: number;
  /** Latent frames; networks of single pictures know no other number than 1. */
  readonly frames: number;
  /** Latent pixels. */
  readonly height: number;
  readonly width: number;
  readonly textTokens: number;
}

/** Receives intermediate values under the names of the conformance fixtures. */
export type Probe = (name: string, value: Value) => void;

/** How a network is guided: by a second prediction, by a number it is given, or not at all. */
export type GuidanceForm = 'classifier-free' | 'embedded' | 'none';

/** Shapes of the inputs of a graph, by name. */
export type InputShapes = Readonly<Record<string, readonly number[]>>;

export interface Denoiser {
  readonly latentChannels: number;
  /** Latent pixels along each side of one image token. */
  readonly patchSize: number;
  /** Latent frames of one image token; the frames of a latent are a multiple of it. */
  readonly temporalPatchSize: number;
  /** Features of a column of the prompt embeds, `joint_attention_dim`. */
  readonly textHiddenSize: number;
  readonly guidance: GuidanceForm;
  readonly layers: number;
  readonly heads: number;
  readonly headDim: number;
  /** Largest latent side whose positions exist; Infinity where they are computed for any size. */
  readonly maxLatentSide: number;
  /** The latent that the network was trained on; its frames are not padded to `temporalPatchSize`. */
  readonly sample: { readonly frames: number; readonly height: number; readonly width: number };
  /** Every attention call of the network at these sizes, in order of execution. */
  sites(sizes: DenoiserSizes): readonly AttentionSite[];
  /**
   * The inputs that `build` declares, all float32 with the batch in front: `latent` (the values of [B,F,C,h,w], in this order whatever
   * the shape), `timestep` [B] in 0..1000, `text` [B,T,textHiddenSize], `guidance` [B] where that is embedded, and those of the family's
   * conditioning.
   */
  inputs(sizes: DenoiserSizes): InputShapes;
  /**
   * Adds the network to a graph. Returns what it predicts, in the sense of its scheduler, with the values of [B,F,C,h,w], without
   * declaring it an output.
   */
  build(g: GraphBuilder, sizes: DenoiserSizes, processor: AttentionProcessor, probe?: Probe): Value;
  /** Estimate of the largest sum of live activations of one plain run; weights are not in it. */
  activationBytes(sizes: DenoiserSizes): number;
}

/** Declares the inputs of a graph; all are float32. */
export function declareInputs<Shapes extends InputShapes>(
  g: GraphBuilder,
  shapes: Shapes,
): { readonly [Name in keyof Shapes]: Value } {
  const declared = Object.entries(shapes).map(([name, shape]) => [name, g.input(name, 'float32', shape)]);
  return Object.fromEntries(declared) as { readonly [Name in keyof Shapes]: Value }; // one value for every name
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

/** Static sizes of one run of an upscaler; height and width are of the picture it is given. */
export interface UpscalerSizes {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
}

/** A network that makes pictures larger. */
export interface Upscaler {
  /** Pixels along a side of the result for one of the picture. */
  readonly scale: number;
  /** Height and width it is given are multiples of it. */
  readonly multiple: number;
  /** Pixels of the picture around a place that what it makes there depends on. */
  readonly margin: number;
  /** Declares input `frames` [B,3,H,W] in 0..1; returns [B,3,scale H,scale W] in about 0..1. */
  build(g: GraphBuilder, sizes: UpscalerSizes): Value;
  /** Estimate of the largest sum of live activations of one run; weights are not in it. */
  activationBytes(sizes: UpscalerSizes): number;
}

/** One batch of frames: of pixels for an encoder, of latent frames and latent pixels for a decoder. */
export interface FrameSizes {
  readonly batch: number;
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  /** Whether another batch went before, whose last frames the graph is given. */
  readonly follows: boolean;
}

/**
 * What a graph hands to the one of the next batch: the last frames that each convolution over time saw. `after` N of a batch is the input
 * `before.N` of the graph that follows. Empty where frames are coded one by one.
 */
export interface Carried {
  readonly after: ReadonlyMap<string, Value>;
}

/** Latent pixels along each side of a tile, and those shared by neighbours. Up to this size a plane is coded at once. */
export interface Tiling {
  readonly size: number;
  readonly overlap: number;
}

/** Codes frames in batches, in order; the batches are part of the function, since norms are taken over each. */
export interface Autoencoder {
  readonly latentChannels: number;
  /** Pixels along each side of one latent pixel. */
  readonly spatialCompression: number;
  /** Frames of a latent frame; the first one stands for a single frame. */
  readonly temporalCompression: number;
  /** latent = (mean - shift) * scale. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** Whether every frame is coded by itself, as a network of pictures does. */
  readonly independentFrames: boolean;
  readonly tiling: Tiling;
  /** The batches in which so many frames are encoded: their lengths in order. */
  encoderBatches(frames: number): readonly number[];
  /** As `encoderBatches`, of latent frames. */
  decoderBatches(frames: number): readonly number[];
  /** Declares input `frames` [B,3,F,H,W] in -1..1; returns the posterior's mean and log variance [B,C,f,h,w]. */
  buildEncoder(
    g: GraphBuilder,
    sizes: FrameSizes,
    probe?: Probe,
  ): Carried & { readonly mean: Value; readonly logVariance: Value };
  /**
   * Declares input `latent` [B,C,f,h,w], already unscaled; returns the frames [B,3,F,H,W] in about -1..1. An even number of latent frames
   * gives `temporalCompression` times as many, an odd one a single frame for its first.
   */
  buildDecoder(g: GraphBuilder, sizes: FrameSizes, probe?: Probe): Carried & { readonly frames: Value };
  /** Estimate of the largest sum of live activations of one run over the sizes of `buildEncoder`; weights are not in it. */
  encoderActivationBytes(sizes: FrameSizes): number;
  /** As `encoderActivationBytes`, over the sizes of `buildDecoder`. */
  decoderActivationBytes(sizes: FrameSizes): number;
}
