import type { Vocabulary } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { componentClass } from '../checkpoint/detect.ts';
import { readText } from '../checkpoint/files.ts';
import { type Component, type ModelFolder, openModelFolder } from '../checkpoint/folder.ts';
import { readVocabulary } from '../checkpoint/vocabulary.ts';
import type {
  Autoencoder,
  ConditioningPlan,
  Denoiser,
  NetworkFamily,
  NetworkFiles,
  PipelineFamily,
  TextEncoder,
  Upscaler,
} from '../family.ts';
import type { SessionOptions, TensorRuntime } from '../ports.ts';
import type { SchedulerConfig } from '../sampling/config.ts';
import { openScheduler } from '../sampling/registry.ts';
import type { OpenScheduler } from '../sampling/scheduler.ts';
import { openTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { type ModelDefaults, readModelDefaults } from './defaults.ts';
import { SessionCache, type Sessions } from './sessions.ts';

/** The network families that a composition root hands to the engine. */
export interface Families {
  readonly pipelines: readonly PipelineFamily[];
  readonly textEncoders: readonly NetworkFamily<TextEncoder>[];
  readonly autoencoders: readonly NetworkFamily<Autoencoder>[];
  readonly upscalers: readonly NetworkFamily<Upscaler>[];
}

/** A text encoder with the tokenizer that belongs to it. */
export interface PromptEncoder {
  /** Component name, `text_encoder`, `text_encoder_2`, ... */
  readonly name: string;
  readonly encoder: TextEncoder;
  readonly tokenizer: Tokenizer;
  readonly loading: SessionOptions;
}

/** A checkpoint, opened down to the headers of its weight files; sessions are made when they are first needed. */
export interface Model {
  readonly name: string;
  readonly folder: string;
  readonly family: Pick<PipelineFamily, 'id' | 'title' | 'levels'>;
  /** A picture is a video of one frame; a checkpoint that was trained on one frame makes no other. */
  readonly makes: 'picture' | 'video';
  readonly denoiser: Denoiser;
  readonly autoencoder: Autoencoder;
  readonly promptEncoders: readonly PromptEncoder[];
  readonly conditioning: ConditioningPlan;
  readonly scheduler: OpenScheduler;
  readonly defaults: ModelDefaults;
  /** The words it knows; absent for a checkpoint that takes free text. */
  readonly vocabulary?: Vocabulary;
  /** Weight files by component, for the record. */
  readonly components: readonly Component[];
  /** How the weights are stored, e.g. `f16`; the arithmetic is float32 on the CPU. */
  readonly precision: string;
  readonly sessions: Sessions;
  readonly loading: { readonly denoiser: SessionOptions; readonly autoencoder: SessionOptions };
}

/** The text encoder of this component; the conditioning is planned with those that are there. */
export function promptEncoderOf({ promptEncoders }: Pick<Model, 'promptEncoders'>, name: string): PromptEncoder {
  const found = promptEncoders.find((candidate) => candidate.name === name);
  if (found === undefined) throw new RangeError(`the conditioning is planned with ${name}, which is not there`);
  return found;
}

const MAX_SCHEDULER_BYTES = 1024 * 1024;

/**
 * Networks below this size are copied and prepacked by the runtime: the copy is cheap and the steps are faster. Not those of published
 * checkpoints: SD3's decoder (84 MB in 16 bits) keeps 230 MiB as a copy and peaks 160 higher, for 13 % of its time.
 */
const MAPPED_FROM_BYTES = 32 * 1024 * 1024;

/**
 * Opens a folder in the diffusers layout. Throws 'checkpoint-incomplete' or 'checkpoint-malformed' naming the file, and
 * 'checkpoint-unsupported' for a network of a family that Attune does not run.
 */
export function openModel(folder: string, name: string, families: Families, runtime: TensorRuntime): Model {
  const files = openModelFolder(folder);
  const [transformer, vae] = [files.open('transformer'), files.open('vae')];
  const family = pipelineOf(transformer, families.pipelines);
  const denoiser = family.denoiser.open(transformer);
  const autoencoder = familyOf(vae, families.autoencoders).open(vae);
  if (autoencoder.latentChannels !== denoiser.latentChannels)
    throw new AttuneError(
      'checkpoint-malformed',
      `The vae of ${folder} has ${autoencoder.latentChannels} latent channels, the transformer ${denoiser.latentChannels}. Take both from one checkpoint.`,
      { file: vae.config.file, field: 'latent_channels' },
    );
  const texts = openPromptEncoders(files, families.textEncoders);
  const promptEncoders = texts.map(({ promptEncoder }) => promptEncoder);
  const vocabulary = readVocabulary(folder);
  return {
    name,
    folder,
    family,
    makes: denoiser.sample.frames > 1 ? 'video' : 'picture',
    denoiser,
    autoencoder,
    promptEncoders,
    conditioning: family.conditioning({ folder, denoiser, encoders: promptEncoders }),
    scheduler: schedulerOf(files),
    defaults: readModelDefaults(folder, { ...family.defaults(denoiser), ...sampleSize(denoiser, autoencoder) }),
    ...(vocabulary === undefined ? {} : { vocabulary }),
    components: [transformer, vae, ...texts.map(({ component }) => component)],
    precision: precisionOf(transformer),
    sessions: new SessionCache(runtime),
    // Pictures are coded once or twice a job, in large planes: without an arena nothing of them stays for the steps between.
    loading: { denoiser: loadingOf(transformer), autoencoder: { ...loadingOf(vae), arena: false } },
  };
}

/** Throws 'checkpoint-unsupported' where no family recognises the transformer. */
function pipelineOf(transformer: Component, pipelines: readonly PipelineFamily[]): PipelineFamily {
  const found = pipelines.find(({ denoiser }) => denoiser.detect(transformer));
  if (found === undefined) throw unknownNetwork(transformer, pipelines);
  return found;
}

function openPromptEncoders(files: ModelFolder, families: readonly NetworkFamily<TextEncoder>[]) {
  const suffixes = ['', '_2', '_3'].filter((suffix) => files.components.has(`text_encoder${suffix}`));
  if (suffixes.length === 0)
    throw new AttuneError(
      'checkpoint-incomplete',
      `${files.index.file} lists no text encoder; a prompt cannot be read without one.`,
      { file: files.index.file, field: 'text_encoder' },
    );
  return suffixes.map((suffix) => openPromptEncoder(files, suffix, families));
}

function openPromptEncoder(files: ModelFolder, suffix: string, families: readonly NetworkFamily<TextEncoder>[]) {
  const component = files.open(`text_encoder${suffix}`);
  const encoder = familyOf(component, families).open(component);
  const tokenizerName = `tokenizer${suffix}`;
  const spec = files.components.get(tokenizerName);
  if (spec === undefined)
    throw new AttuneError(
      'checkpoint-incomplete',
      `${files.index.file} lists ${component.name} but no ${tokenizerName} for it.`,
      { file: files.index.file, field: tokenizerName },
    );
  const tokenizer = openTokenizer(spec.folder, { kind: encoder.kind, maxTokens: encoder.maxTokens });
  const promptEncoder: PromptEncoder = { name: component.name, encoder, tokenizer, loading: loadingOf(component) };
  return { component, promptEncoder };
}

function schedulerOf(files: ModelFolder): OpenScheduler {
  const { file } = files.config('scheduler', 'scheduler_config.json');
  // The line above has checked that the file is a sound JSON object.
  return openScheduler(JSON.parse(readText(file, MAX_SCHEDULER_BYTES)) as SchedulerConfig, file);
}

/** Throws 'checkpoint-unsupported' where none recognises the component. */
export function familyOf<Network>(
  component: Component,
  families: readonly NetworkFamily<Network>[],
): NetworkFamily<Network> {
  const family = families.find((candidate) => candidate.detect(component));
  if (family === undefined) throw unknownNetwork(component, families);
  return family;
}

function unknownNetwork(component: Component, families: readonly { readonly title: string }[]): AttuneError {
  const known = families.map(({ title }) => title).join(', ');
  return new AttuneError(
    'checkpoint-unsupported',
    `${component.folder} holds a ${componentClass(component.weights)?.title ?? component.config.className ?? 'network'} that Attune does not run; in this place it runs ${known}.`,
    { file: component.config.file },
  );
}

function loadingOf(component: Component): SessionOptions {
  return { weights: weightBytes(component) >= MAPPED_FROM_BYTES ? 'mapped' : 'private' };
}

/** Bytes of a component's tensors on disk. */
function weightBytes({ weights }: NetworkFiles): number {
  return weights.names.reduce((sum, name) => sum + weights.get(name).byteLength, 0);
}

function precisionOf({ weights }: NetworkFiles): string {
  const bytes = new Map<string, number>();
  for (const name of weights.names) {
    const { dtype, byteLength } = weights.get(name);
    bytes.set(dtype, (bytes.get(dtype) ?? 0) + byteLength);
  }
  const [most] = [...bytes].sort((a, b) => b[1] - a[1]);
  return (most?.[0] ?? 'F32').toLowerCase();
}

/** Frames and pixels that the network was trained on. */
function sampleSize({ sample }: Denoiser, { spatialCompression, temporalCompression }: Autoencoder) {
  return {
    width: sample.width * spatialCompression,
    height: sample.height * spatialCompression,
    frames: (sample.frames - 1) * temporalCompression + 1,
  };
}
