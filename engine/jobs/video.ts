import type { EditRecord, EditRequest, ResolvedRequest, Size } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { paste } from '../media/paste.ts';
import { checkMask } from '../media/pixels.ts';
import { resample } from '../media/resample.ts';
import type { FrameMap, VideoMethod } from '../methods/videomethod.ts';
import type { MemoryPlan } from '../pipeline/memory.ts';
import type { Progress } from '../pipeline/progress.ts';
import { decodeFrames } from '../pipeline/videocodec.ts';
import { planVideoMemory } from '../pipeline/videomemory.ts';
import type { VideoModel } from '../pipeline/videomodel.ts';
import type { OpenSpool } from '../pipeline/videotiles.ts';
import type { Pixels } from '../ports.ts';
import { mapColumns } from './estimate.ts';
import { resolveFor } from './inputs.ts';

export interface VideoMedia {
  /** Frames of the clip to edit, RGB, all of one size, and how many are shown a second. */
  readonly source?: { readonly frames: readonly Pixels[]; readonly fps: number };
  /** One channel, white = may change, of the clip's size; holds for every frame. */
  readonly mask?: Pixels;
}

/** What of a clip is known before its pixels are needed. */
export interface ClipSize {
  readonly size: Size;
  readonly frames: number;
  readonly fps: number;
}

export function sizesOfClip({ source }: VideoMedia): ClipSize | undefined {
  const [first] = source?.frames ?? [];
  if (source === undefined || first === undefined) return undefined;
  return { size: { width: first.width, height: first.height }, frames: source.frames.length, fps: source.fps };
}

/** A video has one prompt or several, not both. Throws 'request-invalid'. */
export function checkPrompts({ prompt, segments }: EditRequest): void {
  if (segments !== undefined && prompt.trim() !== '')
    throw new AttuneError(
      'request-invalid',
      'A video has either one prompt or prompts one after the other (segments), not both.',
      {
        field: 'segments',
      },
    );
}

export interface VideoSink {
  /** Told before the run what will come; an error thrown here refuses it. */
  readonly onBegin?: (shape: { readonly size: Size; readonly frames: number; readonly fps: number }) => void;
  /** Takes the frames in order, from 0; the next one is decoded when it has resolved. */
  readonly onFrame: (frame: Pixels, index: number) => Promise<void> | void;
}

export interface VideoResult {
  readonly size: Size;
  readonly frames: number;
  readonly fps: number;
  /** Where each word is in each latent frame. */
  readonly maps: readonly FrameMap[];
  readonly record: EditRecord;
  readonly figures: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
}

/** The request with the values of method and checkpoint for what it leaves open. */
export function resolveVideo(
  method: VideoMethod,
  request: EditRequest,
  source: ClipSize | undefined,
  model: Pick<VideoModel, 'defaults' | 'folder'>,
): ResolvedRequest {
  const { width, height, frames } = model.defaults;
  const resolved = resolveFor(method, request, source?.size ?? { width, height }, model);
  if (source === undefined && request.startFrame !== undefined)
    throw new AttuneError(
      'request-invalid',
      'Only a clip has a first frame to edit (startFrame): name the clip, or leave it out.',
      { field: 'startFrame' },
    );
  const rest = source && source.frames - (request.startFrame ?? 0);
  if (rest !== undefined && rest < 1)
    throw new AttuneError(
      'request-invalid',
      `The clip has ${source?.frames} frames, and the first one to edit is beyond them. Begin earlier (--start-frame).`,
      { field: 'startFrame' },
    );
  const length = request.segments === undefined ? (request.frames ?? rest ?? frames) : undefined;
  return {
    ...resolved,
    ...(length === undefined ? {} : { frames: length }),
    fps: request.fps ?? source?.fps ?? model.defaults.fps,
  };
}

export function planVideo(
  method: VideoMethod,
  request: ResolvedRequest,
  encodes: boolean,
  model: VideoModel,
  heldBytes: number | undefined,
): { readonly memory: MemoryPlan; readonly frames: number } {
  const { canvas, rows, window, routed = false, streams = false } = method.demand(request, model);
  const shape = { canvas, rows, window, encodes, mapColumns: mapColumns(request), routed, streams, heldBytes };
  return { memory: planVideoMemory(model, shape), frames: canvas.frames };
}

/** The clip and the mask at the request's size. Throws 'request-invalid' or 'media-invalid'. */
export function fitClip(
  { source, mask }: VideoMedia,
  { size, frames = 1, startFrame: start = 0 }: ResolvedRequest,
): { readonly source?: readonly Pixels[]; readonly mask?: Pixels } {
  const [first] = source?.frames ?? [];
  if (mask !== undefined && first !== undefined) checkMask(mask, first);
  const there = source && source.frames.length - start;
  if (there !== undefined && there < frames)
    throw new AttuneError(
      'request-invalid',
      `The clip has ${there} frames${start === 0 ? '' : ' from there on'} and ${frames} were asked for. Ask for fewer (--frames).`,
      { field: 'frames' },
    );
  return {
    ...(source === undefined
      ? {}
      : {
          source: source.frames.slice(start, start + frames).map((frame) => resample(frame, size.width, size.height)),
        }),
    ...(mask === undefined ? {} : { mask: resample(mask, size.width, size.height) }),
  };
}

/** Feather of the lock's edge, in pixels, as for pictures. */
const FEATHER_PX = 4;

interface Delivery {
  readonly model: VideoModel;
  readonly outcome: Awaited<ReturnType<VideoMethod['run']>>;
  readonly source: readonly Pixels[] | undefined;
  readonly sink: VideoSink;
  /** Opens where pieces of large frames wait; in memory unless given. */
  readonly openSpool: OpenSpool | undefined;
  readonly progress: Progress;
}

/**
 * Decodes the frames one after the other into the sink, each with the source pasted back outside its mask. Returns how many pixels changed
 * outside (counted on what is handed out, and 0) and inside.
 */
export async function deliverFrames({
  model,
  outcome,
  source,
  sink,
  openSpool,
  progress,
}: Delivery): Promise<{ readonly count: number; readonly figures: Readonly<Record<string, number>> }> {
  progress.stage('decode');
  const { canvas, latent, masks } = outcome;
  let [count, changedOutside, changedInside] = [0, 0, 0];
  for await (const decoded of decodeFrames(model, canvas, latent, { openSpool })) {
    const [mask, before] = [masks?.[count] ?? masks?.[0], source?.[count]];
    let frame = decoded;
    if (mask !== undefined && before !== undefined) {
      const pasted = paste({ source: before, edited: decoded, mask, feather: FEATHER_PX });
      frame = pasted.pixels;
      changedOutside += pasted.changedOutside;
      changedInside += pasted.changedInside;
    }
    await sink.onFrame(frame, count++);
    progress.throwIfCancelled();
  }
  return { count, figures: masks === undefined || source === undefined ? {} : { changedOutside, changedInside } };
}
