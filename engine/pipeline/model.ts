import type { Vocabulary } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import type { Config } from '../checkpoint/config.ts';
import { componentClass } from '../checkpoint/detect.ts';
import { readText } from '../checkpoint/files.ts';
import type { Component, ModelFolder } from '../checkpoint/folder.ts';
import { openModelFolder } from '../checkpoint/folder.ts';
import { readVocabulary } from '../checkpoint/vocabulary.ts';
import type { Autoencoder, Denoiser, NetworkFamily, TextEncoder, VideoAutoencoder } from '../family.ts';
import type { SessionOptions, TensorRuntime } from '../ports.ts';
import type { SchedulerConfig } from '../sampling/config.ts';
import { openScheduler } from '../sampling/registry.ts';
import type { OpenScheduler } from '../sampling/scheduler.ts';
import { openTokenizer, type Tokenizer } from '../text/tokenizer.ts';
import { type ModelDefaults, readModelDefaults } from './defaults.ts';
import { SessionCache, type Sessions } from './sessions.ts';

/** The network families that a composition root hands to the engine. */
export interface Families {
  readonly denoisers: readonly NetworkFamily<Denoiser>[];
  readonly textEncoders: readonly NetworkFamily<TextEncoder>[];
  readonly autoencoders: readonly NetworkFamily<Autoencoder>[];
  readonly videoAutoencoders: readonly NetworkFamily<VideoAutoencoder>[];
}

/** A text encoder with the tokenizer that belongs to it. */
export interface PromptEncoder {
  /** Component name, `text_encoder`, `text_encoder_2`, ... */
  readonly name: string;
  readonly encoder: TextEncoder;
  readonly tokenizer: Tokenizer;
  readonly loading: SessionOptions;
}

/** What checkpoints of pictures and of videos have in common. */
export interface OpenCheckpoint {
  readonly name: string;
  readonly folder: string;
  readonly promptEncoders: readonly PromptEncoder[];
  readonly scheduler: OpenScheduler;
  /** The words it knows; absent for a checkpoint that takes free text. */
  readonly vocabulary?: Vocabulary;
  /** Weight files by component, for the record. */
  readonly components: readonly Component[];
  /** How the weights are stored, e.g. `f16`; the arithmetic is float32 on the CPU. */
  readonly precision: string;
  readonly sessions: Sessions;
  readonly loading: { readonly denoiser: SessionOptions; readonly autoencoder: SessionOptions };
}

/** A checkpoint of pictures, opened down to the headers of its weight files; sessions are made when they are first needed. */
export interface Model extends OpenCheckpoint {
  readonly denoiser: Denoiser;
  readonly autoencoder: Autoencoder;
  readonly defaults: ModelDefaults;
}

const MAX_SCHEDULER_BYTES = 1024 * 1024;

/**
 * Networks below this size are copied and prepacked by the runtime: the copy is cheap and the steps are faster. Not those of published
 * checkpoints: SD3's decoder (84 MB in 16 bits) keeps 230 MiB as a copy and peaks 160 higher, for 13 % of its time.
 */
const MAPPED_FROM_BYTES = 32 * 1024 * 1024;

/**
 * Opens a diffusers-layout folder of a model of pictures. Throws 'checkpoint-incomplete' or 'checkpoint-malformed' naming the file, and
 * 'checkpoint-unsupported' for a network of a family we do not run, or one of videos.
 */
export function openModel(folder: string, name: string, families: Families, runtime: TensorRuntime): Model {
  const files = openModelFolder(folder);
  const [transformer, vae] = [files.open('transformer'), files.open('vae')];
  const denoiser = familyOf(transformer, families.denoisers).open(transformer);
  if (denoiser.video !== undefined)
    throw new AttuneError('checkpoint-unsupported', `${name} makes videos; choose a model that makes pictures here.`, {
      file: transformer.config.file,
    });
  const autoencoder = familyOf(vae, families.autoencoders).open(vae);
  return {
    ...openCheckpoint(files, { name, folder, transformer, vae }, families, runtime),
    denoiser,
    autoencoder,
    defaults: readModelDefaults(folder, denoiser.family, sampleSize(transformer.config, denoiser, autoencoder)),
  };
}

/** The parts of a folder beside its two image networks. */
export function openCheckpoint(
  files: ModelFolder,
  { name, folder, transformer, vae }: CheckpointParts,
  families: Families,
  runtime: TensorRuntime,
): OpenCheckpoint {
  const texts = ['', '_2', '_3'].filter((suffix) => files.components.has(`text_encoder${suffix}`));
  if (texts.length === 0)
    throw new AttuneError(
      'checkpoint-incomplete',
      `${files.index.file} lists no text encoder; a prompt cannot be read without one.`,
      {
        file: files.index.file,
        field: 'text_encoder',
      },
    );
  const vocabulary = readVocabulary(folder);
  const opened = texts.map((suffix) => openPromptEncoder(files, suffix, families.textEncoders));
  return {
    name,
    folder,
    promptEncoders: opened.map(({ promptEncoder }) => promptEncoder),
    scheduler: schedulerOf(files),
    ...(vocabulary === undefined ? {} : { vocabulary }),
    components: [transformer, vae, ...opened.map(({ component }) => component)],
    precision: precisionOf(transformer),
    sessions: new SessionCache(runtime),
    // Pictures are coded once or twice a job, in large planes: without an arena nothing of them stays for the steps between.
    loading: { denoiser: loadingOf(transformer), autoencoder: { ...loadingOf(vae), arena: false } },
  };
}

interface CheckpointParts {
  readonly name: string;
  readonly folder: string;
  readonly transformer: Component;
  readonly vae: Component;
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
      {
        file: files.index.file,
        field: tokenizerName,
      },
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

export function familyOf<Network>(
  component: Component,
  families: readonly NetworkFamily<Network>[],
): NetworkFamily<Network> {
  const family = families.find((candidate) => candidate.detect(component));
  if (family !== undefined) return family;
  const known = families.map(({ title }) => title).join(', ');
  throw new AttuneError(
    'checkpoint-unsupported',
    `${component.folder} holds a ${componentClass(component.weights)?.title ?? component.config.className ?? 'network'} that Attune does not run; in this place it runs ${known}.`,
    { file: component.config.file },
  );
}

function loadingOf(component: Component): SessionOptions {
  return { weights: weightBytes(component) >= MAPPED_FROM_BYTES ? 'mapped' : 'private' };
}

/** Bytes of a component's tensors on disk. */
function weightBytes({ weights }: Component): number {
  return weights.names.reduce((sum, name) => sum + weights.get(name).byteLength, 0);
}

function precisionOf({ weights }: Component): string {
  const bytes = new Map<string, number>();
  for (const name of weights.names) {
    const { dtype, byteLength } = weights.get(name);
    bytes.set(dtype, (bytes.get(dtype) ?? 0) + byteLength);
  }
  const [most] = [...bytes].sort((a, b) => b[1] - a[1]);
  return (most?.[0] ?? 'F32').toLowerCase();
}

/** Pixels along each side of the picture that the network was made for. */
function sampleSize(config: Config, denoiser: Denoiser, autoencoder: Autoencoder): number {
  const cells = config.optionalInteger('sample_size', { min: 1 }) ?? denoiser.maxLatentSide;
  return Math.min(cells, denoiser.maxLatentSide) * autoencoder.downscale;
}
