import { join } from 'node:path';
import { namesIn, whatIs } from './files.ts';
import { refusal } from './refusal.ts';
import { readSafetensors, type SafetensorsFile } from './safetensors.ts';
import { missingShards, openShards } from './shards.ts';
import { PICKLE_NAME, pickleRefusal } from './sniff.ts';

/**
 * One way in which a component folder stores its weights. What is inside is told by the headers, not by the variant's
 * name.
 */
export interface WeightChoice {
  /** `fp16` in `model.fp16.safetensors`; `undefined` for the plain name. */
  readonly variant: string | undefined;
  readonly form: 'single' | 'sharded';
  /** Path of the weight file, or of the index that names the shards. */
  readonly file: string;
}

/** The plain names of weight files: of diffusers components, of transformers components. */
export type PlainName = 'diffusion_pytorch_model.safetensors' | 'model.safetensors';

const SINGLE = /^(?<base>diffusion_pytorch_model|model)(?:\.(?<variant>\w+))?\.safetensors$/;
const INDEX =
  /^(?<base>diffusion_pytorch_model|model)(?:\.(?<before>\w+))?\.safetensors\.index(?:\.(?<variant>\w+))?\.json$/;
const SHARD = /^(?<stem>diffusion_pytorch_model|model)(?:\.\w+)?-\d{5}-of-\d{5}(?:\.\w+)?\.safetensors$/;

/**
 * The ways found in `folder`, the preferred first: the plain name before variants, `diffusion_pytorch_model` before
 * `model`, one file before shards. Throws 'checkpoint-incomplete' when there is no such folder.
 */
export function weightChoices(folder: string): readonly WeightChoice[] {
  const found: (WeightChoice & { readonly base: string })[] = [];
  for (const name of namesIn(folder)) {
    const file = join(folder, name);
    const single = SINGLE.exec(name)?.groups;
    if (single) found.push({ base: single.base ?? '', variant: single.variant, form: 'single', file });
    const index = INDEX.exec(name)?.groups;
    if (index) found.push({ base: index.base ?? '', variant: index.variant ?? index.before, form: 'sharded', file });
  }
  const rank = ({ base, variant, form }: (typeof found)[number]) =>
    `${variant === undefined ? '0' : `1${variant}`} ${base === 'model' ? 1 : 0} ${form === 'single' ? 0 : 1}`;
  return found.sort((a, b) => (rank(a) < rank(b) ? -1 : 1)).map(({ variant, form, file }) => ({ variant, form, file }));
}

/**
 * Paths of the files that a choice needs and that are not there; a link that leads nowhere is not there. Throws when
 * its index is malformed.
 */
export function missingFiles(choice: WeightChoice): readonly string[] {
  if (choice.form === 'sharded') return missingShards(choice.file);
  return whatIs(choice.file) === 'file' ? [] : [choice.file];
}

/** Reads the headers of all files of a choice. Throws as `readSafetensors` and `openShards`. */
export function openChoice(choice: WeightChoice): readonly SafetensorsFile[] {
  return choice.form === 'sharded' ? openShards(choice.file) : [readSafetensors(choice.file)];
}

/**
 * Picks the weights of a component folder: the wanted variant, else the first complete choice, else the first one
 * (whose opening then names what is missing). `expected` is the file to name when there is nothing at all. Throws
 * 'checkpoint-incomplete' naming the file that should be there, 'checkpoint-unsupported' when there are only pickles.
 */
export function chooseWeights(
  folder: string,
  expected: PlainName,
  wanted?: string,
): { readonly chosen: WeightChoice; readonly others: readonly WeightChoice[] } {
  const all = weightChoices(folder);
  const fitting = wanted === undefined ? all : all.filter(({ variant }) => variant === wanted);
  const chosen = fitting.length > 1 ? (fitting.find(isComplete) ?? fitting[0]) : fitting[0];
  if (chosen === undefined) throw noWeights(folder, all, expected, wanted);
  return { chosen, others: all.filter((choice) => choice !== chosen) };
}

function isComplete(choice: WeightChoice): boolean {
  try {
    return missingFiles(choice).length === 0;
  } catch {
    // A broken index must not hide a sound file beside it; opening the index as the only choice still reports it.
    return false;
  }
}

function noWeights(
  folder: string,
  all: readonly WeightChoice[],
  expected: PlainName,
  wanted: string | undefined,
): Error {
  if (wanted !== undefined && all.length > 0) {
    const known = all.map(({ variant }) => variant ?? 'the plain one').join(', ');
    return refusal(
      'checkpoint-incomplete',
      folder,
      `There are no weights of the variant "${wanted}"; there are: ${known}.`,
    );
  }
  const names = namesIn(folder);
  const shard = names.find((name) => SHARD.test(name));
  if (shard !== undefined) {
    const stem = SHARD.exec(shard)?.groups?.stem ?? 'model';
    const index = join(folder, `${stem}.safetensors.index.json`);
    return refusal(
      'checkpoint-incomplete',
      index,
      'The index of the weight shards is missing. Download it from the same place as the shards.',
    );
  }
  const pickle = names.find((name) => PICKLE_NAME.test(name));
  if (pickle !== undefined) return pickleRefusal(join(folder, pickle));
  return refusal(
    'checkpoint-incomplete',
    join(folder, expected),
    'There is no such file, and the folder has no other weights, whole or in shards. Download them.',
  );
}
