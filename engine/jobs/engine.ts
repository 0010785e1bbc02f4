import { basename } from 'node:path';
import type {
  EditRecord,
  EditRequest,
  MethodDescription,
  Placement,
  PromptReading,
  ResolvedRequest,
  RunEvent,
  Size,
  Vocabulary,
} from '../../contract/index.ts';
import { valueAt } from '../base/tensor.ts';
import { type CheckpointReport, inspectCheckpoint } from '../checkpoint/inspect.ts';
import { unknownWarnings } from '../conditioning/unknown.ts';
import { type MemoryPlan, planMemory } from '../denoise/memory.ts';
import type { MadeSize } from '../denoise/outofmemory.ts';
import { type Clock, type Gate, Progress } from '../denoise/progress.ts';
import type { FrameMap } from '../denoise/report.ts';
import { watched } from '../denoise/watched.ts';
import { IN_MEMORY_BYTES, TempStore } from '../latents/frames.ts';
import type { OpenSpool } from '../latents/tiles.ts';
import type { MethodOutcome, Timeline } from '../methods/outcome.ts';
import { methods } from '../methods/registry.ts';
import { type Families, type Model, openModel } from '../model/model.ts';
import { cancellable } from '../model/sessions.ts';
import type { Pixels, TensorRuntime } from '../ports.ts';
import { type CatalogEntry, type CatalogPlaces, type LostFolder, listCatalog, lostFolders } from './catalog.ts';
import { Checkpoints } from './checkpoints.ts';
import { deliverFrames, type FrameSink } from './deliver.ts';
import { ensureMemory, usualMemory } from './estimate.ts';
import { findFamily } from './findings.ts';
import { littleWarnings } from './little.ts';
import { type Clip, fitMedia, type MediaSizes, type RunMedia, type SourceSize, sizesOfMedia } from './media.ts';
import { OnPicture } from './onpicture.ts';
import { areaOfMasks, masksOf, pasteBack, shownSize } from './pasteback.ts';
import { type CheckedJob, checkJob, defaultsOf, type JobPlan, type MethodDefaults, planJob } from './plan.ts';
import { readPrompt } from './reading.ts';
import { recordOf } from './record.ts';
import { placementOf, type RegionAsked, regionSizes } from './region.ts';
import {
  checkSelect,
  lookShape,
  lookSize,
  type SelectedFrame,
  type SelectRequest,
  type SelectResult,
  selectWord,
} from './select.ts';
import { unreadWarnings } from './unread.ts';
import { type UpscaleRequest, Upscalers } from './upscale.ts';

export type {
  Clip,
  FrameMap,
  FrameSink,
  Gate,
  JobPlan,
  MediaSizes,
  MemoryPlan,
  MethodDefaults,
  RegionAsked,
  RunMedia,
  SelectedFrame,
  SelectRequest,
  SelectResult,
  SourceSize,
  Timeline,
  UpscaleRequest,
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
  readonly inMemoryBytes?: number;
}

/** What a run makes, as far as it is known before. */
export interface FrameShape {
  readonly size: Size;
  readonly frames: number;
  /** Frames a second; absent for a picture. */
  readonly fps?: number;
}

export interface RunOptions {
  readonly onEvent?: (event: RunEvent) => void;
  /** Decode the clean estimate after every step and tell it as `preview`. */
  readonly previews?: boolean;
  readonly signal?: AbortSignal;
  /** Asked between steps; a promise pauses the run until it resolves. A paused run can be cancelled, and is the same picture. */
  readonly gate?: Gate;
  /** Told before the run what will come and what it will take of memory; an error thrown here refuses it. */
  readonly onBegin?: (shape: FrameShape, memory: MemoryPlan) => Promise<void> | void;
  /** Takes the frames in order as they are decoded. Absent: they are in the result. */
  readonly onFrame?: FrameSink;
}

export interface RunResult {
  readonly size: Size;
  readonly frames: number;
  /** Frames a second; absent for a picture. */
  readonly fps?: number;
  /** The frames, one of a picture; empty where `onFrame` took them. */
  readonly images: readonly Pixels[];
  /** The frames as the network made them, before the background was pasted back; empty where `onFrame` took them. */
  readonly unpasted: readonly Pixels[];
  /** Where each word is in each latent frame. */
  readonly maps: readonly FrameMap[];
  /** Where frames were allowed to change, one for each or one for all: one channel, 255 = changed. */
  readonly masks?: readonly Pixels[];
  readonly record: EditRecord;
  /** Milliseconds, counts: nothing that decides the picture. */
  readonly figures: Readonly<Record<string, number>>;
  /** Sentences the user should read: words cut off, syntax that was not honoured, a picture that was scaled. */
  readonly warnings: readonly string[];
}

export interface Engine {
  describeMethods(): readonly MethodDescription[];
  /**
   * Makes or edits a picture or a video: one frame or several. Throws AttuneError; 'cancelled' when the signal was raised.
   */
  run(request: EditRequest, media: RunMedia, options?: RunOptions): Promise<RunResult>;
  /**
   * What `run` will do: the request with nothing left open, its length, its memory, where its prompts lie. From sizes alone; nothing is
   * loaded but headers. Throws as `run` does before it starts.
   */
  plan(request: EditRequest, media: MediaSizes): JobPlan;
  /**
   * What a request that says nothing is run with, by id of each method that runs on the checkpoint. Throws 'checkpoint-...' where it cannot
   * be opened or its own values cannot be used.
   */
  defaults(ref: string): Readonly<Record<string, MethodDefaults>>;
  /** Where a request of a checkpoint would work, and at which size; as `plan` says it, without the rest. Throws 'request-invalid'. */
  place(ref: string, asked: RegionAsked, media: MediaSizes): Placement;
  /** Sizes that regions are well worked on at, the square first. */
  regionSizes(ref: string): readonly Size[];
  /**
   * Where a word is in a picture or in every frame of a clip, from where the network looks for it: one look, no edit. Always the same for
   * the same source, word and prompt. Throws AttuneError: 'request-invalid' naming `word`, `prompt` or `threshold`; otherwise as `run`.
   */
  select(request: SelectRequest, options?: Pick<RunOptions, 'onEvent' | 'signal'>): Promise<SelectResult>;
  /** A picture made larger. Throws as `Upscalers.run`. */
  upscale(request: UpscaleRequest, options?: Pick<RunOptions, 'onEvent' | 'signal'>): Promise<Pixels>;
  /** What a checkpoint folder or weight file is. */
  inspect(path: string): CheckpointReport;
  listModels(): readonly CatalogEntry[];
  /** Folders that `listModels` should have searched and could not. */
  lostFolders(): readonly LostFolder[];
  /** The words that a checkpoint knows, for suggestions; undefined for one that takes free text. */
  vocabulary(ref: string): Vocabulary | undefined;
  /** How a prompt reads to a checkpoint. Throws as `readPrompt`. */
  readPrompt(ref: string, text: string): Promise<PromptReading>;
  /** Opens a checkpoint; it stays open until `close`. */
  model(ref: string): Model;
  close(): Promise<void>;
}

interface PlannedRun {
  readonly model: Model;
  readonly plan: JobPlan;
  readonly progress: Progress;
  readonly signal: AbortSignal | undefined;
}

/** The engine: requests in, frames and records out. One run at a time. */
export function openEngine({
  runtime,
  families,
  places,
  version,
  clock,
  availableBytes,
  openSpool,
  inMemoryBytes = IN_MEMORY_BYTES,
}: EngineOptions): Engine {
  const checkpoints = new Checkpoints(families, places, runtime);
  const upscalers = new Upscalers(families.upscalers, runtime);
  const planned = (job: CheckedJob, media: MediaSizes) => {
    const { model, entry } = checkpoints.open(job.request.checkpoint);
    const plan = planJob(job, media, model, openSpool === undefined ? undefined : inMemoryBytes);
    return { model, entry, plan };
  };
  const reserve = async (memory: MemoryPlan, size: MadeSize) => {
    if (availableBytes !== undefined) await ensureMemory(memory, size, availableBytes, checkpoints.all);
  };
  /** The plan with its region where the edit acts, if nothing but a look at the source tells where that is. */
  const settled = async (job: CheckedJob, sizes: MediaSizes, media: RunMedia, opened: PlannedRun): Promise<JobPlan> => {
    const { model, plan, signal } = opened;
    const { request, size, memory } = plan;
    const { locate } = job.method;
    const isOpen = request.region !== undefined && typeof job.request.region !== 'object' && sizes.area === undefined;
    if (request.region === undefined || !isOpen || locate === undefined) return plan;
    await reserve(memory, madeSize(plan));
    opened.progress.stage('search');
    const progress = new Progress({ emit: () => {}, clock, signal });
    const temp = new TempStore(openSpool, inMemoryBytes);
    const masks = await locate({ model, request, size, progress, temp, ...fitMedia(media, request) });
    const area = areaOfMasks(masks ?? [], request.region);
    if (area === undefined) return plan;
    return planned({ ...job, request: { ...job.request, region: 'auto' } }, { ...sizes, area }).plan;
  };
  return {
    describeMethods: () => methods.map(({ description }) => description),
    inspect: (path) =>
      inspectCheckpoint(
        path,
        (component) => findFamily(component, families),
        (folder) => usualMemory(() => openModel(folder, basename(folder), families, runtime)),
        families.pipelines,
      ),
    listModels: () => listCatalog(places),
    lostFolders: () => lostFolders(places),
    vocabulary: (ref) => checkpoints.open(ref).model.vocabulary,
    model: (ref) => checkpoints.open(ref).model,
    readPrompt: (ref, text) => readPrompt(checkpoints.open(ref).model, text),
    upscale: (request, options = {}) =>
      upscalers.run(request, progressOf(options, clock), {
        signal: options.signal,
        ...(availableBytes && { availableBytes }),
      }),
    async close() {
      await upscalers.close();
      await checkpoints.close();
    },
    plan: (asked, media) => planned(checkJob(asked, media), media).plan,
    place: (ref, asked, media) => placementOf(asked, media, checkpoints.open(ref).model),
    regionSizes: (ref) => regionSizes(checkpoints.open(ref).model),
    defaults(ref) {
      const { model } = checkpoints.open(ref);
      const able = methods.filter(({ description }) => description.makes.includes(model.makes));
      return Object.fromEntries(able.map(({ description }) => [description.id, defaultsOf(description, model)]));
    },
    async select(request, options = {}) {
      const progress = progressOf(options, clock);
      checkSelect(request);
      progress.stage('open');
      const { model } = checkpoints.open(request.checkpoint);
      const size = lookSize(model, request);
      const memory = planMemory(model, lookShape(model, size));
      await reserve(memory, size);
      const running = forRun(model, progress, { ...options, plan: { memory, size } });
      return selectWord(running, request, progress);
    },
    async run(asked, media, options = {}) {
      const progress = progressOf(options, clock);
      const sizes = sizesOfMedia(media);
      const job = checkJob(asked, sizes);
      progress.stage('open');
      const { model, entry, plan } = planned(job, sizes);
      const { signal } = options;
      const searching = forRun(model, progress, { signal, plan: { ...plan, size: madeSize(plan) } });
      const found = await settled(job, sizes, media, { model: searching, plan, progress, signal });
      const { request, size, memory } = found;
      const running = forRun(model, progress, { signal, plan: { memory, size: madeSize(found) } });
      const shown = shownSize(request, sizes);
      const rate = request.fps === undefined ? {} : { fps: request.fps };
      await options.onBegin?.({ size: shown, frames: size.frames, ...rate }, memory);
      await reserve(memory, madeSize(found));
      const fitted = fitMedia(media, request);
      const region = pasteBack(request, media);
      const onPicture = region && new OnPicture(valueAt(region.frames, 0), region.place);
      if (onPicture !== undefined) progress.showOn((event) => onPicture.event(event));
      const temp = new TempStore(openSpool, inMemoryBytes);
      const [images, unpasted]: [Pixels[], Pixels[]] = [[], []];
      const collect: FrameSink = (frame, _index, raw) => {
        images.push(frame);
        unpasted.push(raw);
      };
      const make = async () => {
        const outcome = await job.method.run({ model: running, request, size, progress, temp, ...fitted });
        const onFrame = options.onFrame ?? collect;
        const { source } = fitted;
        const delivery = { model: running, size, outcome, source, region, onFrame, openSpool, progress };
        return { outcome, delivered: await deliverFrames(delivery) };
      };
      const { outcome, delivered } = await make().finally(() => temp.close());
      const record = recordOf({ request, outcome, model, entry, runtime, version });
      return {
        size: shown,
        frames: delivered.count,
        ...(request.fps === undefined ? {} : { fps: request.fps }),
        images,
        unpasted,
        maps: onPicture === undefined ? outcome.maps : outcome.maps.map((map) => onPicture.map(map)),
        ...masksOf(outcome, region),
        record,
        figures: {
          ...outcome.metrics,
          ...delivered.figures,
          totalMs: progress.elapsedMs,
          estimatedPeakBytes: memory.peakBytes,
          ...(progress.firstPreviewMs === undefined ? {} : { firstPreviewMs: progress.firstPreviewMs }),
        },
        warnings: [
          ...unreadWarnings(job.method, model, request),
          ...warningsOf(outcome, sizes, request, model),
          ...littleWarnings(delivered.figures, record, job.method.description, media.mask !== undefined),
        ],
      };
    },
  };
}

interface RunOf {
  readonly signal?: AbortSignal | undefined;
  readonly plan: { readonly memory: MemoryPlan; readonly size: MadeSize };
}

/** The model for one run: it stops when that is cancelled, tells what it calls, and says what memory ran out in. */
const forRun = (model: Model, progress: Progress, { signal, plan }: RunOf): Model => ({
  ...model,
  sessions: watched(cancellable(model.sessions, signal), progress, plan),
});

const madeSize = ({ request, size }: Pick<JobPlan, 'request' | 'size'>): MadeSize => ({
  ...request.size,
  frames: size.frames,
});

function progressOf({ onEvent, signal, previews, gate }: RunOptions, clock: Clock): Progress {
  return new Progress({ emit: onEvent ?? (() => {}), clock, signal, wantsPreviews: previews === true, gate });
}

function warningsOf(
  { prompts, maps }: MethodOutcome,
  { source }: MediaSizes,
  request: ResolvedRequest,
  model: Model,
): readonly string[] {
  const { size, region } = request;
  const conditions = prompts.map(({ condition }) => condition);
  const isScaled =
    source !== undefined && region === undefined && (source.width !== size.width || source.height !== size.height);
  const hasWords = conditions.some(({ blocks }) => blocks.some(({ encoded }) => encoded.words.length > 0));
  return [
    ...new Set(conditions.flatMap(({ warnings }) => warnings)),
    ...unknownWarnings(model, conditions),
    ...(isScaled
      ? [`The source was scaled from ${source.width}x${source.height} to ${size.width}x${size.height}, as asked.`]
      : []),
    ...(request.maps === true && hasWords && maps.length === 0 ? [noMaps(request.method)] : []),
  ];
}

const noMaps = (method: string) =>
  `There are no maps: the method ${method} runs more than one prompt or row at once and reads none out.`;
