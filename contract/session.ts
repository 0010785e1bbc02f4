import { z } from 'zod';
import { UserError } from './error.ts';
import { JobId, RunEvent } from './event.ts';
import { MediaRef, Pixels, Sha256 } from './media.ts';
import { ParamValue } from './method.ts';
import { EditRecord } from './record.ts';
import { EditRequest, Region, Size } from './request.ts';

/** What the editor shows of media, models, jobs and results: the things that `protocol.ts` asks for and tells. */

/** A picture or clip in the store of the service: known by its content, with what can be said without its pixels. */
export const MediaInfo = z
  .strictObject({
    ref: MediaRef,
    width: z.int().positive(),
    height: z.int().positive(),
    /** Size of the stored file. */
    bytes: z.int().min(0),
    /** Of a clip: how many frames, and how many are shown a second. */
    frames: z.int().positive().exactOptional(),
    fps: z.number().positive().exactOptional(),
  })
  .readonly();
export type MediaInfo = z.infer<typeof MediaInfo>;

/** A checkpoint that was found on this machine. */
export const ModelInfo = z
  .strictObject({
    /** What a request calls it. */
    ref: z.string().min(1),
    title: z.string().min(1),
    kind: z.enum(['embedded', 'folder', 'hub-cache']),
    /** Where it lies, for people; absent where the viewer is not on the same machine. */
    place: z.string().exactOptional(),
    /** What it makes; absent where it cannot run. */
    makes: z.enum(['picture', 'video']).exactOptional(),
    /** Of a model of videos: frames that it makes at once, and how many are shown a second. */
    clip: z.strictObject({ frames: z.int().positive(), fps: z.number().positive() }).exactOptional(),
    /** Network family, e.g. `sd3`; absent where it is not recognised. */
    family: z.string().exactOptional(),
    /** Whether jobs can run on it. */
    isRunnable: z.boolean(),
    /** Why not, and what to do; or what is worth knowing. Sentences. */
    notes: z.array(z.string()),
    /** Bytes of its weight files. */
    weightBytes: z.int().min(0),
    /** Peak memory of one picture of its usual size; absent where it cannot run. */
    peakBytes: z.int().min(0).exactOptional(),
    /** Values for what a request leaves out; absent where it cannot run. */
    defaults: z
      .strictObject({
        size: Size,
        /** Sizes that regions of a picture are well worked on at, the square first. */
        regionSizes: z.array(Size),
        steps: z.int().positive(),
        /** By id of each method that runs on it. */
        methods: z.record(
          z.string(),
          z.strictObject({
            steps: z.int().positive(),
            guidance: z.number(),
            params: z.record(z.string(), ParamValue),
          }),
        ),
      })
      .exactOptional(),
    /** Whether it knows a closed set of words (`words` lists them). */
    hasVocabulary: z.boolean(),
  })
  .readonly();
export type ModelInfo = z.infer<typeof ModelInfo>;

/** A folder that should be searched for checkpoints and cannot be. */
export const LostFolder = z
  .strictObject({ folder: z.string(), reason: z.enum(['gone', 'broken-link', 'not-a-folder', 'unreadable']) })
  .readonly();
export type LostFolder = z.infer<typeof LostFolder>;

/** The checkpoints of this machine, and where some may be missing. */
export const ModelList = z.strictObject({ models: z.array(ModelInfo), lostFolders: z.array(LostFolder) }).readonly();
export type ModelList = z.infer<typeof ModelList>;

/** What a check of a checkpoint's files found. */
export const ModelCheck = z
  .strictObject({
    isSound: z.boolean(),
    /** One line a finding, the worst first. */
    lines: z.array(z.string()),
    files: z.array(
      z.strictObject({
        path: z.string(),
        bytes: z.int().min(0),
        sha256: Sha256.exactOptional(),
        problem: z.string().exactOptional(),
      }),
    ),
  })
  .readonly();
export type ModelCheck = z.infer<typeof ModelCheck>;

/** How a prompt reads to a checkpoint. Ranges are UTF-16 units of the text that was asked about. */
export const PromptReading = z
  .strictObject({
    /** Tokens of the longest of its encoders, without the marks of begin and end, and how many fit. */
    tokens: z.int().min(0),
    limit: z.int().min(0),
    /** Weights other than 1, marks excluded. */
    weights: z.array(z.strictObject({ start: z.int(), end: z.int(), weight: z.number() })),
    /** Words that a closed vocabulary lacks. */
    unknown: z.array(z.strictObject({ start: z.int(), end: z.int(), suggestions: z.array(z.string()) })),
    warnings: z.array(z.string()),
  })
  .readonly();
export type PromptReading = z.infer<typeof PromptReading>;

/** What a job will need, told before it starts. */
export const JobEstimate = z
  .strictObject({
    peakBytes: z.int().min(0),
    availableBytes: z.int().min(0),
    fits: z.boolean(),
    /** Inputs that were given and that the job would not read. */
    unread: z.array(z.enum(['negative'])),
    /** From earlier runs of the same checkpoint, method and size on this machine; absent before the first. */
    expectedMs: z.number().min(0).exactOptional(),
  })
  .readonly();
export type JobEstimate = z.infer<typeof JobEstimate>;

/** Where an edit works in its picture. */
export const Placement = z
  .strictObject({
    /** Absent: the whole picture is worked on as it is. */
    region: Region.exactOptional(),
    /** Pixels that the network works on. */
    size: Size,
  })
  .readonly();
export type Placement = z.infer<typeof Placement>;

/** How a video of several prompts divides. Counts are of its frames. */
export const Timeline = z
  .strictObject({
    /** In order, without gaps. */
    stretches: z.array(
      z.strictObject({
        /** Of which prompt, by its place; a transition lies between this and the next one. */
        prompt: z.int().min(0),
        kind: z.enum(['prompt', 'transition']),
        /** First frame, and the one behind the last. */
        start: z.int().min(0),
        end: z.int().min(0),
      }),
    ),
    /** What a prompt lasts at least. */
    window: z.int().positive(),
    /** By how much it can last longer, and each transition. */
    step: z.int().positive(),
  })
  .readonly();
export type Timeline = z.infer<typeof Timeline>;

export const JobState = z.enum(['waiting', 'running', 'failed', 'cancelled', 'done']);

/** A job as the queue shows it: waiting ones in order, the running one first, and those that ended without a result. */
export const QueuedJob = z
  .strictObject({
    job: JobId,
    state: JobState,
    request: EditRequest,
    createdMs: z.number(),
    /** How often it was started. */
    attempts: z.int().min(0),
    error: UserError.exactOptional(),
    /** The batch it belongs to. */
    batch: JobId.exactOptional(),
  })
  .readonly();
export type QueuedJob = z.infer<typeof QueuedJob>;

export const QueueState = z.strictObject({ isPaused: z.boolean(), jobs: z.array(QueuedJob) }).readonly();
export type QueueState = z.infer<typeof QueueState>;

/**
 * What changed in the queue: take out every job that `gone` or `put` names, then put those of `put` in, in their order, each at its place in
 * the list that comes out.
 */
export const QueueChange = z
  .strictObject({
    isPaused: z.boolean(),
    gone: z.array(JobId),
    put: z.array(z.strictObject({ at: z.int().min(0), job: QueuedJob })),
  })
  .readonly();
export type QueueChange = z.infer<typeof QueueChange>;

/** A result in the history. */
export const HistoryEntry = z
  .strictObject({
    id: JobId,
    createdMs: z.number(),
    request: EditRequest,
    record: EditRecord,
    result: MediaInfo,
    /** Where the picture was allowed to change: one channel, white = changed. */
    area: MediaInfo.exactOptional(),
    /** Of a video one for each word and latent frame. */
    maps: z.array(z.strictObject({ word: z.string(), map: MediaInfo, frame: z.int().min(0).exactOptional() })),
    figures: z.record(z.string(), z.number()),
    warnings: z.array(z.string()),
  })
  .readonly();
export type HistoryEntry = z.infer<typeof HistoryEntry>;

/** Formats that are written. */
export const ExportFormat = z.enum(['png', 'jpeg', 'webp', 'avif']);
export type ExportFormat = z.infer<typeof ExportFormat>;

export const ExportOptions = z
  .strictObject({
    format: ExportFormat,
    /** 1..100; absent: PNG, WebP and AVIF lossless, JPEG 95. */
    quality: z.int().min(1).max(100).exactOptional(),
    /** Whether the file says how it was made. */
    withMetadata: z.boolean(),
    /** A1111 bracket tokens, without the ending: `[date]-[seed]`. */
    pattern: z.string().min(1).max(200).exactOptional(),
  })
  .readonly();
export type ExportOptions = z.infer<typeof ExportOptions>;

/** What a file from Attune or another tool says of its making, as far as Attune can use it. */
export const Imported = z
  .strictObject({
    /** `Attune`, `A1111`, `ComfyUI`, `InvokeAI`, ... */
    tool: z.string(),
    /** What can be restored. */
    request: EditRequest.unwrap().partial(),
    /** Sentences: what could not be restored, and why. */
    notes: z.array(z.string()),
  })
  .readonly();
export type Imported = z.infer<typeof Imported>;

/** A table of jobs as the interface and `attune batch` take it: the text of a CSV or JSON file, or a prompt with choices. */
export const BatchTable = z
  .strictObject({
    name: z.string().min(1).max(120),
    /** Values of every row that has none of its own. */
    base: EditRequest.unwrap().partial(),
    /** Rows: column name -> cell. Columns are the request's fields, `param.NAME`, `source` and `mask` (names of `media`). */
    rows: z.array(z.record(z.string().max(64), z.string().max(20_000))).max(100_000),
    /** Pictures and clips that rows name in `source` and `mask`: by their names, by their SHA-256, or by both as `SHA-256:name`. */
    media: z.array(MediaRef).max(100_000),
    /** Lines of `__name__`. Limits hold for lists that a prompt names. */
    wildcards: z.record(z.string(), z.array(z.string())),
    /** Results a row: seeds count up from the row's own. */
    repeats: z.int().min(1).max(1_000),
    export: ExportOptions,
  })
  .readonly();
export type BatchTable = z.infer<typeof BatchTable>;

/** One job of a batch as it will run. */
export const BatchJob = z.strictObject({ row: z.int().min(0), request: EditRequest, file: z.string() }).readonly();
export type BatchJob = z.infer<typeof BatchJob>;

export const BatchPlan = z
  .strictObject({
    total: z.int().min(0),
    /** The first hundred. */
    jobs: z.array(BatchJob).max(100),
    problems: z.array(z.strictObject({ row: z.int().min(0), field: z.string(), message: z.string() })),
  })
  .readonly();
export type BatchPlan = z.infer<typeof BatchPlan>;

export const BatchState = z
  .strictObject({
    batch: JobId,
    name: z.string(),
    total: z.int().min(0),
    done: z.int().min(0),
    failed: z.int().min(0),
    state: z.enum(['running', 'paused', 'finished', 'cancelled']),
  })
  .readonly();
export type BatchState = z.infer<typeof BatchState>;

export const Settings = z
  .strictObject({
    /** Execution provider of onnxruntime. */
    provider: z.string(),
    /** No socket but loopback. */
    isOffline: z.boolean(),
    /** Whether exported files say how they were made. */
    withMetadata: z.boolean(),
    theme: z.enum(['system', 'light', 'dark']),
    language: z.string(),
    /** Folders that are searched for checkpoints besides the embedded ones and the Hugging Face cache. */
    modelFolders: z.array(z.string()),
  })
  .readonly();
export type Settings = z.infer<typeof Settings>;

/** One provider, measured on a small graph against the CPU. */
export const ProviderFigure = z
  .strictObject({
    name: z.string(),
    /** Its code is part of the installed package. */
    isBundled: z.boolean(),
    isUsable: z.boolean(),
    /** Median time of the small graph; absent where it did not run. */
    ms: z.number().min(0).exactOptional(),
    /** Largest difference to the CPU relative to the largest value; absent where it did not run. */
    worstError: z.number().min(0).exactOptional(),
    /** Why it cannot be used, and what to do. */
    note: z.string().exactOptional(),
  })
  .readonly();
export type ProviderFigure = z.infer<typeof ProviderFigure>;

/** What the service pushes without being asked. */
export const DeskEvent = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('run'), job: JobId, event: RunEvent }),
  /** The whole queue comes with `hello`. */
  z.strictObject({ kind: z.literal('queue'), change: QueueChange }),
  z.strictObject({ kind: z.literal('result'), entry: HistoryEntry }),
  z.strictObject({ kind: z.literal('removed'), id: JobId }),
  z.strictObject({ kind: z.literal('restored'), entry: HistoryEntry }),
  z.strictObject({ kind: z.literal('batch'), batch: BatchState }),
  z.strictObject({ kind: z.literal('settings'), settings: Settings }),
  z.strictObject({ kind: z.literal('models'), models: z.array(ModelInfo), lostFolders: z.array(LostFolder) }),
  /** `restarting` follows a crash; `stopped` means three crashes in five minutes: it starts again when asked. */
  z.strictObject({
    kind: z.literal('engine'),
    state: z.enum(['starting', 'ready', 'restarting', 'stopped']),
    sentence: z.string(),
  }),
  /** Whether what happens can be written to the disk; while `failing`, results wait in memory and are written when it takes them. */
  z.strictObject({ kind: z.literal('disk'), state: z.enum(['sound', 'failing']), sentence: z.string() }),
]);
export type DeskEvent = z.infer<typeof DeskEvent>;

/** A word's place in a picture, as a map of the picture's size: one channel, 255 = most. */
export const Selection = z.strictObject({ word: z.string(), map: Pixels }).readonly();
export type Selection = z.infer<typeof Selection>;
