import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import {
  EditRequest,
  MAX_SEED,
  type MethodDescription,
  type MethodInput,
  type ParamSchema,
  type ParamValue,
} from '../contract/index.ts';
import { AttuneError, type Engine, inputFaults, paramFromText, paramRange } from '../engine/index.ts';
import { sha256Of } from '../native/files.ts';
import { UsageError } from './errors.ts';
import type { Host } from './host.ts';
import type { OptionSpec, Values } from './options.ts';
import { didYouMean } from './suggest.ts';

/** Options of every command that runs a method. */
export const RUN_OPTIONS: readonly OptionSpec[] = [
  { name: 'negative', short: 'n', type: 'text', value: 'TEXT', summary: 'what the picture should not show' },
  {
    name: 'model',
    short: 'm',
    type: 'text',
    value: 'REF',
    summary: 'checkpoint folder, or a name of "attune models list"',
  },
  { name: 'method', type: 'text', value: 'ID', summary: 'another way to do it' },
  { name: 'param', type: 'list', value: 'NAME=VALUE', summary: 'a parameter of the method; may be repeated' },
  {
    name: 'seed',
    short: 's',
    type: 'text',
    value: 'N',
    summary: 'the same seed gives the same picture; without it, a random one',
  },
  {
    name: 'size',
    type: 'text',
    value: 'WxH',
    summary: "pixels; without it, the source's size or the checkpoint's own",
  },
  { name: 'steps', type: 'text', value: 'N', summary: 'steps of the sampler' },
  { name: 'guidance', type: 'text', value: 'G', summary: 'how strongly the prompt is followed' },
  {
    name: 'output',
    short: 'o',
    type: 'text',
    value: 'OUT',
    summary: '.png, .jpg, .webp or .avif file to write; - is standard output',
  },
  {
    name: 'maps',
    type: 'text',
    value: 'DIR',
    summary: 'also write where each word is in the picture, into this folder',
  },
  { name: 'no-metadata', type: 'flag', summary: 'write nothing about the making into the picture' },
  { name: 'force', type: 'flag', summary: 'replace files that exist' },
];

/** How a command's options are called in sentences about missing inputs. */
export type InputNames = Readonly<Record<MethodInput, string>>;

/** Throws UsageError for an id that is none, or of a method that makes something else. */
export function findMethod(engine: Engine, id: string, makes: MethodDescription['makes']): MethodDescription {
  const all = engine.describeMethods();
  const method = all.find((candidate) => candidate.id === id);
  if (method?.makes === makes) return method;
  if (method)
    throw new UsageError(
      `The method ${id} makes a ${method.makes}${method.makes === 'video' ? '; see "attune video --help"' : ', and this command a video'}.`,
    );
  const methods = all.filter((candidate) => candidate.makes === makes);
  const ids = methods.map((candidate) => candidate.id);
  throw new UsageError(`There is no method "${id}".${didYouMean(id, ids) || ` There are ${ids.join(', ')}.`}`);
}

/** What a command line gives a method besides its options. */
type GivenInputs = Pick<
  EditRequest,
  'source' | 'mask' | 'sourcePrompt' | 'segments' | 'frames' | 'startFrame' | 'fps'
> & {
  readonly prompt: string | undefined;
};

/** The request of a command line, without the media's own part. Throws UsageError. */
export function readRequest(
  values: Values,
  engine: Engine,
  method: MethodDescription,
  inputs: GivenInputs,
  names: InputNames,
  defaults: { readonly model?: string; readonly params?: readonly string[] } = {},
): EditRequest {
  const negative = values.text('negative');
  const { prompt, ...media } = inputs;
  checkInputs(method, { ...media, prompt, negative }, names);
  const steps = values.integer('steps', 1, 1000);
  const guidance = values.number('guidance', 0, 100);
  const size = readSize(values.text('size'));
  const request = {
    method: method.id,
    checkpoint: checkpointRef(values.text('model') ?? defaults.model ?? DEFAULT_MODEL, engine),
    ...media,
    prompt: prompt ?? '',
    ...(negative !== undefined && { negative }),
    seed: readSeed(values),
    params: readParams([...values.list('param'), ...(defaults.params ?? [])], method),
    ...(size && { size }),
    ...(steps !== undefined && { steps }),
    ...(guidance !== undefined && { guidance }),
    ...(values.has('maps') && { maps: true }),
  };
  const checked = EditRequest.safeParse(request);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new UsageError(`This cannot be asked for: ${issue?.path.join('.')} ${issue?.message}.`);
}

export const DEFAULT_MODEL = 'embedded/image';

/** The checkpoint a `--model` means: a name that the engine knows stays one, wherever the command runs; a path becomes absolute. */
export function checkpointRef(ref: string, engine: Engine): string {
  const isName = engine.listModels().some((model) => model.ref === ref);
  return !isName && existsSync(ref) ? resolve(ref) : ref;
}

/** A record names a checkpoint without its folders; where it lies is remembered on this machine only. */
export async function rememberCheckpoint(recorded: string, ref: string, host: Host): Promise<void> {
  if (recorded !== ref && isAbsolute(ref)) await host.places.remember(checkpointKey(recorded), ref);
}

/**
 * Where a checkpoint of a record lies: a name that the engine knows, or a place that was used on this machine. A record comes from
 * anywhere, so a path in it is never opened. Throws 'checkpoint-incomplete' with the way out.
 */
export async function recallCheckpoint(name: string, engine: Engine, host: Host): Promise<string> {
  if (engine.listModels().some((model) => model.ref === name)) return name;
  const path = await host.places.recall(checkpointKey(name));
  if (path !== undefined && existsSync(path)) return path;
  throw new AttuneError(
    'checkpoint-incomplete',
    `The record names the checkpoint "${name}", which is not known here; say where it is with --model REF.`,
    { file: name },
  );
}

const checkpointKey = (name: string) => sha256Of(new TextEncoder().encode(`checkpoint:${name}`));

function checkInputs(
  { id, inputs }: MethodDescription,
  given: Readonly<Partial<Record<MethodInput, unknown>>>,
  names: InputNames,
): void {
  // Object.keys of our own contract type: every key is a MethodInput.
  const [fault] = inputFaults(inputs, given, Object.keys(names) as MethodInput[]);
  if (fault === undefined) return;
  throw new UsageError(`The method ${id} ${fault.isMissing ? 'needs' : 'makes no use of'} ${names[fault.input]}.`);
}

export function readSeed(values: Values): number {
  const seed = values.integer('seed', -1, MAX_SEED);
  // -1 is how other tools say "random"; 32 bits are what all of them can show.
  return seed === undefined || seed === -1 ? randomInt(2 ** 32) : seed;
}

export function readSize(text: string | undefined): { width: number; height: number } | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{1,5})[x×](\d{1,5})$/i.exec(text);
  if (!match) throw new UsageError(`--size takes WIDTHxHEIGHT in pixels, e.g. 512x768, not "${text}".`);
  return { width: Number(match[1]), height: Number(match[2]) };
}

function readParams(given: readonly string[], method: MethodDescription): Record<string, ParamValue> {
  const params: Record<string, ParamValue> = {};
  for (const text of given) {
    const cut = text.indexOf('=');
    if (cut < 1) throw new UsageError(`--param takes NAME=VALUE, not "${text}".`);
    const name = text.slice(0, cut);
    const schema = method.params.find((param) => param.name === name);
    if (!schema) throw new UsageError(unknownParam(name, method));
    if (Object.hasOwn(params, name)) throw new UsageError(`The parameter ${name} is given twice; give it once.`);
    params[name] = readParam(text.slice(cut + 1), schema);
  }
  return params;
}

function unknownParam(name: string, { id, params }: MethodDescription): string {
  const known = params.map((param) => param.name);
  if (known.length === 0) return `The method ${id} has no parameters.`;
  return `The method ${id} has no parameter "${name}".${didYouMean(name, known) || ` It has ${known.join(', ')}.`}`;
}

function readParam(text: string, schema: ParamSchema): ParamValue {
  const value = paramFromText(text, schema);
  if (value !== undefined) return value;
  throw new UsageError(`The parameter ${schema.name} takes ${paramRange(schema)}, not "${text}".`);
}
