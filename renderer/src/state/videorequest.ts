import {
  type EditRequest,
  type MethodDescription,
  type ModelInfo,
  type PromptSegment,
  presentMethodId,
} from '../../../contract/index.ts';
import type { ClipEdit, TimedClip, VideoDraft } from './document.ts';
import { setByHand } from './request.ts';

/** What a draft of a video asks for: read from it alone, nothing is changed here. */

const NO_EDIT: ClipEdit = { source: null, start: 0, sourcePrompt: '', prompt: '' };

export const editOf = ({ edit }: VideoDraft): ClipEdit => edit ?? NO_EDIT;

/** Whether a method changes a clip, instead of making one from the prompts on the timeline. */
export const changesClip = ({ inputs }: MethodDescription): boolean => inputs.source !== undefined;

/** What can be done with videos here. A single prompt is a timeline of one. */
export const videoMethodsOf = (methods: readonly MethodDescription[]): readonly MethodDescription[] =>
  methods.filter(({ makes, inputs }) => makes.includes('video') && (inputs.segments ?? inputs.source) !== undefined);

/** The chosen method, or the one of the timeline. */
export function videoMethodOf(
  { method }: VideoDraft,
  methods: readonly MethodDescription[],
): MethodDescription | undefined {
  const able = videoMethodsOf(methods);
  return (
    able.find(({ id }) => method !== undefined && id === presentMethodId(method)) ??
    able.find(({ inputs }) => inputs.segments !== undefined)
  );
}

/** The model that is chosen, or the first one of videos there is. */
export function videoModelOf({ checkpoint }: VideoDraft, models: readonly ModelInfo[]): ModelInfo | undefined {
  const able = models.filter(({ makes }) => makes === 'video');
  return able.find(({ ref }) => ref === checkpoint) ?? able[0];
}

let lastId = 0;
export const newClip = (prompt: string, frames: number): TimedClip => {
  lastId += 1;
  return { id: `clip-${Date.now().toString(36)}-${lastId}`, prompt, frames };
};

/** The frames of a clip that are edited; none without a clip. */
export function partOf({ source, start, frames }: ClipEdit): { start: number; frames: number } {
  const total = source?.frames ?? 0;
  const first = Math.max(0, Math.min(start, total - 1));
  return { start: first, frames: Math.min(frames ?? total, total - first) };
}

/** What is missing before a run: the key of a sentence, or undefined. */
export function missingForVideo(draft: VideoDraft, method: MethodDescription) {
  if (!changesClip(method))
    return draft.clips.every(({ prompt }) => prompt.trim() !== '') ? undefined : ('video.missingPrompt' as const);
  const { source, sourcePrompt, prompt, box } = editOf(draft);
  if (source === null) return 'video.missingClip' as const;
  if (method.inputs.mask === 'required' && box === undefined) return 'video.missingBox' as const;
  if (method.inputs.sourcePrompt === 'required' && sourcePrompt.trim() === '')
    return 'video.missingSourcePrompt' as const;
  return prompt.trim() === '' ? ('missing.prompt' as const) : undefined;
}

/** The request of a draft: only what the method uses, only the values that were set by hand. */
export function videoRequest(draft: VideoDraft, method: MethodDescription, model: ModelInfo): EditRequest {
  const { clips, negative, steps, guidance, seed } = draft;
  const params = setByHand(draft.params, method);
  const edit = editOf(draft);
  return {
    method: method.id,
    checkpoint: model.ref,
    ...(changesClip(method)
      ? {
          prompt: edit.prompt,
          ...(method.inputs.sourcePrompt !== undefined && { sourcePrompt: edit.sourcePrompt }),
          frames: Math.max(1, partOf(edit).frames),
          ...(edit.source !== null && { source: edit.source.ref }),
        }
      : {
          prompt: '',
          segments: clips.map(({ prompt, frames, seed: own }) => ({
            prompt,
            frames,
            ...(own !== undefined && { seed: own }),
          })),
        }),
    seed,
    maps: true,
    ...(method.inputs.negative !== undefined && negative.trim() !== '' && { negative }),
    ...(Object.keys(params).length > 0 && { params: { ...params } }),
    ...(steps !== null && { steps }),
    ...(guidance !== null && { guidance }),
  };
}

type Loose<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

/** The draft's fields that a request sets. */
export function videoFrom(request: Loose<EditRequest>): Partial<VideoDraft> {
  const { method, checkpoint, segments, prompt = '', frames, negative, params, steps, guidance, seed } = request;
  const parts: readonly PromptSegment[] = segments ?? [{ prompt, ...(frames !== undefined && { frames }) }];
  return {
    ...(method !== undefined && { method, params: { [presentMethodId(method)]: params ?? {} } }),
    ...(checkpoint !== undefined && { checkpoint }),
    ...(request.source === undefined && {
      clips: parts.map(({ prompt: text, frames: length, seed: own }) => ({
        ...newClip(text, length ?? 1),
        ...(own !== undefined && { seed: own }),
      })),
    }),
    negative: negative ?? '',
    steps: steps ?? null,
    guidance: guidance ?? null,
    ...(seed !== undefined && { seed }),
    isSeedLocked: true,
  };
}

/** Prompts of a video as one line, for titles. */
export const titleOf = ({ prompt, segments }: EditRequest): string =>
  segments === undefined ? prompt : segments.map((segment) => segment.prompt).join(' | ');
