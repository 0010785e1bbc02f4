import {
  EditRequest,
  type MethodDescription,
  type MethodInput,
  type ParamValue,
  type ResolvedRequest,
  type Size,
} from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { checkMask } from '../media/pixels.ts';
import { resample } from '../media/resample.ts';
import type { Method } from '../methods/method.ts';
import { resolveParams } from '../methods/params.ts';
import { methods } from '../methods/registry.ts';
import { videoMethods } from '../methods/videoregistry.ts';
import type { ModelDefaults } from '../pipeline/defaults.ts';
import type { Model } from '../pipeline/model.ts';
import type { Pixels } from '../ports.ts';

export interface RunMedia {
  /** RGB or RGBA, any size. */
  readonly source?: Pixels;
  /** One channel, white = repaint, of the source's size. */
  readonly mask?: Pixels;
}

/** What of the media is known before their pixels are needed. */
export interface MediaSizes {
  readonly source?: Size;
  readonly mask?: Size;
}

/** Throws 'request-invalid' naming the field for a request that breaks the contract. */
export function checkRequest(request: EditRequest): EditRequest {
  const read = EditRequest.safeParse(request);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const [first, second] = issue?.path ?? [];
  const field = String((first === 'params' ? second : undefined) ?? first ?? 'request');
  throw new AttuneError('request-invalid', `The request cannot be used, ${field}: ${issue?.message ?? 'malformed'}.`, {
    field,
  });
}

/** What an input is for, and the option of the command line that gives it. */
const INPUTS: Readonly<Record<Exclude<MethodInput, 'prompt'>, string>> = {
  source: 'a picture to edit (source)',
  mask: 'a mask, white where the picture may change (--mask)',
  segments: 'prompts one after the other (several --prompt)',
  sourcePrompt: 'a prompt that says what the source shows (--from)',
  negative: 'a negative prompt (--negative)',
};

/** Refuses what the method cannot use, and asks for what it needs; an empty prompt is a prompt. */
export function checkInputs(
  { description }: Pick<Method, 'description'>,
  request: EditRequest,
  media: MediaSizes,
): void {
  const given = {
    source: media.source !== undefined,
    mask: media.mask !== undefined,
    segments: request.segments !== undefined,
    sourcePrompt: request.sourcePrompt !== undefined,
    negative: request.negative !== undefined,
  };
  for (const [key, isGiven] of Object.entries(given)) {
    const name = key as keyof typeof given; // the keys of the object above
    const need = description.inputs[name];
    if (isGiven && need === undefined) {
      const takers = [...methods, ...videoMethods].filter(
        (method) => method.description.makes === description.makes && method.description.inputs[name] !== undefined,
      );
      const others = takers.map((method) => method.description.id).join(', ') || 'none';
      throw new AttuneError(
        'request-invalid',
        `The method ${description.id} makes no use of ${INPUTS[name]}: leave it out, or choose a method that does (${others}).`,
        { field: name },
      );
    }
    if (!isGiven && need === 'required')
      throw new AttuneError('request-invalid', `The method ${description.id} needs ${INPUTS[name]}.`, { field: name });
  }
}

/** Refuses pixels that do not go together. */
export function checkMedia({ source, mask }: RunMedia): void {
  if (source !== undefined && mask !== undefined) checkMask(mask, source);
}

/** The request with the checkpoint's and the method's own values for what it leaves open. */
export function resolveRequest(
  { description }: Method,
  request: EditRequest,
  { source }: MediaSizes,
  model: Pick<Model, 'defaults' | 'folder'>,
): ResolvedRequest {
  const { size } = model.defaults;
  return resolveFor({ description }, request, source ?? { width: size, height: size }, model);
}

/** The part of it that pictures and videos share; `size` is taken where the request names none. */
export function resolveFor(
  { description }: Pick<Method, 'description'>,
  request: EditRequest,
  size: Size,
  { defaults, folder }: { readonly defaults: Omit<ModelDefaults, 'size'>; readonly folder: string },
): ResolvedRequest {
  const { id } = description;
  return {
    ...request,
    params: resolveParams(description, { ...ownParams(description, defaults.params[id], folder), ...request.params }),
    size: request.size ?? { width: size.width, height: size.height },
    steps: request.steps ?? defaults.methodSteps[id] ?? description.defaults.steps ?? defaults.steps,
    guidance: request.guidance ?? defaults.methodGuidance[id] ?? description.defaults.guidance ?? defaults.guidance,
  };
}

/** The checkpoint's own values, which are the fault of its file where the method cannot take them. */
function ownParams(
  description: MethodDescription,
  params: Readonly<Record<string, ParamValue>> = {},
  folder: string,
): Readonly<Record<string, ParamValue>> {
  try {
    resolveParams(description, params);
    return params;
  } catch (error) {
    if (!(error instanceof AttuneError)) throw error;
    const file = `${folder}/attune.json`;
    const field = `methods.${description.id}.params.${error.where.field}`;
    throw new AttuneError(
      'checkpoint-malformed',
      `${file}: ${error.message} Correct the file or remove it.`,
      { file, field },
      error,
    );
  }
}

/** The media at the request's size; a picture of another size is scaled because the request asked for that size. */
export function fitMedia({ source, mask }: RunMedia, { size }: ResolvedRequest): RunMedia {
  return {
    ...(source === undefined ? {} : { source: resample(source, size.width, size.height) }),
    ...(mask === undefined ? {} : { mask: resample(mask, size.width, size.height) }),
  };
}
