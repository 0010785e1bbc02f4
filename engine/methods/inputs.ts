import type { ResolvedRequest } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { type Conditioning, encodePrompt } from '../pipeline/condition.ts';
import type { Model } from '../pipeline/model.ts';
import { type WatchedBranch, watchWords } from '../pipeline/wordmaps.ts';
import type { Pixels } from '../ports.ts';
import { firstActiveStep } from '../sampling/pairedloop.ts';
import type { MethodContext } from './method.ts';

export function requireSource({ source, request }: MethodContext): Pixels {
  if (source !== undefined) return source;
  throw new AttuneError('request-invalid', `The method ${request.method} needs a picture to edit.`, {
    field: 'source',
  });
}

export function requireMask({ mask, request }: MethodContext): Pixels {
  if (mask !== undefined) return mask;
  throw new AttuneError(
    'request-invalid',
    `The method ${request.method} needs a mask: white where the picture may change.`,
    { field: 'mask' },
  );
}

/** The prompts of an edit: what the source shows, what the result shows, what it should not show. */
export async function editedPrompts(
  model: Model,
  request: ResolvedRequest,
): Promise<{ readonly source: Conditioning; readonly target: Conditioning; readonly negative: Conditioning }> {
  if (request.sourcePrompt === undefined)
    throw new AttuneError(
      'request-invalid',
      `The method ${request.method} needs a prompt that says what the source shows (--from).`,
      {
        field: 'sourcePrompt',
      },
    );
  return {
    source: await encodePrompt(model, request.sourcePrompt),
    target: await encodePrompt(model, request.prompt),
    negative: await encodePrompt(model, request.negative ?? ''),
  };
}

/** The words of the result's prompt as branches watch them, where the request asks for maps. */
export async function watchTarget(
  model: Model,
  request: ResolvedRequest,
  target: Conditioning,
): Promise<{ readonly watched?: readonly WatchedBranch[] }> {
  return request.maps === true ? { watched: [await watchWords(model, 'target', target, encodePrompt)] } : {};
}

/** First step that runs when a share 0..1 of the steps is active; one step at least. */
export function startOf(strength: number, steps: number): number {
  return firstActiveStep(steps, Math.max(1, Math.round(strength * steps)));
}
