import { randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import {
  type EditRequest,
  MAX_SEED,
  type MethodDescription,
  type ParamValue,
  presentMethodId,
  presentParamName,
  type Size,
} from '../contract/index.ts';
import { AttuneError, type Engine, paramFromText, paramRange } from '../engine/index.ts';
import { sha256Of } from '../native/files.ts';
import { UsageError } from './errors.ts';
import type { Host } from './host.ts';
import type { OptionSpec, Values } from './options.ts';
import { readRegion } from './region.ts';
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
    summary:
      '.png, .jpg, .webp or .avif for a picture (- is standard output); .mp4, .webm, .webp, .gif or a folder for a video',
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

/** Options of commands that may make or edit several frames. */
export const LENGTH_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'frames',
    type: 'text',
    value: 'N',
    summary: "of a video, its length; without it, the clip's or the checkpoint's own",
  },
  {
    name: 'fps',
    type: 'text',
    value: 'N',
    summary: "of a video, frames shown a second; without it the clip's own, else the checkpoint's",
  },
];

export const START_OPTION: OptionSpec = {
  name: 'start-frame',
  type: 'text',
  value: 'N',
  summary: 'with a clip, the first frame to edit, counted from 1',
};

const MAX_FRAMES = 100_000;

/** What a command line asks for besides what its options say alike everywhere. */
export interface GivenRequest extends Pick<EditRequest, 'source' | 'mask' | 'sourcePrompt' | 'segments' | 'prompt'> {
  /** Without `--method`. */
  readonly method: string;
  readonly checkpoint: string;
  /** NAME=VALUE, as by `--param`. */
  readonly params?: readonly string[];
}

/**
 * The request of a command line. Throws UsageError for what is no request at all: a number that is none, an unknown method or parameter.
 * Whether it can be run is the engine's to say.
 */
export function readRequest(values: Values, engine: Engine, { params = [], ...given }: GivenRequest): EditRequest {
  const method = findMethod(engine, values.text('method') ?? given.method, given.checkpoint);
  const negative = values.text('negative');
  const steps = values.integer('steps', 1, 1000);
  const guidance = values.number('guidance', 0, 100);
  const size = readSize(values.text('size'));
  const { frames, startFrame } = readLength(values);
  const fps = values.number('fps', 1, 120);
  return {
    ...given,
    method: method.id,
    ...(negative !== undefined && { negative }),
    seed: readSeed(values),
    params: readParams([...values.list('param'), ...params], method),
    ...(size && { size }),
    ...readRegion(values),
    ...(steps !== undefined && { steps }),
    ...(guidance !== undefined && { guidance }),
    ...(frames !== undefined && given.segments === undefined && { frames }),
    ...(fps !== undefined && { fps }),
    ...(startFrame !== undefined && { startFrame }),
    ...(values.has('maps') && { maps: true }),
  };
}

/** How many frames, and which of a clip is the first one, counted from 0. */
export function readLength(values: Values): Pick<EditRequest, 'frames' | 'startFrame'> {
  const frames = values.integer('frames', 1, MAX_FRAMES);
  const start = values.integer('start-frame', 1, MAX_FRAMES);
  return { ...(frames !== undefined && { frames }), ...(start !== undefined && { startFrame: start - 1 }) };
}

/** The method of this id, today's or a former one, with the parameters that count on the checkpoint. */
function findMethod(engine: Engine, id: string, checkpoint: string): MethodDescription {
  const methods = engine.describeMethods();
  const found = methods.find((method) => method.id === presentMethodId(id));
  if (found !== undefined) {
    const { makes } = engine.model(checkpoint);
    return { ...found, params: found.params.filter(({ only }) => only === undefined || only === makes) };
  }
  const ids = methods.map((method) => method.id);
  throw new UsageError(`There is no method "${id}".${didYouMean(id, ids) || ` There are ${ids.join(', ')}.`}`);
}

export const DEFAULT_MODEL = 'embedded/image';
export const DEFAULT_VIDEO_MODEL = 'embedded/video';

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

export function readSeed(values: Values): number {
  const seed = values.integer('seed', -1, MAX_SEED);
  // -1 is how other tools say "random"; 32 bits are what all of them can show.
  return seed === undefined || seed === -1 ? randomInt(2 ** 32) : seed;
}

export function readSize(text: string | undefined): Size | undefined {
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
    const name = presentParamName(text.slice(0, cut));
    const schema = method.params.find((param) => param.name === name);
    if (!schema) throw new UsageError(unknownParam(name, method));
    if (Object.hasOwn(params, name)) throw new UsageError(`The parameter ${name} is given twice; give it once.`);
    const value = paramFromText(text.slice(cut + 1), schema);
    if (value === undefined)
      throw new UsageError(`The parameter ${name} takes ${paramRange(schema)}, not "${text.slice(cut + 1)}".`);
    params[name] = value;
  }
  return params;
}

function unknownParam(name: string, { id, params }: MethodDescription): string {
  const known = params.map((param) => param.name);
  if (known.length === 0) return `The method ${id} has no parameters.`;
  return `The method ${id} has no parameter "${name}".${didYouMean(name, known) || ` It has ${known.join(', ')}.`}`;
}
