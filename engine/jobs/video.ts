import type { EditRecord, EditRequest, ResolvedRequest, Size } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { paste } from '../media/paste.ts';
import { checkMask } from '../media/pixels.ts';
import { resample } from '../media/resample.ts';
import type { FrameMap, VideoMethod } from '../methods/videomethod.ts';
import { framesOf } from '../methods/videosampling.ts';
import type { MemoryPlan } from '../pipeline/memory.ts';
import type { Progress } from '../pipeline/progress.ts';
import { videoCanvasOf } from '../pipeline/videocanvas.ts';
import { decodeFrames, type FrameSpool } from '../pipeline/videocodec.ts';
import { planVideoMemory } from '../pipeline/videomemory.ts';
import type { VideoModel } from '../pipeline/videomodel.ts';
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
  /** Takes the frames in order, from 0; the next one is decoded when it has resolved. */
  readonly onFrame: (frame: Pixels, index: number) => Promise<void> | void;
  /** Where pieces of large frames wait; in memory unless given. */
  readonly spool?: FrameSpool;
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
  const length = request.segments === undefined ? (request.frames ?? source?.frames ?? frames) : undefined;
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
): MemoryPlan {
  const { rows, window, routed = false } = method.demand(request, model);
  const lengths = request.segments?.map(({ frames = model.defaults.frames }) => frames) ?? [framesOf(request, model)];
  const frames = lengths.reduce((sum, length) => sum + length, 0);
  const canvas = videoCanvasOf(model, { ...request.size, frames });
  return planVideoMemory(model, { canvas, rows, window, encodes, mapColumns: mapColumns(request), routed });
}

/** The clip and the mask at the request's size. Throws 'request-invalid' or 'media-invalid'. */
export function fitClip(
  { source, mask }: VideoMedia,
  { size, frames }: ResolvedRequest,
): { readonly source?: readonly Pixels[]; readonly mask?: Pixels } {
  const [first] = source?.frames ?? [];
  if (mask !== undefined && first !== undefined) checkMask(mask, first);
  if (source !== undefined && source.frames.length < (frames ?? 1))
    throw new AttuneError(
      'request-invalid',
      `The clip has ${source.frames.length} frames and ${frames} were asked for. Ask for fewer (--frames).`,
      { field: 'frames' },
    );
  return {
    ...(source === undefined
      ? {}
      : { source: source.frames.slice(0, frames).map((frame) => resample(frame, size.width, size.height)) }),
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
  progress,
}: Delivery): Promise<{ readonly count: number; readonly figures: Readonly<Record<string, number>> }> {
  progress.stage('decode');
  const { canvas, latent, masks } = outcome;
  let [count, changedOutside, changedInside] = [0, 0, 0];
  for await (const decoded of decodeFrames(
    model,
    canvas,
    latent,
    sink.spool === undefined ? {} : { spool: sink.spool },
  )) {
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
