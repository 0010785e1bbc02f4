import type { EditRequest, MethodDescription, ParamValue, ResolvedRequest } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { type JobShape, type MemoryPlan, planMemory } from '../denoise/memory.ts';
import { windowFrames } from '../denoise/passes.ts';
import { type LatentSize, latentSizeOf } from '../latents/size.ts';
import { framesWished } from '../methods/frames.ts';
import type { Method } from '../methods/method.ts';
import type { Timeline } from '../methods/outcome.ts';
import { resolveParams } from '../methods/params.ts';
import { methodOf } from '../methods/registry.ts';
import type { Model } from '../model/model.ts';
import { checkInputs, checkKind, checkRequest } from './checks.ts';
import type { MediaSizes, SourceSize } from './media.ts';
import { placementOf } from './region.ts';
import { type UnreadInput, unreadInputs } from './unread.ts';

/** A request with nothing left open, and what it will make and take. */
export interface JobPlan {
  readonly request: ResolvedRequest;
  /** What is made, in pixels and frames. */
  readonly size: LatentSize;
  readonly memory: MemoryPlan;
  /** Inputs that were given and that change nothing. */
  readonly unread: readonly UnreadInput[];
  /** How a video of several prompts divides. */
  readonly timeline?: Timeline;
}

/** A checked request with its method; no checkpoint is opened for it. */
export interface CheckedJob {
  readonly request: EditRequest;
  readonly method: Method;
}

/** What can be told without a checkpoint. Throws 'request-invalid' naming the field. */
export function checkJob(asked: EditRequest, media: MediaSizes): CheckedJob {
  const request = checkRequest(asked);
  const method = methodOf(request.method);
  checkInputs(method.description, request, media);
  return { request, method };
}

/**
 * The one place where a request meets a checkpoint: values that were left open, lengths, windows, memory.
 * Throws 'request-invalid' naming the field, 'checkpoint-malformed' where the checkpoint's own values cannot be used.
 * @param inMemoryBytes bytes beyond which a latent waits on a disk; undefined: there is none
 */
export function planJob(
  { request, method }: CheckedJob,
  media: MediaSizes,
  model: Model,
  inMemoryBytes: number | undefined,
): JobPlan {
  checkKind(method.description, media, model);
  const resolved = resolveRequest(method.description, request, media, model);
  const size =
    method.size?.(model, resolved) ?? latentSizeOf(model, { ...resolved.size, frames: framesWished(resolved, model) });
  const {
    rows,
    window,
    searchRows = 0,
    encodes = false,
    routed = false,
    streams = false,
  } = method.requirements(model, resolved, media.mask !== undefined);
  const shape: JobShape = {
    size,
    window: window ?? Math.min(size.totalFrames, windowFrames(model, size)),
    rows,
    searchRows,
    encodes,
    mapColumns: mapColumns(resolved),
    routed,
    streams,
    inMemoryBytes,
  };
  const timeline = method.timeline?.(model, resolved);
  return {
    request: resolved,
    size,
    memory: planMemory(model, shape),
    unread: unreadInputs(method, model, resolved),
    ...(timeline === undefined ? {} : { timeline }),
  };
}

/** Value columns read out where maps are asked for: the words of a prompt, and the whole text. */
const mapColumns = ({ maps, prompt }: Pick<ResolvedRequest, 'maps' | 'prompt'>) =>
  maps === true ? 1 + (prompt.match(/[\p{L}\p{N}]+/gu)?.length ?? 0) : 0;

/** The request with the checkpoint's and the method's own values for what it leaves open. */
function resolveRequest(
  description: MethodDescription,
  request: EditRequest,
  media: MediaSizes,
  model: Model,
): ResolvedRequest {
  const { region: _region, megapixels: _megapixels, ...rest } = request;
  const { steps, guidance, params } = defaultsOf(description, model);
  return {
    ...rest,
    ...placementOf(request, media, model),
    params: resolveParams(applicableTo(description, model), { ...params, ...request.params }),
    steps: request.steps ?? steps,
    guidance: request.guidance ?? guidance,
    ...lengthOf(request, media.source, model),
  };
}

/** What a method takes on a checkpoint where a request says nothing. */
export type MethodDefaults = Pick<ResolvedRequest, 'steps' | 'guidance' | 'params'>;

/** The checkpoint's own values for the method, else the method's, else the checkpoint's for all. Throws 'checkpoint-malformed'. */
export function defaultsOf(description: MethodDescription, model: Model): MethodDefaults {
  const { id } = description;
  const { defaults } = model;
  const applicable = applicableTo(description, model);
  return {
    steps: defaults.methodSteps[id] ?? description.defaults.steps ?? defaults.steps,
    guidance: defaults.methodGuidance[id] ?? description.defaults.guidance ?? defaults.guidance,
    params: resolveParams(applicable, ownParams(applicable, model)),
  };
}

/** The method with the parameters that count for what the checkpoint makes. */
const applicableTo = (description: MethodDescription, { makes }: Pick<Model, 'makes'>): MethodDescription => ({
  ...description,
  params: description.params.filter(({ only }) => only === undefined || only === makes),
});

/** Frames and their rate; nothing of a picture. Several prompts say their lengths themselves. */
function lengthOf(
  { frames: asked, fps, segments, startFrame = 0 }: EditRequest,
  source: SourceSize | undefined,
  { name, makes, defaults }: Model,
): Pick<ResolvedRequest, 'frames' | 'fps'> {
  if (makes === 'picture') {
    if ((asked ?? 1) === 1) return {};
    throw new AttuneError('request-invalid', `${name} makes pictures, and ${asked} frames were asked for.`, {
      field: 'frames',
    });
  }
  const there = source && (source.frames ?? 1) - startFrame;
  if (there !== undefined && there < 1)
    throw new AttuneError(
      'request-invalid',
      `The clip has ${source?.frames ?? 1} frames, and the first one to edit is beyond them. Begin earlier.`,
      { field: 'startFrame' },
    );
  if (there !== undefined && asked !== undefined && there < asked)
    throw new AttuneError(
      'request-invalid',
      `The clip has ${there} frames${startFrame === 0 ? '' : ' from there on'} and ${asked} were asked for. Ask for fewer frames.`,
      { field: 'frames' },
    );
  const rate = fps ?? source?.fps ?? defaults.fps;
  return {
    ...(segments === undefined ? { frames: asked ?? there ?? defaults.frames } : {}),
    ...(rate === undefined ? {} : { fps: rate }),
  };
}

/** The checkpoint's own values, which are the fault of its file where the method cannot take them. */
function ownParams(
  description: Pick<MethodDescription, 'id' | 'params'>,
  { defaults, folder }: Pick<Model, 'defaults' | 'folder'>,
): Readonly<Record<string, ParamValue>> {
  const params = defaults.params[description.id] ?? {};
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
