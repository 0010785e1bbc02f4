import { basename, join } from 'node:path';
import { AttuneError } from '../base/errors.ts';
import { type Config, readConfig } from './config.ts';
import { namesIn, whatIs } from './files.ts';
import { isObject, type JsonValue } from './json.ts';
import { malformed, quote, refusal } from './refusal.ts';
import type { SafetensorsFile } from './safetensors.ts';
import { chooseWeights, missingFiles, openChoice, type PlainName, type WeightChoice } from './variants.ts';
import { type WeightSource, weightSource } from './weights.ts';

/** A component folder: `config.json` and weights, opened down to the headers. */
export interface Component {
  readonly name: string;
  readonly folder: string;
  readonly config: Config;
  readonly weights: WeightSource;
  /** The weight files, with their headers. */
  readonly files: readonly SafetensorsFile[];
  /** Where the weights were taken from. */
  readonly chosen: WeightChoice;
  /** The ways of storing them that were left aside. */
  readonly others: readonly WeightChoice[];
}

export interface OpenOptions {
  /** Name for the user; the folder's own without it. */
  readonly name?: string;
  /** Take only the weights of this variant (`fp16` in `model.fp16.safetensors`). */
  readonly variant?: string;
}

/**
 * Opens one component folder. Throws 'checkpoint-incomplete' naming the file that is missing, 'checkpoint-malformed'
 * naming file, tensor and field, 'checkpoint-unsupported' for pickled weights.
 */
export function openComponent(folder: string, options: OpenOptions = {}): Component {
  const config = readConfig(join(folder, CONFIG));
  const { chosen, others } = chooseWeights(folder, plainName(config.has('_class_name')), options.variant);
  const files = openChoice(chosen);
  const weights = weightSource(files, chosen.file);
  checkWrapper(weights.names, chosen.file);
  return { name: options.name ?? basename(folder), folder, config, weights, files, chosen, others };
}

/** What wrappers of PyTorch put before every name of a model that is saved with them, and who does. */
const WRAPPERS = [
  { prefix: '_orig_mod.', by: 'torch.compile', inner: 'model._orig_mod' },
  { prefix: 'module.', by: 'DataParallel', inner: 'model.module' },
] as const;

/** Throws 'checkpoint-unsupported' for weights that were saved within a wrapper: no network would be recognised. */
function checkWrapper(names: readonly string[], file: string): void {
  const wrapper = WRAPPERS.find(({ prefix }) => names.length > 0 && names.every((name) => name.startsWith(prefix)));
  if (wrapper === undefined) return;
  const { prefix, by, inner } = wrapper;
  throw refusal(
    'checkpoint-unsupported',
    file,
    `Every name in it begins with ${quote(prefix)}, which ${by} puts there. Save the model within: ${inner}.save_pretrained(FOLDER).`,
  );
}

/** What a component is for, told by its class name: it decides which files its folder must have. */
export type ComponentRole = 'network' | 'scheduler' | 'tokenizer' | 'processor';

/** One line of model_index.json. */
export interface ComponentSpec {
  readonly name: string;
  /** `diffusers`, `transformers`, or a module of the pipeline. */
  readonly library: string;
  readonly className: string;
  readonly role: ComponentRole;
  readonly folder: string;
}

export interface ModelFolder {
  readonly folder: string;
  /** The whole of model_index.json. */
  readonly index: Config;
  /** `_class_name` of the pipeline. */
  readonly pipeline: string;
  /**
   * Components that are there by the index, in its order; a null component (left out by its publisher) is not listed.
   */
  readonly components: ReadonlyMap<string, ComponentSpec>;
  /**
   * Opens the weights of a component. Throws 'checkpoint-incomplete' when the index does not list it, else as
   * `openComponent`.
   */
  open(name: string, options?: OpenOptions): Component;
  /**
   * Reads a config file of a component, such as ('scheduler', 'scheduler_config.json'). Throws as `open` and
   * `readConfig`.
   */
  config(name: string, file: string): Config;
}

const MODEL_INDEX = 'model_index.json';
const CONFIG = 'config.json';
const SCHEDULER_CONFIG = 'scheduler_config.json';

/**
 * Opens a diffusers folder: reads its model_index.json and nothing else; components are opened on demand.
 * `elsewhere` gives components that lie in another folder than the one of their name.
 * Throws 'checkpoint-incomplete' when there is no model_index.json, 'checkpoint-malformed' when it is broken.
 */
export function openModelFolder(folder: string, elsewhere: Readonly<Record<string, string>> = {}): ModelFolder {
  const file = join(folder, MODEL_INDEX);
  if (whatIs(file) === 'nothing') throw noModelIndex(folder);
  const index = readConfig(file);
  const components = new Map<string, ComponentSpec>();
  for (const name of index.fields) {
    const spec = componentSpec(name, index, folder, elsewhere);
    if (spec !== undefined) components.set(name, spec);
  }
  const find = (name: string): ComponentSpec => {
    const spec = components.get(name);
    if (spec !== undefined) return spec;
    const sentence = `The model has no component ${quote(name)}; it has ${[...components.keys()].join(', ')}.`;
    throw refusal('checkpoint-incomplete', file, sentence, { field: name });
  };
  return {
    folder,
    index,
    pipeline: index.string('_class_name'),
    components,
    open: (name, options = {}) => {
      const spec = find(name);
      if (whatIs(spec.folder) === 'nothing') throw notDownloaded(spec);
      return openComponent(spec.folder, { name, ...options });
    },
    config: (name, configFile) => readConfig(join(find(name).folder, configFile)),
  };
}

/**
 * Paths of the files a model folder needs and that are not there, found without reading weights: configs, weight files,
 * shards. A snapshot of a download cache may lack any of them. Throws 'checkpoint-malformed' when an index of shards is
 * broken, 'checkpoint-unsupported' when a component has only pickles.
 */
export function missingParts(model: ModelFolder): readonly string[] {
  return [...model.components.values()].flatMap((spec) => missingOfComponent(spec));
}

/** As `missingParts`, for one component. */
export function missingOfComponent({ folder, role, library }: ComponentSpec): readonly string[] {
  if (whatIs(folder) !== 'folder') return [folder];
  const absent = (file: string) => (whatIs(join(folder, file)) === 'file' ? [] : [join(folder, file)]);
  if (role === 'processor') return [];
  if (role === 'scheduler') return absent(SCHEDULER_CONFIG);
  if (role === 'tokenizer') {
    // Which files a tokenizer has is its family's business; here an empty folder and links that lead nowhere are told.
    const files = namesIn(folder).map((name) => join(folder, name));
    return files.length === 0 ? [folder] : files.filter((file) => whatIs(file) === 'nothing');
  }
  return [...absent(CONFIG), ...missingWeights(folder, plainName(library !== 'transformers'))];
}

function missingWeights(folder: string, expected: PlainName): readonly string[] {
  try {
    return missingFiles(chooseWeights(folder, expected).chosen);
  } catch (error) {
    if (error instanceof AttuneError && error.kind === 'checkpoint-incomplete' && error.where.file !== undefined)
      return [error.where.file];
    throw error;
  }
}

function plainName(ofDiffusers: boolean): PlainName {
  return ofDiffusers ? 'diffusion_pytorch_model.safetensors' : 'model.safetensors';
}

function componentSpec(
  name: string,
  index: Config,
  folder: string,
  elsewhere: Readonly<Record<string, string>>,
): ComponentSpec | undefined {
  const value = index.raw(name);
  // Everything that is a list is a component; the rest are settings of the pipeline.
  if (!Array.isArray(value)) {
    if (isObject(value)) throw malformed(index.file, `The component ${quote(name)} is an object`, { field: name });
    return undefined;
  }
  const [library, className, ...more]: readonly JsonValue[] = value;
  if (library === null && className === null) return undefined;
  if (typeof library !== 'string' || typeof className !== 'string' || more.length > 0)
    throw malformed(index.file, `The component ${quote(name)} is not [library, class]`, { field: name });
  if (!/^\w{1,64}$/.test(name))
    throw malformed(index.file, `${quote(name)} is not a name for a component folder`, { field: name });
  const own = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined;
  return { name, library, className, role: roleOf(className), folder: own ?? join(folder, name) };
}

function roleOf(className: string): ComponentRole {
  if (className.endsWith('Scheduler')) return 'scheduler';
  if (/Tokenizer(?:Fast)?$/.test(className)) return 'tokenizer';
  if (/(?:FeatureExtractor|ImageProcessor|Processor)(?:Fast)?$/.test(className)) return 'processor';
  return 'network';
}

/** A component that the index lists without its folder; Stable Diffusion 3 is often downloaded without its T5-XXL, and runs so. */
function notDownloaded({ name, folder }: ComponentSpec): Error {
  const without =
    name === 'text_encoder_3'
      ? `, or leave it out: write [null, null] for text_encoder_3 and tokenizer_3 in ${MODEL_INDEX}`
      : '';
  const sentence = `${MODEL_INDEX} lists ${quote(name)}, but its folder is not there. Download it${without}.`;
  return refusal('checkpoint-incomplete', folder, sentence, { field: name });
}

const LORA_FILES = ['adapter_config.json', 'adapter_model.safetensors', 'pytorch_lora_weights.safetensors'];

function noModelIndex(folder: string): Error {
  const file = join(folder, MODEL_INDEX);
  if (LORA_FILES.some((name) => whatIs(join(folder, name)) === 'file'))
    return refusal(
      'checkpoint-unsupported',
      folder,
      'The folder holds a LoRA (a small addition to a model, not a model). Give the folder of the model it was made for; Attune does not load LoRA files yet.',
    );
  const kind = whatIs(folder);
  if (kind === 'nothing') return refusal('checkpoint-incomplete', folder, 'There is no such folder. Check the path.');
  if (kind !== 'folder')
    return refusal('checkpoint-unsupported', folder, 'This is a file. Give the folder that has the model_index.json.');
  if (whatIs(join(folder, CONFIG)) === 'file')
    return refusal(
      'checkpoint-incomplete',
      file,
      'There is no such file: this folder is one component of a model. Give the folder above it.',
    );
  return refusal(
    'checkpoint-incomplete',
    file,
    'There is no such file, so this is no diffusers model folder. Give the folder that has a model_index.json, or download it.',
  );
}
