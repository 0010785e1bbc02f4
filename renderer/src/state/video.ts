import type { EditRequest, HistoryEntry, MethodDescription, ModelInfo } from '../../../contract/index.ts';
import { type Division, defaultOverlap } from '../video/layout.ts';
import { call } from './connection.ts';
import type { TimedClip, VideoDraft } from './document.ts';
import { change, documentNow } from './editor.ts';
import { randomSeed } from './runs.ts';
import { notify, useSession } from './session.ts';

/** The method of the timeline, and the one of a single prompt that is no longer than what the model makes at once. */
export const TIMELINE_METHOD = 'ditctrl';

/** Changes fields of the video as one step of undo. */
export function changeVideo(label: string, after: Partial<VideoDraft>): void {
  change(`video.${label}`, { video: { ...documentNow().video, ...after } });
}

/** How the timeline divides with a model: in frames, of which a model that codes several together has as many more. */
export function divisionOf({ params }: VideoDraft, model: ModelInfo | undefined): Division {
  const tile = model?.clip?.frames ?? 9;
  const isCut = params.joining === 'cut';
  const overlap = Number(params.overlap ?? 0);
  const transitions = Number(params.transitions ?? 1);
  return {
    tile,
    overlap: isCut ? 0 : Math.min(tile - 1, overlap === 0 ? defaultOverlap(tile) : overlap),
    transitions: isCut ? 0 : transitions,
  };
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

/** The request of a timeline: only the values that were set by hand. */
function videoRequest(
  { clips, negative, params, steps, guidance, seed }: VideoDraft,
  { id, inputs }: MethodDescription,
  { ref }: ModelInfo,
): EditRequest {
  return {
    method: id,
    checkpoint: ref,
    prompt: '',
    segments: clips.map(({ prompt, frames }) => ({ prompt, frames })),
    seed,
    maps: true,
    ...(inputs.negative !== undefined && negative.trim() !== '' && { negative }),
    ...(Object.keys(params).length > 0 && { params: { ...params } }),
    ...(steps !== null && { steps }),
    ...(guidance !== null && { guidance }),
  };
}

/** Jobs of this window whose video is shown when it comes. */
const mine = new Set<string>();

/** Puts the timeline into the queue. */
export async function submitVideo(): Promise<void> {
  const { methods, models } = useSession.getState();
  const draft = documentNow().video;
  const method = methods.find(({ id }) => id === TIMELINE_METHOD);
  const model = videoModelOf(draft, models);
  if (method === undefined || model === undefined) return;
  try {
    if (!draft.isSeedLocked) changeVideo('seed', { seed: randomSeed() });
    const { job } = await call('jobs.submit', { request: videoRequest(documentNow().video, method, model) });
    mine.add(job);
  } catch (error) {
    notify('error', error instanceof Error ? error.message : String(error));
  }
}

/** Shows a video that this window asked for. */
export function showVideoIfMine(entry: HistoryEntry): void {
  if (!mine.delete(entry.id)) return;
  for (const warning of entry.warnings) notify('warning', warning);
  changeVideo('result', { shown: entry.id });
}

/** Shows a video and brings back everything that it was made with. */
export function recallVideo(entry: HistoryEntry): void {
  const { checkpoint, segments, prompt, frames, negative, params, steps, guidance, seed } = entry.request;
  const parts = segments ?? [{ prompt, ...(frames !== undefined && { frames }) }];
  changeVideo('recall', {
    checkpoint,
    clips: parts.map((part) => newClip(part.prompt, part.frames ?? 1)),
    negative: negative ?? '',
    params: params ?? {},
    steps: steps ?? null,
    guidance: guidance ?? null,
    seed,
    isSeedLocked: true,
    shown: entry.id,
  });
}

/** Prompts of a video as one line, for titles. */
export const titleOf = ({ prompt, segments }: EditRequest): string =>
  segments === undefined ? prompt : segments.map((segment) => segment.prompt).join(' | ');
