import { readdir, readFile, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type BatchJob,
  type BatchTable,
  EditRecord,
  type MethodDescription,
  Size,
  type UserError,
} from '../../contract/index.ts';
import { AttuneError, type ImageCodec, type Pixels, throwIfCancelled, writeMetadata } from '../../engine/index.ts';
import { encodeAnimation } from '../../native/animation.ts';
import { makeFolder, NameTaken, naming, sha256Of, stageFile, sweepFolder } from '../../native/files.ts';
import type { RequestCheck } from './expand.ts';
import type { ExpandedJob } from './job.ts';
import {
  type BatchFile,
  JOURNAL_NAME,
  type Journal,
  type JournalEntry,
  type JournalHead,
  openJournal,
  readJournal,
} from './journal.ts';
import { lockFolder } from './lock.ts';
import { MANIFEST_NAMES, type ManifestEntry, writeManifest } from './manifest.ts';
import { nameJobs, safeStem } from './names.ts';
import { type Prepared, prepareTable } from './prepare.ts';

/** What a job gives: the engine's `RunResult` is one. */
export interface JobResult {
  /** The frames; one of a picture. */
  readonly images: readonly Pixels[];
  /** Frames a second; absent for a picture. */
  readonly fps?: number;
  /** How long each frame of a video is shown, where that differs. */
  readonly seconds?: readonly number[];
  readonly maps: readonly { readonly word: string; readonly image: Pixels; readonly frame?: number }[];
  readonly record: EditRecord;
  readonly warnings: readonly string[];
}

export interface BatchProgress {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  /** The job this is about, from 0, and what became of it. */
  readonly job: number;
  readonly status: 'running' | 'done' | 'failed';
  /** Path of a picture that is safely on disk, relative to the folder. */
  readonly file?: string;
  readonly error?: UserError;
  /** Expected time to the end; absent before the first job of this run. */
  readonly etaMs?: number;
}

export interface BatchOptions {
  readonly table: BatchTable;
  readonly folder: string;
  readonly methods: readonly MethodDescription[];
  /** Absent: the form of the table alone is judged before its jobs run. */
  readonly check?: RequestCheck;
  /** Makes the table's jobs; elsewhere than here where a table may be large and others wait. */
  readonly prepare?: (table: BatchTable, methods: readonly MethodDescription[]) => Promise<Prepared>;
  /** Where the table's pictures lie, by SHA-256: with it the journal keeps all that a resume needs. */
  readonly paths?: ReadonlyMap<string, string>;
  /** Runs one job. What it throws fails the job, except 'cancelled', which ends the run. */
  readonly runJob: (job: BatchJob, signal: AbortSignal | undefined) => Promise<JobResult>;
  readonly codec: ImageCodec;
  /** What a user is told of anything that a job throws. */
  readonly explain: (error: unknown) => UserError;
  readonly onProgress?: (progress: BatchProgress) => void;
  readonly signal?: AbortSignal;
  /** Whether to go on with the batch of the folder. */
  readonly resume: boolean;
}

export interface BatchOutcome {
  readonly state: 'finished' | 'cancelled';
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly jobs: readonly ManifestEntry[];
}

/** Everything a batch knows between two jobs. */
interface Course {
  readonly options: BatchOptions;
  readonly jobs: readonly ExpandedJob[];
  readonly files: readonly string[];
  readonly journal: Journal;
  readonly entries: ManifestEntry[];
}

type Ready = Extract<JournalEntry, { kind: 'ready' }>;

/**
 * Runs a table into a folder, or goes on where an earlier run stopped. A result is told only after its bytes, its name and its line in the
 * journal are on disk; a job that was told never runs again, and one that was not runs again to the same bytes. Failed jobs are tried
 * again by a resume. Throws AttuneError when nothing can run: a table with problems, a folder that cannot be written.
 */
export async function runBatch(options: BatchOptions): Promise<BatchOutcome> {
  const { folder, table, resume } = options;
  await makeFolder(resolve(folder));
  const unlock = await lockFolder(folder);
  let journal: Journal | undefined;
  try {
    await naming(folder, () => sweepFolder(folder));
    const path = join(folder, JOURNAL_NAME);
    const found = await readJournal(path);
    const head = found?.entries[0]?.kind === 'batch' ? found.entries[0] : undefined;
    const isFinished = found?.entries.at(-1)?.kind === 'finished';
    if (head && !resume && !isFinished) throw unfinished(folder);
    const { jobs, fingerprint } = await jobsOf(options, resume ? head?.seed : undefined);
    if (head && resume && head.fingerprint !== fingerprint) throw changed(folder);
    const goesOn = head !== undefined && resume;
    if (head && !resume) await archive(folder, head.startedMs);
    const start: JournalHead = goesOn
      ? head
      : {
          kind: 'batch',
          version: 1,
          name: table.name,
          fingerprint,
          total: jobs.length,
          startedMs: Date.now(),
          seed: table.base.seed ?? 0,
          ...(options.paths && { origin: { table, paths: Object.fromEntries(options.paths) } }),
          taken: (await naming(folder, () => readdir(folder))).filter(
            (name) => name !== JOURNAL_NAME && !name.startsWith('.attune-'),
          ),
        };
    journal = await openJournal(path, folder, goesOn ? (found?.bytes ?? 0) : 0);
    if (!goesOn) await journal.append(start);
    const files = nameJobs(jobs, { ...table.export, startedMs: start.startedMs, taken: start.taken });
    const entries = jobs.map(
      ({ row, request }, job): ManifestEntry => ({ job, row, request, status: 'waiting', file: files[job]! }),
    );
    const course: Course = { options, jobs, files, journal, entries };
    if (goesOn) await recall(course, found?.entries ?? []);
    return await runAll(course, isFinished && goesOn);
  } finally {
    await journal?.close();
    await unlock();
  }
}

/** What the batch of a folder began with: its seed and, where the journal keeps them, its table and the places of its pictures. */
export async function batchIn(folder: string): Promise<Pick<JournalHead, 'seed' | 'origin'> | undefined> {
  const [head] = (await readJournal(join(folder, JOURNAL_NAME)))?.entries ?? [];
  return head?.kind === 'batch' ? head : undefined;
}

async function jobsOf({ table, methods, check, prepare }: BatchOptions, seed: number | undefined): Promise<Prepared> {
  const seeded =
    table.base.seed === undefined && seed !== undefined ? { ...table, base: { ...table.base, seed } } : table;
  const prepared = prepare === undefined ? prepareTable(seeded, methods, check) : await prepare(seeded, methods);
  const [first, ...others] = prepared.problems;
  if (!first) return prepared;
  const more = others.length > 0 ? ` And ${others.length} more.` : '';
  throw new AttuneError('request-invalid', `${table.name} cannot be run. ${first.message}${more}`, {
    file: table.name,
    field: first.field,
  });
}

/** What earlier runs did. A job whose files got their names but not their last line is finished here. */
async function recall(course: Course, journal: readonly JournalEntry[]): Promise<void> {
  const ready = new Map<number, Ready>();
  const done = new Set<number>();
  for (const entry of journal) {
    if (entry.kind === 'ready') ready.set(entry.job, entry);
    if (entry.kind === 'done') done.add(entry.job);
  }
  for (const entry of ready.values()) {
    if (course.entries[entry.job] === undefined || !(await areThere(course.options.folder, entry.files))) continue;
    // Without its line it was never told; a job whose files were deleted since runs again.
    if (!done.has(entry.job)) await course.journal.append({ kind: 'done', job: entry.job });
    course.entries[entry.job] = finishedEntry(course.entries[entry.job]!, entry);
  }
}

async function areThere(folder: string, files: readonly BatchFile[]): Promise<boolean> {
  for (const { name, sha256 } of files) {
    const bytes = await readFile(join(folder, name)).catch(() => undefined);
    if (bytes === undefined || sha256Of(bytes) !== sha256) return false;
  }
  return true;
}

function finishedEntry(entry: ManifestEntry, { files, result }: Ready): ManifestEntry {
  const [main, ...maps] = files;
  const read = result as { record?: unknown; size?: unknown; warnings?: readonly string[] };
  const record = EditRecord.safeParse(read.record);
  const size = Size.safeParse(read.size);
  const { error: _error, ...rest } = entry;
  return {
    ...rest,
    status: 'done',
    file: main?.name ?? entry.file,
    ...(main && { sha256: main.sha256, bytes: main.bytes }),
    ...(maps.length > 0 && { maps: maps.map(({ name }) => name) }),
    ...(size.success && { size: size.data }),
    ...(record.success && { record: record.data }),
    ...(read.warnings && read.warnings.length > 0 && { warnings: read.warnings }),
  };
}

async function runAll(course: Course, wasFinished: boolean): Promise<BatchOutcome> {
  const { options, entries, journal } = course;
  const startMs = performance.now();
  let ran = 0;
  const count = (status: ManifestEntry['status']) => entries.filter((entry) => entry.status === status).length;
  const tally = { total: entries.length, done: count('done'), failed: 0 };
  const tell = (job: number, more: Pick<BatchProgress, 'status' | 'file' | 'error'>) => {
    const left = tally.total - tally.done - tally.failed;
    const eta = ran === 0 ? {} : { etaMs: ((performance.now() - startMs) / ran) * left };
    options.onProgress?.({ ...tally, ...eta, job, ...more });
  };
  let state: BatchOutcome['state'] = 'finished';
  let stop: unknown;
  for (const [job, entry] of entries.entries()) {
    if (entry.status === 'done') continue;
    tell(job, { status: 'running' });
    try {
      const result = await attempt(course, job);
      if ('error' in result) {
        await journal.append({ kind: 'failed', job, error: result.error });
        entries[job] = { ...entry, status: 'failed', error: result.error };
        tally.failed++;
        ran++;
        tell(job, { status: 'failed', error: result.error });
      } else {
        entries[job] = result;
        tally.done++;
        ran++;
        tell(job, { status: 'done', file: result.file });
      }
    } catch (error) {
      state = 'cancelled';
      // A full disk would fail every job behind it as well: the run ends, and can go on later.
      if (!isCancelled(error)) stop = error;
      break;
    }
  }
  if (state === 'finished' && !(wasFinished && ran === 0)) await journal.append({ kind: 'finished' });
  const outcome = { state, ...tally, jobs: entries };
  await writeManifest(options.folder, { name: options.table.name, ...tally, jobs: entries }).catch((error: unknown) => {
    throw stop ?? error;
  });
  if (stop !== undefined) throw stop;
  return outcome;
}

/** Runs a job and puts its files on disk. Throws what must end the batch. */
async function attempt(course: Course, job: number): Promise<ManifestEntry | { readonly error: UserError }> {
  const { options, jobs, files } = course;
  const { row, request } = jobs[job]!;
  throwIfCancelled(options.signal);
  let made: { readonly name: string; readonly bytes: Uint8Array }[];
  let result: JobResult;
  try {
    result = await options.runJob({ row, request, file: files[job]! }, options.signal);
    made = await encodeResult(result, files[job]!, options);
  } catch (error) {
    if (isCancelled(error)) throw error;
    return { error: options.explain(error) };
  }
  throwIfCancelled(options.signal);
  return store(course, job, made, result);
}

/** A picture in the format of the batch with a map for each word; a video as animated WebP with a folder of maps for each. */
async function encodeResult(result: JobResult, file: string, { codec, table }: BatchOptions) {
  const stem = file.replace(/\.\w+$/, '');
  const { name, format, encoded } =
    result.fps === undefined
      ? await encodePicture(result, file, codec, table.export)
      : { name: `${stem}.webp`, format: 'webp' as const, encoded: await encodeFrames(result, result.fps) };
  const bytes = table.export.withMetadata ? writeMetadata(encoded, format, result.record).bytes : encoded;
  const made = [{ name, bytes }];
  const names = new Map<string, string>();
  const said = new Map<string, number>();
  for (const { word, frame = 0, image } of result.maps) {
    const count = (said.get(`${frame} ${word}`) ?? 0) + 1;
    said.set(`${frame} ${word}`, count);
    const key = `${count} ${word}`;
    const map = names.get(key) ?? freshName(safeStem(word).slice(0, 40), [...names.values()]);
    names.set(key, map);
    const place = result.fps === undefined ? map : `${map}/${String(frame + 1).padStart(6, '0')}`;
    made.push({ name: `${stem}-maps/${place}.png`, bytes: await codec.encode(image, 'png') });
  }
  return made;
}

async function encodePicture(
  { images: [image] }: JobResult,
  name: string,
  codec: ImageCodec,
  { format, quality }: BatchTable['export'],
) {
  if (!image) throw new AttuneError('runtime-failed', 'The job gave no picture.');
  return { name, format, encoded: await codec.encode(image, format, quality) };
}

const encodeFrames = ({ images, seconds }: JobResult, fps: number): Promise<Uint8Array> =>
  encodeAnimation({ frames: images, fps, ...(seconds && { seconds }) }, 'webp');

function freshName(name: string, taken: readonly string[]): string {
  const isTaken = (one: string) => taken.some((other) => other.toLowerCase() === one.toLowerCase());
  let fresh = name;
  for (let count = 2; isTaken(fresh); count++) fresh = `${name}-${count}`;
  return fresh;
}

/** Temporary files, the journal's word for them, their names, the journal's word that they have them. */
async function store(
  course: Course,
  job: number,
  made: readonly { name: string; bytes: Uint8Array }[],
  result: JobResult,
): Promise<ManifestEntry> {
  const { options, journal, entries } = course;
  const [main, ...others] = made;
  const [image] = result.images;
  const size = image && { width: image.width, height: image.height };
  for (let count = 1; ; count++) {
    const name = count === 1 ? main!.name : main!.name.replace(/(\.\w+)$/, `~${count}$1`);
    const files = [{ ...main!, name }, ...others];
    const staged = [];
    try {
      // Maps belong to this batch alone and may be left from a killed run; a picture of somebody else is never replaced.
      for (const file of files.toReversed())
        staged.push(await stageFile(join(options.folder, file.name), file.bytes, { replace: file.name !== name }));
      const ready: Ready = {
        kind: 'ready',
        job,
        files: files.map((file) => ({ name: file.name, sha256: sha256Of(file.bytes), bytes: file.bytes.length })),
        result: JSON.parse(JSON.stringify({ record: result.record, size, warnings: result.warnings })),
      };
      await journal.append(ready);
      for (const file of staged) await file.commit();
      await journal.append({ kind: 'done', job });
      return finishedEntry(entries[job]!, ready);
    } catch (error) {
      if (!(error instanceof NameTaken) || count > 1000) throw error;
    } finally {
      await Promise.all(staged.map((file) => file.discard()));
    }
  }
}

/** A finished batch makes room for a new one; its papers stay beside it. */
async function archive(folder: string, startedMs: number): Promise<void> {
  const mark = new Date(startedMs).toISOString().replace(/\D/g, '').slice(0, 17);
  for (const name of [...MANIFEST_NAMES, JOURNAL_NAME])
    await naming(join(folder, name), () =>
      rename(join(folder, name), join(folder, name.replace('.', `-${mark}.`))).catch((error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      }),
    );
}

const isCancelled = (error: unknown) => error instanceof AttuneError && error.kind === 'cancelled';

function unfinished(folder: string): AttuneError {
  const way = 'resume it, or choose another folder';
  return new AttuneError('file-failed', `${folder} holds a batch that is not finished; ${way}.`, {
    file: folder,
    field: 'resume',
  });
}

function changed(folder: string): AttuneError {
  const way = 'give the table, base values and format that it began with, or choose another folder';
  return new AttuneError(
    'request-invalid',
    `${folder} holds a batch of another table, which cannot be resumed with this one; ${way}.`,
    { file: folder },
  );
}
