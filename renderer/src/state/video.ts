import type { HistoryEntry, MediaInfo, MethodDescription, ParamValue } from '../../../contract/index.ts';
import { boxOf, maskOf } from '../video/editbox.ts';
import { pixelsOf } from '../video/frames.ts';
import { call, sentenceOf, tryCall } from './connection.ts';
import type { ClipEdit, VideoDraft } from './document.ts';
import { change, documentNow, show } from './editor.ts';
import { forgetMine, isMine, rememberMine } from './mine.ts';
import { setByHand } from './request.ts';
import { randomSeed } from './runs.ts';
import { notify, useSession } from './session.ts';
import {
  changesClip,
  editOf,
  missingForVideo,
  partOf,
  videoFrom,
  videoMethodOf,
  videoMethodsOf,
  videoModelOf,
  videoRequest,
} from './videorequest.ts';

/** Changes fields of the video as one step of undo. */
export function changeVideo(label: string, after: Partial<VideoDraft>): void {
  change(`video.${label}`, { video: { ...documentNow().video, ...after } });
}

/** Sets a control of a method by hand. */
export function changeVideoParam(method: MethodDescription, name: string, value: ParamValue): void {
  const { params } = documentNow().video;
  changeVideo(name, { params: { ...params, [method.id]: { ...setByHand(params, method), [name]: value } } });
}

/** Changes fields of the clip that is edited as one step of undo. */
export function changeEdit(label: string, after: Partial<ClipEdit>): void {
  changeVideo(label, { edit: { ...editOf(documentNow().video), ...after } });
}

/** Makes the video again with other noise for one of its prompts. */
export async function remakeClip(at: number): Promise<void> {
  const { clips } = documentNow().video;
  const seed = randomSeed();
  // The rest keeps its noise, whatever the switch for new runs says.
  changeVideo('remake', {
    clips: clips.map((clip, place) => (place === at ? { ...clip, seed } : clip)),
    isSeedLocked: true,
  });
  await submitVideo();
}

let isSubmitting = false;

/** Puts the video into the queue; one that is on its way there is not put in twice. */
export async function submitVideo(): Promise<void> {
  const { methods, models } = useSession.getState();
  const draft = documentNow().video;
  const [method, model] = [videoMethodOf(draft, methods), videoModelOf(draft, models)];
  if (method === undefined || model === undefined || isSubmitting) return;
  if (missingForVideo(draft, method) !== undefined) return;
  isSubmitting = true;
  try {
    if (!draft.isSeedLocked)
      changeVideo('seed', { seed: randomSeed(), clips: draft.clips.map(({ seed: _, ...clip }) => clip) });
    const request = videoRequest(documentNow().video, method, model);
    const source = changesClip(method) ? await storedPart(editOf(draft)) : undefined;
    const mask = changesClip(method) && method.inputs.mask !== undefined ? await storedBox(editOf(draft)) : undefined;
    const { job } = await call('jobs.submit', {
      request: { ...request, ...(source && { source: source.ref }), ...(mask && { mask: mask.ref }) },
    });
    rememberMine(job, null);
  } catch (error) {
    notify('error', sentenceOf(error));
  } finally {
    isSubmitting = false;
  }
}

/** The edited part of a longer clip as a clip of its own; undefined where it is the whole. */
async function storedPart(edit: ClipEdit): Promise<MediaInfo | undefined> {
  const { source } = edit;
  const { start, frames } = partOf(edit);
  if (source === null || frames === source.frames) return undefined;
  const name = `${source.ref.name.replace(/\.[^.]*$/, '')}-${start + 1}.webp`;
  return call('media.putFrames', { name, frames: [...(await pixelsOf(source, start, frames))], fps: source.fps ?? 8 });
}

/** The box that may change as a mask; undefined where all may. */
async function storedBox({ source, box }: ClipEdit): Promise<MediaInfo | undefined> {
  if (source === null || box === undefined) return undefined;
  return call('media.putPixels', { name: 'box.png', pixels: maskOf(box, source.width, source.height) });
}

/** Plays a result, or none: no step of undo. */
export function showVideo(shown: string | null): void {
  show({ video: { ...documentNow().video, shown } });
}

/** Shows a video that this window asked for. */
export function showVideoIfMine(entry: HistoryEntry): void {
  if (!isMine(entry.id)) return;
  forgetMine(entry.id);
  for (const warning of entry.warnings) notify('warning', warning);
  showVideo(entry.id);
}

/** Shows a video and brings back everything that it was made with. */
export async function recallVideo(entry: HistoryEntry): Promise<void> {
  const { source, mask, startFrame = 0, frames, sourcePrompt = '', prompt } = entry.request;
  const [info, masked] = await Promise.all(
    [source, mask].map((ref) => (ref === undefined ? undefined : tryCall('media.info', { ref }))),
  );
  const box = masked === undefined ? undefined : await boxIn(masked);
  changeVideo('recall', {
    ...videoFrom(entry.request),
    ...(source !== undefined && {
      edit: { source: info ?? null, start: startFrame, frames, sourcePrompt, prompt, box },
    }),
    shown: entry.id,
  });
}

/** The box of a stored mask; says where it cannot be read, since the rest of a video comes back without it. */
async function boxIn(mask: MediaInfo): Promise<ClipEdit['box']> {
  try {
    const [pixels] = await pixelsOf(mask, 0, 1);
    return pixels && boxOf(pixels);
  } catch (error) {
    notify('error', sentenceOf(error));
    return undefined;
  }
}

/** Takes a clip to edit. */
export function editClip(source: MediaInfo, sourcePrompt = ''): void {
  const { methods } = useSession.getState();
  const chosen = videoMethodOf(documentNow().video, methods);
  // A method that changes clips stays chosen.
  const method = chosen !== undefined && changesClip(chosen) ? chosen : videoMethodsOf(methods).find(changesClip);
  if (method === undefined) return;
  const before = editOf(documentNow().video);
  changeVideo('clip', {
    method: method.id,
    edit: {
      ...before,
      source,
      start: 0,
      frames: undefined,
      box: undefined,
      ...(sourcePrompt !== '' && { sourcePrompt }),
    },
    steps: null,
    guidance: null,
    shown: null,
  });
}
