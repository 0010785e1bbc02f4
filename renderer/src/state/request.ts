import type { EditRequest, MediaRef, MethodDescription, ModelInfo, ParamValue } from '../../../contract/index.ts';
import type { Document } from './document.ts';

/** The values a run takes for what was not set by hand: the model's own for the method, else the method's. */
export function defaultsFor(
  method: MethodDescription,
  model: ModelInfo | undefined,
): {
  readonly steps: number;
  readonly guidance: number;
  readonly params: Readonly<Record<string, ParamValue>>;
} {
  const own = model?.defaults;
  return {
    steps: own?.methodSteps[method.id] ?? method.defaults.steps ?? own?.steps ?? 28,
    guidance: own?.methodGuidance[method.id] ?? method.defaults.guidance ?? own?.guidance ?? 4,
    params: {
      ...Object.fromEntries(method.params.map(({ name, default: value }) => [name, value])),
      ...own?.params[method.id],
    },
  };
}

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
  const { source, checkpoint, prompt, sourcePrompt, negative, steps, guidance, seed } = document;
  const params = document.params[method.id];
  return {
    method: method.id,
    checkpoint,
    prompt,
    seed,
    maps: true,
    ...(inputs.source !== undefined && source !== null && { source: source.ref }),
    ...(inputs.mask !== undefined && mask !== undefined && { mask }),
    ...(inputs.sourcePrompt !== undefined && sourcePrompt.trim() !== '' && { sourcePrompt }),
    ...(inputs.negative !== undefined && negative.trim() !== '' && { negative }),
    ...(params !== undefined && Object.keys(params).length > 0 && { params: { ...params } }),
    ...(steps !== null && { steps }),
    ...(guidance !== null && { guidance }),
  };
}

type Loose<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/** The document's fields that a request sets: for bringing a result's or another tool's settings back. */
export function documentFrom(request: Loose<EditRequest>): Partial<Document> {
  const { method, checkpoint, prompt, sourcePrompt, negative, steps, guidance, seed, params } = request;
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
