import { basename } from 'node:path';
import type {
  EditRecord,
  EditRequest,
  MethodDescription,
  PromptReading,
  ResolvedRequest,
  RunEvent,
  Vocabulary,
} from '../../contract/index.ts';
import { type CheckpointReport, inspectCheckpoint } from '../checkpoint/inspect.ts';
import { paste } from '../media/paste.ts';
import { methodOf, videoMethodOf } from '../methods/find.ts';
import type { Method, MethodOutcome } from '../methods/method.ts';
import { methods } from '../methods/registry.ts';
import type { VideoMethod } from '../methods/videomethod.ts';
import { videoMethods } from '../methods/videoregistry.ts';
import { canvasOf } from '../pipeline/canvas.ts';
import { HELD_BYTES, Scratch } from '../pipeline/latentframes.ts';
import { type MemoryPlan, planMemory } from '../pipeline/memory.ts';
import { type Families, type Model, openModel } from '../pipeline/model.ts';
import { type Clock, type Gate, Progress } from '../pipeline/progress.ts';
import { cancellable } from '../pipeline/sessions.ts';
import { unknownWarnings } from '../pipeline/unknown.ts';
import type { VideoModel } from '../pipeline/videomodel.ts';
import type { OpenSpool } from '../pipeline/videotiles.ts';
import type { Pixels, TensorRuntime } from '../ports.ts';
import { type CatalogEntry, type CatalogPlaces, type LostFolder, listCatalog, lostFolders } from './catalog.ts';
import { Checkpoints } from './checkpoints.ts';
import { ensureMemory, estimateMemory, usualMemory } from './estimate.ts';
import { findFamily } from './findings.ts';
import {
  checkInputs,
  checkMedia,
  checkRequest,
  fitMedia,
  type MediaSizes,
  type RunMedia,
  resolveRequest,
} from './inputs.ts';
import { readPrompt } from './reading.ts';
import { recordOf } from './record.ts';
import { checkSelect, lookSize, type SelectRequest, type SelectResult, selectWord } from './select.ts';
import { type UnreadInput, unreadInputs, unreadWarnings } from './unread.ts';
import {
  type ClipSize,
  checkPrompts,
  deliverFrames,
  fitClip,
  planVideo,
  resolveVideo,
  sizesOfClip,
  type VideoMedia,
  type VideoResult,
  type VideoSink,
} from './video.ts';

export type {
  ClipSize,
  Gate,
  MediaSizes,
  MemoryPlan,
  RunMedia,
  SelectRequest,
  SelectResult,
  VideoMedia,
  VideoResult,
  VideoSink,
};

export interface EngineOptions {
  readonly runtime: TensorRuntime;
  readonly families: Families;
  readonly places: CatalogPlaces;
  /** Version of the application, for records. */
  readonly version: string;
  readonly clock: Clock;
  /** Bytes of memory that a job may take; a job that needs more is refused before it starts. Absent: none is refused. */
  readonly availableBytes?: () => number;
  /** Opens where pieces of large frames of a video and latents of long ones wait. Absent: they wait in memory. */
  readonly openSpool?: OpenSpool;
  /** Bytes up to which a latent of a video waits in memory all the same. */
  readonly heldBytes?: number;
}

export interface RunOptions {
  readonly onEvent?: (event: RunEvent) => void;
  /** Decode the clean estimate after every step and tell it as `preview`. */
  readonly previews?: boolean;
  readonly signal?: AbortSignal;
  /** Asked between steps; a promise pauses the run until it resolves. A paused run can be cancelled, and is the same picture. */
  readonly gate?: Gate;
}

export interface RunResult {
  readonly images: readonly Pixels[];
  /** The picture as the network made it, before the background was pasted back. */
  readonly unpasted: Pixels;
  readonly maps: readonly { readonly word: string; readonly image: Pixels }[];
  /** Where the picture was allowed to change: one channel, 255 = changed. */
  readonly mask?: Pixels;
  readonly record: EditRecord;
  /** Milliseconds, counts: nothing that decides the picture. */
  readonly figures: Readonly<Record<string, number>>;
  /** Sentences the user should read: words cut off, syntax that was not honoured, a picture that was scaled. */
  readonly warnings: readonly string[];
}

/** What is known of a job before it runs. */
export interface JobPlan extends MemoryPlan {
  /** Inputs that it would not read. */
  readonly unread: readonly UnreadInput[];
}

export interface Engine {
  describeMethods(): readonly MethodDescription[];
  /** Throws AttuneError; 'cancelled' when the signal was raised. */
  run(request: EditRequest, media: RunMedia, options?: RunOptions): Promise<RunResult>;
  /**
   * Where a word is in a picture, from where the network looks for it: one look, no edit. Always the same for the same picture, word
   * and prompt. Throws AttuneError: 'request-invalid' naming `word`, `prompt` or `threshold`; otherwise as `run`.
   */
  select(request: SelectRequest, options?: Pick<RunOptions, 'onEvent' | 'signal'>): Promise<SelectResult>;
  /**
   * Makes a video by a method that makes videos; its frames go into `options.onFrame` one after the other and are not kept. Throws as `run`.
   */
  runVideo(request: EditRequest, media: VideoMedia, options: RunOptions & VideoSink): Promise<VideoResult>;
  /** As `estimate`, for `runVideo`. */
  estimateVideo(request: EditRequest, source?: ClipSize): JobPlan;
  /** The memory that `run` will take, from sizes alone; nothing is loaded but headers. Throws as `run` does before it starts. */
  estimate(request: EditRequest, media: MediaSizes): JobPlan;
  /** What a checkpoint folder or weight file is. */
  inspect(path: string): CheckpointReport;
  listModels(): readonly CatalogEntry[];
  /** Folders that `listModels` should have searched and could not. */
  lostFolders(): readonly LostFolder[];
  /** The words that a checkpoint knows, for suggestions; undefined for one that takes free text. */
  vocabulary(ref: string): Vocabulary | undefined;
  /** How a prompt reads to a checkpoint of either kind. Throws as `readPrompt`. */
  readPrompt(ref: string, text: string): Promise<PromptReading>;
  /** Opens a checkpoint of pictures; it stays open until `close`. */
  model(ref: string): Model;
  /** As `model`, for one of videos. */
  videoModel(ref: string): VideoModel;
  /** What a checkpoint makes. Throws where it cannot be opened. */
  makes(ref: string): 'picture' | 'video';
  close(): Promise<void>;
}

/** The part of the picture at the edge of the area in which edit and source are mixed, in pixels. */
const FEATHER_PX = 4;

/** The engine: requests in, pictures and records out. One run at a time. */
export function openEngine({
  runtime,
  families,
  places,
  version,
  clock,
  availableBytes,
  openSpool,
  heldBytes = HELD_BYTES,
}: EngineOptions): Engine {
  const checkpoints = new Checkpoints(families, places, runtime);
  const opened = (ref: string) => checkpoints.picture(ref);
  const prepare = (asked: EditRequest, media: MediaSizes) => {
    const request = checkRequest(asked);
    const method = methodOf(request.method);
    checkInputs(method, request, media);
    return { request, method };
  };
  const prepareVideo = (asked: EditRequest, source: ClipSize | undefined, mask?: Pixels) => {
    const request = checkRequest(asked);
    const method = videoMethodOf(request.method);
    checkInputs(method, request, {
      ...(source === undefined ? {} : { source: source.size }),
      ...(mask === undefined ? {} : { mask }),
    });
    checkPrompts(request);
    return { request, method };
  };
  const resolveClip = (method: VideoMethod, request: EditRequest, source: ClipSize | undefined) => {
    const { model, entry } = checkpoints.video(request.checkpoint);
    const resolved = resolveVideo(method, request, source, model);
    return {
      model,
      entry,
      resolved,
      ...planVideo(method, resolved, source !== undefined, model, openSpool === undefined ? undefined : heldBytes),
    };
  };
  const resolve = (method: Method, request: EditRequest, media: MediaSizes) => {
    const { model, entry } = opened(request.checkpoint);
    const resolved = resolveRequest(method, request, media, model);
    canvasOf(model, resolved.size); // refuses what is beyond the network, whatever memory there is
    return { model, entry, resolved, memory: estimateMemory(method, resolved, media.mask !== undefined, model) };
  };
  return {
    describeMethods: () => [...methods, ...videoMethods].map(({ description }) => description),
    inspect: (path) =>
      inspectCheckpoint(
        path,
        (component) => findFamily(component, families),
        (folder) => usualMemory(() => openModel(folder, basename(folder), families, runtime)),
      ),
    listModels: () => listCatalog(places),
    lostFolders: () => lostFolders(places),
    vocabulary: (ref) => checkpoints.any(ref).model.vocabulary,
    model: (ref) => opened(ref).model,
    videoModel: (ref) => checkpoints.video(ref).model,
    makes: (ref) => ('coder' in checkpoints.any(ref).model ? 'video' : 'picture'),
    readPrompt(ref, text) {
      const { model } = checkpoints.any(ref);
      return readPrompt(model, text, 'coder' in model ? model.denoiser.video.textTokens : undefined);
    },
    close: () => checkpoints.close(),
    estimateVideo(asked, source) {
      const { request, method } = prepareVideo(asked, source);
      const { memory, resolved } = resolveClip(method, request, source);
      return { ...memory, unread: unreadInputs(method, resolved) };
    },
    async runVideo(asked, media, options) {
      const progress = progressOf(options, clock);
      const source = sizesOfClip(media);
      const { request, method } = prepareVideo(asked, source, media.mask);
      progress.stage('open');
      const { model, entry, resolved, memory, frames } = resolveClip(method, request, source);
      options.onBegin?.({ size: resolved.size, frames, fps: resolved.fps ?? model.defaults.fps });
      if (availableBytes !== undefined) await ensureMemory(memory, resolved, availableBytes, checkpoints.all);
      const fitted = fitClip(media, resolved);
      const running = { ...model, sessions: cancellable(model.sessions, options.signal) };
      const scratch = new Scratch(openSpool, heldBytes);
      const make = async () => {
        const outcome = await method.run({ model: running, request: resolved, progress, scratch, ...fitted });
        const { source } = fitted;
        return {
          outcome,
          delivered: await deliverFrames({ model: running, outcome, source, sink: options, openSpool, progress }),
        };
      };
      const { outcome, delivered } = await make().finally(() => scratch.close());
      const conditions = outcome.prompts.map(({ condition }) => condition);
      return {
        size: resolved.size,
        frames: delivered.count,
        fps: resolved.fps ?? model.defaults.fps,
        maps: outcome.maps,
        record: recordOf({ request: resolved, outcome, sigmas: outcome.levels, model, entry, runtime, version }),
        figures: {
          ...outcome.figures,
          ...delivered.figures,
          totalMs: progress.elapsedMs,
          estimatedPeakBytes: memory.peakBytes,
          ...(progress.firstPreviewMs === undefined ? {} : { firstPreviewMs: progress.firstPreviewMs }),
        },
        warnings: [
          ...unreadWarnings(method, resolved),
          ...new Set(conditions.flatMap(({ warnings }) => warnings)),
          ...unknownWarnings(model, conditions),
          ...(resolved.maps === true && outcome.maps.length === 0 ? [noMaps(resolved.method)] : []),
          ...(delivered.figures.changedInside === 0 ? [UNCHANGED] : []),
        ],
      };
    },
    estimate(asked, media) {
      const { request, method } = prepare(asked, media);
      const { memory, resolved } = resolve(method, request, media);
      return { ...memory, unread: unreadInputs(method, resolved) };
    },
    async select(request, options = {}) {
      const progress = progressOf(options, clock);
      checkSelect(request);
      progress.stage('open');
      const { model } = opened(request.checkpoint);
      const size = lookSize(model, request.source);
      const shape = { ...size, rows: 1, encodes: true, searchRows: 0, mapColumns: 2, routed: false };
      if (availableBytes !== undefined)
        await ensureMemory(planMemory(model, shape), { size }, availableBytes, checkpoints.all);
      return selectWord(forRun(model, options.signal), request, progress);
    },
    async run(asked, media, options = {}) {
      const progress = progressOf(options, clock);
      const { request, method } = prepare(asked, media);
      checkMedia(media);
      progress.stage('open');
      const { model, entry, resolved, memory } = resolve(method, request, media);
      if (availableBytes !== undefined) await ensureMemory(memory, resolved, availableBytes, checkpoints.all);
      const { source, mask } = fitMedia(media, resolved);
      const outcome = await method.run({
        model: forRun(model, options.signal),
        request: resolved,
        progress,
        ...(source === undefined ? {} : { source }),
        ...(mask === undefined ? {} : { mask }),
      });
      const locked = lockBackground(outcome, source);
      return {
        images: [locked.image],
        unpasted: outcome.image,
        maps: outcome.maps,
        ...(outcome.mask === undefined ? {} : { mask: outcome.mask }),
        record: recordOf({ request: resolved, outcome, sigmas: outcome.sigmas, model, entry, runtime, version }),
        figures: {
          ...outcome.figures,
          ...locked.figures,
          totalMs: progress.elapsedMs,
          estimatedPeakBytes: memory.peakBytes,
          ...(progress.firstPreviewMs === undefined ? {} : { firstPreviewMs: progress.firstPreviewMs }),
        },
        warnings: [
          ...unreadWarnings(method, resolved),
          ...warningsOf(outcome, media, resolved, model),
          ...(locked.figures.changedInside === 0 ? [UNCHANGED] : []),
        ],
      };
    },
  };
}

const forRun = (model: Model, signal: AbortSignal | undefined): Model => ({
  ...model,
  sessions: cancellable(model.sessions, signal),
});

function progressOf({ onEvent, signal, previews, gate }: RunOptions, clock: Clock): Progress {
  return new Progress({ emit: onEvent ?? (() => {}), clock, signal, wantsPreviews: previews === true, gate });
}

/** Pastes the source back outside the area of the edit and counts what changed there, which is 0. */
function lockBackground(
  { image, mask }: MethodOutcome,
  source: Pixels | undefined,
): { readonly image: Pixels; readonly figures: Readonly<Record<string, number>> } {
  if (mask === undefined || source === undefined) return { image, figures: {} };
  const { pixels, changedInside, changedOutside } = paste({ source, edited: image, mask, feather: FEATHER_PX });
  return { image: pixels, figures: { changedOutside, changedInside } };
}

const noMaps = (method: string) =>
  `There are no maps: the method ${method} runs more than one prompt or row at once and reads none out.`;

const UNCHANGED =
  'Nothing changed: the prompts say the same, or no place in the picture answers to what differs. Use other words, or paint a mask.';

function warningsOf(
  { prompts }: MethodOutcome,
  { source }: RunMedia,
  { size }: ResolvedRequest,
  model: Model,
): readonly string[] {
  const conditions = prompts.map(({ condition }) => condition);
  const scaled = source !== undefined && (source.width !== size.width || source.height !== size.height);
  return [
    ...new Set(conditions.flatMap(({ warnings }) => warnings)),
    ...unknownWarnings(model, conditions),
    ...(scaled
      ? [`The picture was scaled from ${source.width}x${source.height} to ${size.width}x${size.height}, as asked.`]
      : []),
  ];
}
