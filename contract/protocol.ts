import { z } from 'zod';
import { JobId, RunEvent } from './event.ts';
import { MediaRef, Pixels, Sha256 } from './media.ts';
import { MethodDescription } from './method.ts';
import { EditRequest, Region, Size } from './request.ts';
import {
  BatchPlan,
  BatchState,
  BatchTable,
  ExportOptions,
  HistoryEntry,
  Imported,
  JobEstimate,
  LostFolder,
  MediaInfo,
  ModelCheck,
  ModelInfo,
  ModelList,
  Placement,
  PromptReading,
  ProviderFigure,
  QueueState,
  Selection,
  Settings,
  Timeline,
} from './session.ts';
import { Vocabulary } from './vocabulary.ts';

/** Largest file that is taken as a picture. */
export const MAX_MEDIA_BYTES = 512 * 1024 * 1024;

/** Frames of a clip that is edited. */
export const MAX_CLIP_FRAMES = 10_000;
/** Largest file that is taken as a table. */
export const MAX_TABLE_BYTES = 64 * 1024 * 1024;
/** Most bytes of a call's JSON, byte arrays apart; a table is the only call that comes near. */
export const MAX_CALL_JSON_BYTES = 96 * 1024 * 1024;
/** Largest entry of the editor's journal. */
const MAX_JOURNAL_BYTES = 64 * 1024 * 1024;

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes');
const fileName = MediaRef.unwrap().shape.name;
const nothing = z.strictObject({});
/** Who may call: `anyone` who was let in, or only the desktop `shell`, since the call names places on the disk. */
type Caller = 'anyone' | 'shell';
const call = <In extends z.ZodType, Out extends z.ZodType>(params: In, result: Out, caller: Caller = 'anyone') => ({
  params,
  result,
  caller,
});

/**
 * Every call of the editor: name -> what is asked and what is answered. No call takes a path or a URL; the shell's calls take grants,
 * ids that the shell gave out for paths which the user chose in a dialog.
 */
export const CALLS = {
  /** First call of every connection. `sample` is the picture and prompts that wait in an empty editor. */
  hello: call(
    nothing,
    z.strictObject({
      version: z.string(),
      methods: z.array(MethodDescription),
      models: z.array(ModelInfo),
      lostFolders: z.array(LostFolder),
      settings: Settings,
      queue: QueueState,
      /** What the running job has told so far that still holds: its stage or step, its last preview, its maps. */
      run: z.array(z.strictObject({ job: JobId, event: RunEvent })),
      batches: z.array(BatchState),
      sample: z.strictObject({ source: MediaInfo, request: EditRequest }),
    }),
  ),
  words: call(z.strictObject({ checkpoint: z.string() }), z.strictObject({ vocabulary: Vocabulary.nullable() })),
  read: call(z.strictObject({ checkpoint: z.string(), text: z.string().max(20_000) }), PromptReading),
  estimate: call(
    z.strictObject({
      request: EditRequest,
      /** Where a mask as large as the source, which is not in the store yet, lets it change. */
      painted: Region.exactOptional(),
    }),
    JobEstimate,
  ),
  /** Where an edit of a picture would work, and at which size. */
  place: call(
    z.strictObject({
      checkpoint: z.string(),
      source: Size,
      /** Absent: placed by itself. */
      region: Region.exactOptional(),
      /** Where a mask lets the picture change. */
      painted: Region.exactOptional(),
    }),
    Placement,
  ),
  /** How the video of a request divides; null for a method that takes no prompts one after the other. */
  timeline: call(z.strictObject({ request: EditRequest }), z.strictObject({ timeline: Timeline.nullable() })),

  'media.put': call(z.strictObject({ name: fileName, bytes }), MediaInfo),
  /** Stores pixels as PNG: masks that were painted. */
  'media.putPixels': call(z.strictObject({ name: fileName, pixels: Pixels }), MediaInfo),
  /** Stores frames without loss, as animated WebP: clips that the editor read from a film. */
  'media.putFrames': call(
    z.strictObject({
      name: fileName,
      frames: z.array(Pixels).min(2).max(MAX_CLIP_FRAMES),
      /** Frames a second. */
      fps: z.number().positive().max(1000),
    }),
    MediaInfo,
  ),
  /** What is stored under a reference. */
  'media.info': call(z.strictObject({ ref: MediaRef }), MediaInfo),
  /** The stored file, or with `side` a PNG no larger than that on either side. */
  'media.get': call(
    z.strictObject({ sha256: Sha256, side: z.int().min(16).max(4096).exactOptional() }),
    z.strictObject({
      type: z.enum([
        'image/png',
        'image/jpeg',
        'image/webp',
        'image/avif',
        'image/tiff',
        'image/gif',
        'video/mp4',
        'video/webm',
      ]),
      bytes,
    }),
  ),
  /** What a file says of its making; the file itself is stored as by `media.put` where it is a picture. */
  import: call(
    z.strictObject({ name: fileName, bytes }),
    z.strictObject({ media: MediaInfo.nullable(), imported: Imported.nullable() }),
  ),
  /** Where a word is in a picture. `prompt` says what the picture shows; absent: the word alone. */
  select: call(
    z.strictObject({
      checkpoint: z.string(),
      source: MediaRef,
      word: z.string().min(1).max(200),
      /** The part that is looked at; absent: the whole. */
      region: Region.exactOptional(),
      prompt: z.string().max(20_000).exactOptional(),
    }),
    Selection,
  ),

  /** Answered once the job is on disk. */
  'jobs.submit': call(
    z.strictObject({ request: EditRequest, isFirst: z.boolean().exactOptional() }),
    z.strictObject({ job: JobId }),
  ),
  /** Answers at once; a step that cannot be interrupted is ended with its process. */
  'jobs.cancel': call(z.strictObject({ job: JobId }), nothing),
  /** Puts a failed or cancelled job into the queue again. */
  'jobs.retry': call(z.strictObject({ job: JobId }), nothing),
  /** Takes a job that waits, failed or was cancelled out of the list. */
  'jobs.remove': call(z.strictObject({ job: JobId }), nothing),
  /** Puts a waiting job before another one; `before` absent: to the end. */
  'jobs.move': call(z.strictObject({ job: JobId, before: JobId.exactOptional() }), nothing),
  'queue.pause': call(nothing, nothing),
  'queue.resume': call(nothing, nothing),
  /** Takes out everything that waits. */
  'queue.clear': call(nothing, nothing),
  /** Starts an engine that stopped after three crashes. */
  'engine.start': call(nothing, nothing),

  /** Newest first; `before` is an entry to go on from. */
  'history.list': call(
    z.strictObject({ limit: z.int().min(1).max(500), before: JobId.exactOptional() }),
    z.strictObject({ entries: z.array(HistoryEntry) }),
  ),
  /** Kept for some weeks, from where `history.restore` brings it back. */
  'history.remove': call(z.strictObject({ id: JobId }), nothing),
  'history.restore': call(z.strictObject({ id: JobId }), nothing),
  /** A result as a file to download. */
  export: call(
    z.strictObject({ id: JobId, options: ExportOptions }),
    z.strictObject({ name: z.string(), type: z.string(), bytes, notices: z.array(z.string()) }),
  ),
  /** A video as an animation to download; film formats are made where they are watched, by the browser's own codecs. */
  'export.video': call(
    z.strictObject({ id: JobId, format: z.enum(['webp', 'gif']), withMetadata: z.boolean() }),
    z.strictObject({ name: z.string(), type: z.string(), bytes, notices: z.array(z.string()) }),
  ),
  /** What the file would be called. */
  'export.name': call(z.strictObject({ id: JobId, options: ExportOptions }), z.strictObject({ name: z.string() })),
  /** What a film of a result says in its container: title, the text of other tools, our record. */
  'export.tags': call(
    z.strictObject({ id: JobId }),
    z.strictObject({ title: z.string(), comment: z.string(), description: z.string() }),
  ),
  /** A result written to where the user said in a dialog. */
  'export.save': call(
    z.strictObject({ id: JobId, options: ExportOptions, grant: JobId }),
    z.strictObject({ name: z.string(), notices: z.array(z.string()) }),
    'shell',
  ),

  /** A file that the window made, a film, written to where the user said in a dialog. */
  'export.saveFile': call(
    z.strictObject({ name: fileName, bytes, grant: JobId }),
    z.strictObject({ name: z.string(), notices: z.array(z.string()) }),
    'shell',
  ),

  'batch.plan': call(z.strictObject({ table: BatchTable }), BatchPlan),
  /** Rows of a CSV, JSON or text file in any encoding, and what should be known of how it was read. */
  'batch.parse': call(
    z.strictObject({ name: fileName, bytes: bytes.refine(({ length }) => length <= MAX_TABLE_BYTES) }),
    z.strictObject({ rows: BatchTable.unwrap().shape.rows, notes: z.array(z.string()) }),
  ),
  'batch.start': call(z.strictObject({ table: BatchTable }), z.strictObject({ batch: JobId })),
  'batch.pause': call(z.strictObject({ batch: JobId }), nothing),
  'batch.resume': call(z.strictObject({ batch: JobId }), nothing),
  'batch.cancel': call(z.strictObject({ batch: JobId }), nothing),
  /** All files of a batch with its manifest as one ZIP, written to where the user said in a dialog; a browser downloads it instead. */
  'batch.save': call(z.strictObject({ batch: JobId, grant: JobId }), z.strictObject({ name: z.string() }), 'shell'),

  /** The editor's own journal: opaque entries in order, each durable when it was answered. */
  'journal.read': call(
    /** A mark that an earlier answer ended with. */
    z.strictObject({ after: z.int().min(0).exactOptional() }),
    /** A page of some megabytes; `next` is there while there is more. */
    z.strictObject({ entries: z.array(bytes), next: z.int().min(0).exactOptional() }),
  ),
  'journal.append': call(
    z.strictObject({ entries: z.array(bytes.refine((entry) => entry.length <= MAX_JOURNAL_BYTES)).max(1000) }),
    nothing,
  ),
  /** Puts `entries` in place of everything, in one step. */
  'journal.replace': call(z.strictObject({ entries: z.array(bytes).max(1000) }), nothing),

  'models.list': call(nothing, ModelList),
  'models.check': call(z.strictObject({ ref: z.string() }), ModelCheck),
  'models.addFolder': call(z.strictObject({ grant: JobId }), ModelList, 'shell'),
  /** `ref` is a checkpoint's, or a lost folder as the list has it. */
  'models.removeFolder': call(z.strictObject({ ref: z.string() }), ModelList, 'shell'),
  'settings.set': call(
    z.strictObject({ settings: Settings.unwrap().omit({ modelFolders: true }).partial() }),
    z.strictObject({ settings: Settings }),
  ),
  /** Runs the small graph on every provider. */
  'providers.measure': call(nothing, z.strictObject({ providers: z.array(ProviderFigure) })),
} as const;

export type Calls = typeof CALLS;
export type CallName = keyof Calls;
export type CallParams<Name extends CallName> = z.input<Calls[Name]['params']>;
export type CallResult<Name extends CallName> = z.output<Calls[Name]['result']>;
