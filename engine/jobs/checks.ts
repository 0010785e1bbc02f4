import {
  EditRequest,
  type MethodDescription,
  type MethodInput,
  presentMethodId,
  presentParams,
} from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { methods } from '../methods/registry.ts';
import type { Model } from '../model/model.ts';
import type { MediaSizes } from './media.ts';

/** The request as it is run: checked against the contract, former ids and names replaced. Throws 'request-invalid' naming the field. */
export function checkRequest(request: EditRequest): EditRequest {
  const read = EditRequest.safeParse(request);
  if (read.success) {
    const { method, params } = read.data;
    return { ...read.data, method: presentMethodId(method), ...(params && { params: presentParams(params) }) };
  }
  const [issue] = read.error.issues;
  const [first, second] = issue?.path ?? [];
  const field = String((first === 'params' ? second : undefined) ?? first ?? 'request');
  const place = issue?.path.join('.') || field;
  throw new AttuneError('request-invalid', `The request cannot be used, ${place}: ${issue?.message ?? 'malformed'}.`, {
    field,
  });
}

/** What an input is for. */
const INPUTS: Readonly<Record<Exclude<MethodInput, 'prompt'>, string>> = {
  source: 'a picture or clip to edit',
  mask: 'a mask, white where the picture may change',
  segments: 'prompts one after the other',
  sourcePrompt: 'a prompt that says what the source shows',
  negative: 'a negative prompt',
};

/** Refuses what the method cannot use, and asks for what it needs; an empty prompt is a prompt. */
export function checkInputs(description: MethodDescription, request: EditRequest, media: MediaSizes): void {
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
      const takers = methods.filter((method) => method.description.inputs[name] !== undefined);
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
  if (request.segments !== undefined && request.prompt.trim() !== '')
    throw new AttuneError(
      'request-invalid',
      'A video has either one prompt or prompts one after the other, not both.',
      { field: 'segments' },
    );
  checkRegion(request, media);
  if (media.source === undefined && request.startFrame !== undefined)
    throw new AttuneError('request-invalid', 'Only a clip has a first frame to edit: name the clip, or leave it out.', {
      field: 'startFrame',
    });
}

/** A region is a part of a source, and is worked on at one size. */
function checkRegion({ region, megapixels, size }: EditRequest, { source }: MediaSizes): void {
  const field = region !== undefined ? 'region' : 'megapixels';
  if (source === undefined && (region ?? megapixels) !== undefined)
    throw new AttuneError(
      'request-invalid',
      'A region is a part of the picture that is edited, and there is none: give a picture, or leave the region and its megapixels out.',
      { field },
    );
  if (size !== undefined && megapixels !== undefined)
    throw new AttuneError(
      'request-invalid',
      'The size and the megapixels both say at which size the region is worked on: leave one of them out.',
      { field: 'megapixels' },
    );
}

/** Refuses a method or a source that does not go with what the checkpoint makes. */
export function checkKind(
  { id, makes }: MethodDescription,
  { source }: MediaSizes,
  model: Pick<Model, 'name' | 'makes'>,
): void {
  if (!makes.includes(model.makes)) {
    const others = methods.filter((method) => method.description.makes.includes(model.makes));
    throw new AttuneError(
      'request-invalid',
      `The method ${id} makes ${makes.join('s and ')}s, and ${model.name} makes ${model.makes}s. Choose another checkpoint, or one of ${others.map(({ description }) => description.id).join(', ')}.`,
      { field: 'method' },
    );
  }
  if (model.makes === 'picture' && (source?.frames ?? 1) > 1)
    throw new AttuneError(
      'request-invalid',
      `${model.name} edits pictures, and the source is a clip of ${source?.frames} frames. Choose a checkpoint that makes videos.`,
      { field: 'source' },
    );
}
