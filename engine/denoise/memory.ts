import { elementCount } from '../base/tensor.ts';
import type { Component } from '../checkpoint/folder.ts';
import type { DenoiserSizes, FrameSizes, PromptEncoding } from '../family.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { framesOf, type LatentSize } from '../latents/size.ts';
import { type Model, promptEncoderOf } from '../model/model.ts';
import type { SessionOptions } from '../ports.ts';

/**
 * What a job will need, known before it starts. Sessions stay loaded for the next job, so that the stages of a job add up:
 *
 *     peak = process + max over stages of (sum of what earlier stages keep + loading or running of this stage)
 *
 * A session keeps its own copy of weights and, with an arena, the largest run it has had. All constants are measurements with
 * onnxruntime-node 1.30 on Linux, of private memory (RssAnon) above that of an engine that has opened nothing; sizes in MiB.
 */

/** What of a job decides its memory. */
export interface JobShape {
  readonly size: LatentSize;
  /** Latent frames of one pass of the network. */
  readonly window: number;
  /** Rows of a step's batch: branches, each twice where it is guided. */
  readonly rows: number;
  /** Whether a source is encoded first. */
  readonly encodes: boolean;
  /** Rows of the batch that looks for the area of an edit before the first step; 0 where there is none. */
  readonly searchRows: number;
  /** Value columns that read out word maps; 0 for none. */
  readonly mapColumns: number;
  /** Whether rows take logits, keys or values from others: queries and keys then have twice their width. */
  readonly routed: boolean;
  /** Whether the latent goes through memory window by window. */
  readonly streams: boolean;
  /** Bytes beyond which a latent that does waits on a disk, as pieces of large frames do; undefined: there is none, all are in memory. */
  readonly inMemoryBytes: number | undefined;
}

export type MemoryStage = 'encode' | 'condition' | 'search' | 'denoise' | 'decode';

export interface MemoryPart {
  readonly stage: MemoryStage;
  /** Component, e.g. `text_encoder_2`. */
  readonly component: string;
  /** Most that the process holds while this stage runs, with what earlier stages have left. */
  readonly peakBytes: number;
  /** Of `peakBytes`: what this stage needs itself. */
  readonly ownBytes: number;
  /** Of `ownBytes`: what grows with the size and the length of what is made. */
  readonly sizedBytes: number;
  /** What this stage leaves for as long as its session is loaded. */
  readonly keptBytes: number;
}

/** Bytes of private memory, beyond an idle engine. */
export interface MemoryPlan {
  /** Weights read in place from their files; the system may drop these pages and read them again. */
  readonly mappedBytes: number;
  /** Copies of weights that the process holds when all sessions of the job are loaded. */
  readonly privateBytes: number;
  /** The most that the job holds at once. */
  readonly peakBytes: number;
  /** What is left of `peakBytes` however small the size. */
  readonly leastBytes: number;
  readonly parts: readonly MemoryPart[];
}

export type PlannedModel = Pick<
  Model,
  'denoiser' | 'autoencoder' | 'promptEncoders' | 'conditioning' | 'components' | 'loading'
>;

/** Stages one after the other over what the process itself takes; what each keeps stays. */
export function planMemory(model: PlannedModel, job: JobShape): MemoryPlan {
  const process = processBytes(model, job);
  const stages = stagesOf(model, job);
  const parts: MemoryPart[] = [];
  let kept = process;
  let privateBytes = 0;
  let [least, leastKept] = [0, RUNNING];
  for (const { stage, component, needs } of stages) {
    const fixed = stage === 'condition' ? needs : needs.fixed;
    const sizedBytes = needs.peak - fixed.peak;
    parts.push({
      ...{ stage, component, sizedBytes },
      ...{ peakBytes: kept + needs.peak, ownBytes: needs.peak, keptBytes: needs.kept },
    });
    kept += needs.kept;
    privateBytes += needs.weights;
    least = Math.max(least, leastKept + fixed.peak);
    leastKept += fixed.kept;
  }
  return {
    mappedBytes: mappedBytes(model),
    privateBytes,
    peakBytes: Math.max(...parts.map(({ peakBytes }) => peakBytes)),
    leastBytes: least,
    parts,
  };
}

interface Held {
  /** Largest of loading and running. */
  readonly peak: number;
  readonly kept: number;
}

interface Needs extends Held {
  /** Of `kept`: copies of weights. */
  readonly weights: number;
  /** What is left without activations. */
  readonly fixed: Held;
}

interface StageNeeds {
  readonly stage: MemoryStage;
  readonly component: string;
  readonly needs: Needs;
}

/** In the order in which the methods run them. */
function stagesOf(model: PlannedModel, job: JobShape): readonly StageNeeds[] {
  const { denoiser, loading } = model;
  const { rows: height, columns: width } = job.size;
  const transformer = weightsOf(model, 'transformer');
  const step = (batch: number, columnsRead: number, routed: boolean) => {
    const sizes = { batch, frames: job.window, height, width, textTokens: model.conditioning.tokens };
    return sessionNeeds(
      transformer,
      loading.denoiser,
      denoiser.activationBytes(sizes) + hookBytes(model, sizes, columnsRead, routed),
    );
  };
  const stages: StageNeeds[] = [];
  const add = (stage: MemoryStage, component: string, needs: Needs) => stages.push({ stage, component, needs });
  if (job.encodes) add('encode', 'vae', coderNeeds(model, job.size, 'encoder.'));
  for (const encoding of model.conditioning.encodings)
    add('condition', encoding.encoder, encoderNeeds(model, encoding));
  if (job.searchRows > 0) add('search', 'transformer', step(job.searchRows, 2, false));
  add('denoise', 'transformer', step(job.rows, job.mapColumns, job.routed));
  add('decode', 'vae', coderNeeds(model, job.size, 'decoder.'));
  return stages;
}

function encoderNeeds(model: PlannedModel, { encoder: name, tokens }: PromptEncoding): Needs {
  const { loading, encoder } = promptEncoderOf(model, name);
  return sessionNeeds(weightsOf(model, name), loading, encoder.activationBytes({ batch: 1, tokens }));
}

/** One half of the VAE, over the first batch of frames of one tile, which is the largest. */
function coderNeeds(model: PlannedModel, size: LatentSize, half: 'encoder.' | 'decoder.'): Needs {
  const { autoencoder, loading } = model;
  const { spatialCompression: scale, tiling } = autoencoder;
  const tile = { batch: 1, height: Math.min(size.rows, tiling.size), width: Math.min(size.columns, tiling.size) };
  const follows = !autoencoder.independentFrames;
  const isDecoder = half === 'decoder.';
  const batches = isDecoder
    ? autoencoder.decoderBatches(size.latentFrames)
    : autoencoder.encoderBatches(framesOf(size.latentFrames, autoencoder));
  const frames = batches.reduce((most, length) => Math.max(most, length), 1);
  const bytes = isDecoder
    ? autoencoder.decoderActivationBytes({ ...tile, frames, follows }) +
      carriedBytes(model, { ...tile, frames: 2, follows })
    : autoencoder.encoderActivationBytes({
        ...tile,
        height: tile.height * scale,
        width: tile.width * scale,
        frames,
        follows,
      });
  return sessionNeeds(
    weightsOf(model, 'vae', (tensor) => tensor.includes(half)),
    loading.autoencoder,
    bytes,
  );
}

/** What the convolutions of a decoder hand from one batch of a tile to the next: held twice while a batch runs. */
function carriedBytes({ autoencoder }: PlannedModel, sizes: FrameSizes): number {
  if (!sizes.follows) return 0;
  const { after } = autoencoder.buildDecoder(new GraphBuilder(), sizes);
  const values = [...after.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return 2 * values * Float32Array.BYTES_PER_ELEMENT;
}

interface SessionWeights {
  /** Of the tensors the session reads, as float32. */
  readonly wideBytes: number;
  /** Whether most of them are stored in 16 bits. */
  readonly half: boolean;
  /** The largest matrix, as float32. */
  readonly largestBytes: number;
  /** Of the kernels of convolutions, as float32. */
  readonly kernelBytes: number;
}

/**
 * A 16-bit matrix is widened for its turn, the next one while the last is still held: 1.9 to 2.4 matrices were held beyond the
 * activations (SD3 width, matrices of 54: 104 - 130 with one and two rows of 32 x 32 cells, 125 - 129 with two of 48 x 48; T5-XXL, of 160: 420).
 */
const WIDENED = 2.3;
/** Two layers of SD3, 660 as float32: 716; SD3's decoder, 190: 202 stored as float32, 230 - 304 as float16. */
const COPIED = 1.15;
/** While 16-bit kernels are loaded, the widened and the reordered copy are held at once: 391 - 394 for SD3's decoder, 190 as float32. */
const KERNELS_WHILE_LOADING = 2.1;
/** Of a run without an arena the process keeps this much: 27 - 74 MiB after 283 - 378. */
const KEPT_WITHOUT_ARENA = 0.1;

function sessionNeeds(
  weights: SessionWeights,
  { weights: treatment, arena = true }: SessionOptions,
  activations: number,
): Needs {
  const { half, wideBytes, largestBytes, kernelBytes } = weights;
  const copies = treatment === 'private' ? COPIED * wideBytes : 0;
  const loading = copies + (treatment === 'private' && half ? (KERNELS_WHILE_LOADING - COPIED) * kernelBytes : 0);
  const widened = treatment === 'mapped' && half ? WIDENED * largestBytes : 0;
  const held = (running: number): Held => ({
    peak: Math.max(loading, copies + running),
    kept: copies + (arena ? running : KEPT_WITHOUT_ARENA * running),
  });
  return { ...held(activations + widened), weights: copies, fixed: held(widened) };
}

/**
 * Tensors of the engine itself: the prompt embeds of every prompt and of every row, latents, and at most five float planes of a frame.
 * `RUNNING` is what tokenizers, encoded graphs, the runtime's threads and the growing heap of JavaScript take: with the embedded model,
 * whose tensors are small, a picture with its maps took 66 and an edit 89, of which 32 and 33 are not counted elsewhere.
 */
const RUNNING = 36 * 2 ** 20;
const PROMPTS = 3;
const PLANE_BYTES = 5 * 3 * Float32Array.BYTES_PER_ELEMENT;
/** Latents that a sampler holds: state, prediction, clean estimates of two steps, noise. */
const LATENTS = 5;
/** Latents that wait where the sampler holds windows alone: state and clean estimate. */
const WAITING = 2;

function processBytes(model: PlannedModel, job: JobShape): number {
  const { size, rows, searchRows, inMemoryBytes } = job;
  const { tokens, hiddenSize } = model.conditioning;
  const text = tokens * hiddenSize * Float32Array.BYTES_PER_ELEMENT;
  const planes = PLANE_BYTES * size.paddedWidth * size.paddedHeight;
  const spooled = inMemoryBytes === undefined ? spooledBytes(model, size) : 0;
  return RUNNING + (PROMPTS + rows + searchRows) * text + planes + latentBytes(job) + spooled;
}

function latentBytes({ size, window, streams, inMemoryBytes }: JobShape): number {
  const latent = size.length * Float32Array.BYTES_PER_ELEMENT;
  if (!streams) return LATENTS * latent;
  const isOnDisk = inMemoryBytes !== undefined && latent > inMemoryBytes;
  // Two windows are read at once, and the frames that their blend has not let go of are about as many.
  const windows = Math.min(latent, (2 * window * latent) / size.totalFrames);
  return LATENTS * windows + (isOnDisk ? 0 : WAITING * latent);
}

/** 8-bit pixels of all tiles of all frames, which wait for their neighbours where frames are coded together in planes larger than a tile. */
function spooledBytes({ autoencoder }: PlannedModel, { rows, columns, latentFrames }: LatentSize): number {
  const { tiling, independentFrames, spatialCompression, temporalCompression } = autoencoder;
  if (independentFrames || (rows <= tiling.size && columns <= tiling.size)) return 0;
  const covered = (side: number) =>
    side <= tiling.size ? side : tiling.size * (1 + Math.ceil((side - tiling.size) / (tiling.size - tiling.overlap)));
  return 3 * covered(rows) * covered(columns) * spatialCompression ** 2 * latentFrames * temporalCompression;
}

/**
 * Beyond the plain step, for each token and head: a column read out is one more channel of the values in their three forms (joined, by
 * head, result); routed rows gather queries and keys and double their channels, joined and by head.
 */
function hookBytes(
  { denoiser }: Pick<PlannedModel, 'denoiser'>,
  { batch, frames, height, width, textTokens }: DenoiserSizes,
  columnsRead: number,
  routed: boolean,
): number {
  const deep = frames / denoiser.temporalPatchSize;
  const tokens = deep * (height / denoiser.patchSize) * (width / denoiser.patchSize) + textTokens;
  const channels = 6 * columnsRead + (routed ? 10 * denoiser.headDim : 0);
  return batch * tokens * denoiser.heads * channels * Float32Array.BYTES_PER_ELEMENT;
}

/** Tables of which a run reads single rows; they are not widened as a whole. */
const TABLE = /(^|\.)(token_embedding|position_embedding|embed_tokens|shared|pos_embed)\./;

function weightsOf(
  { components }: Pick<PlannedModel, 'components'>,
  name: string,
  isRead = (_tensor: string) => true,
): SessionWeights {
  const component = components.find((candidate) => candidate.name === name);
  const refs =
    component === undefined
      ? []
      : component.weights.names.filter(isRead).map((tensor) => component.weights.get(tensor));
  const wide = refs.map(({ name: tensor, shape, dtype, byteLength }) => ({
    tensor,
    isKernel: shape.length > 2 && !TABLE.test(tensor),
    isMatrix: shape.length >= 2 && !TABLE.test(tensor),
    isHalf: dtype === 'F16' || dtype === 'BF16',
    bytes: dtype === 'F16' || dtype === 'BF16' ? 2 * byteLength : byteLength,
  }));
  const total = (entries: typeof wide) => entries.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    wideBytes: total(wide),
    half: total(wide.filter(({ isHalf }) => isHalf)) > total(wide) / 2,
    largestBytes: wide.filter(({ isMatrix }) => isMatrix).reduce((most, { bytes }) => Math.max(most, bytes), 0),
    kernelBytes: total(wide.filter(({ isKernel }) => isKernel)),
  };
}

/** Bytes of the components whose sessions read them in place. */
function mappedBytes({
  components,
  promptEncoders,
  loading,
}: Pick<PlannedModel, 'components' | 'promptEncoders' | 'loading'>): number {
  const treatments = new Map<string, SessionOptions>([
    ['transformer', loading.denoiser],
    ['vae', loading.autoencoder],
    ...promptEncoders.map((encoder) => [encoder.name, encoder.loading] as const),
  ]);
  const bytesOf = ({ weights }: Component) =>
    weights.names.reduce((sum, name) => sum + weights.get(name).byteLength, 0);
  return components
    .filter(({ name }) => treatments.get(name)?.weights === 'mapped')
    .reduce((sum, component) => sum + bytesOf(component), 0);
}
