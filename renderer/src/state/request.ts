import {
  type EditRequest,
  type MediaRef,
  type MethodDescription,
  type ModelInfo,
  type ParamSchema,
  type ParamValue,
  presentMethodId,
  presentParams,
} from '../../../contract/index.ts';
import type { Document } from './document.ts';

type Defaults = NonNullable<ModelInfo['defaults']>['methods'][string];

/** The values a run takes for what was not set by hand; undefined where the model does not run the method. */
export const defaultsFor = (method: MethodDescription, model: ModelInfo | undefined): Defaults | undefined =>
  model?.defaults?.methods[method.id];

/** The controls that count for what the model makes. */
export const controlsFor = (method: MethodDescription, defaults: Defaults): readonly ParamSchema[] =>
  method.params.filter(({ name }) => name in defaults.params);

type Values = Readonly<Record<string, ParamValue>>;

/** What was set by hand for a method, under former ids and names too. */
export const setByHand = (params: Readonly<Record<string, Values>>, { id }: MethodDescription): Values =>
  presentParams(params[id] ?? Object.entries(params).find(([key]) => presentMethodId(key) === id)?.[1] ?? {});

/** As `params` with nothing set by hand for the method. */
export const withoutMethod = (params: Readonly<Record<string, Values>>, id: string): Readonly<Record<string, Values>> =>
  Object.fromEntries(Object.entries(params).filter(([key]) => presentMethodId(key) !== id));

/** What is still missing before a run: a sentence, or undefined. */
export function missingFor(
  document: Document,
  method: MethodDescription | undefined,
  hasMask: boolean,
): string | undefined {
  if (method === undefined) return 'missing.method';
  const { inputs } = method;
  if (inputs.source === 'required' && document.source === null) return 'missing.source';
  if (inputs.mask === 'required' && !hasMask) return 'missing.mask';
  if (document.prompt.trim() === '') return 'missing.prompt';
  if (inputs.sourcePrompt === 'required' && document.sourcePrompt.trim() === '') return 'missing.sourcePrompt';
  return undefined;
}

/** The request of a document: only the inputs that the method uses, only the values that were set by hand. */
export function requestOf(document: Document, method: MethodDescription, mask: MediaRef | undefined): EditRequest {
  const { inputs } = method;
  const { source, region, checkpoint, prompt, sourcePrompt, negative, steps, guidance, seed } = document;
  const params = setByHand(document.params, method);
  return {
    method: method.id,
    checkpoint,
    prompt,
    seed,
    maps: true,
    ...(inputs.source !== undefined && source !== null && { source: source.ref, ...(region && { region }) }),
    ...(inputs.mask !== undefined && mask !== undefined && { mask }),
    ...(inputs.sourcePrompt !== undefined && sourcePrompt.trim() !== '' && { sourcePrompt }),
    ...(inputs.negative !== undefined && negative.trim() !== '' && { negative }),
    ...(Object.keys(params).length > 0 && { params: { ...params } }),
    ...(steps !== null && { steps }),
    ...(guidance !== null && { guidance }),
  };
}

type Loose<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/**
 * All of the document's settings as a request has them: what it leaves open is open, nothing of what was there before stays, but for
 * controls of other methods. A request without a method is another tool's: its prompt says what the opened picture shows.
 */
export function restoredFrom(request: Loose<EditRequest>, { params, method: now }: Document): Partial<Document> {
  const method = request.method === undefined ? now : presentMethodId(request.method);
  return {
    ...documentFrom(request),
    sourcePrompt: request.sourcePrompt ?? (request.method === undefined ? (request.prompt ?? '') : ''),
    negative: request.negative ?? '',
    steps: request.steps ?? null,
    guidance: request.guidance ?? null,
    region: typeof request.region === 'object' ? request.region : null,
    params: { ...params, [method]: request.params ?? {} },
  };
}

/** The document's fields that a request sets. */
export function documentFrom(request: Loose<EditRequest>): Partial<Document> {
  const { checkpoint, prompt, sourcePrompt, negative, steps, guidance, seed, params } = request;
  const method = request.method === undefined ? undefined : presentMethodId(request.method);
  return {
    ...(method !== undefined && { method }),
    ...(checkpoint !== undefined && { checkpoint }),
    ...(prompt !== undefined && { prompt }),
    ...(sourcePrompt !== undefined && { sourcePrompt }),
    ...(negative !== undefined && { negative }),
    ...(steps !== undefined && { steps }),
    ...(guidance !== undefined && { guidance }),
    ...(seed !== undefined && { seed }),
    ...(method !== undefined && params !== undefined && { params: { [method]: params } }),
  };
}
