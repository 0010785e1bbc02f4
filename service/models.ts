import { createHash } from 'node:crypto';
import { createReadStream, type Stats, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { ModelCheck, ModelInfo, ModelList } from '../contract/index.ts';
import { AttuneError, type CatalogEntry, type Engine, noCheckpoint, reportLines } from '../engine/index.ts';

/** What can be said of the checkpoints of this machine. */
export interface Models {
  list(): ModelList;
  /** Throws 'checkpoint-incomplete' for a name that is not listed. */
  entry(ref: string): CatalogEntry;
  check(ref: string): Promise<ModelCheck>;
}

/** Larger files are not hashed: at half a gigabyte a second, nobody waits for more. */
const HASHED_UP_TO_BYTES = 1024 * 1024 * 1024;

/** @param engine asked each time: the places it looks at may change */
export function openModels(engine: () => Engine): Models {
  const known = new Map<string, { readonly stamp: number; readonly info: ModelInfo }>();
  const entry = (ref: string) => {
    const entries = engine().listModels();
    const found = entries.find((candidate) => candidate.ref === ref);
    if (found !== undefined) return found;
    throw noCheckpoint(ref, 'it is none of', entries, engine().lostFolders());
  };
  return {
    entry,
    list: () => ({
      models: engine()
        .listModels()
        .map((found) => {
          const stamp = stampOf(found.folder);
          const cached = known.get(found.folder);
          if (cached?.stamp === stamp && cached.info.ref === found.ref) return cached.info;
          const info = describe(engine(), found);
          known.set(found.folder, { stamp, info });
          return info;
        }),
      lostFolders: [...engine().lostFolders()],
    }),
    async check(ref) {
      const { folder } = entry(ref);
      const { isSound, lines } = soundness(engine(), folder);
      const files = await filesOf(folder);
      return {
        isSound: isSound && files.every(({ problem }) => problem === undefined),
        lines: lines.map((line) => line.replaceAll(folder, ref)),
        files,
      };
    },
  };
}

function describe(engine: Engine, { ref, title, folder, origin }: CatalogEntry): ModelInfo {
  const kind = ref.startsWith('embedded/') ? 'embedded' : origin === undefined ? 'folder' : 'hub-cache';
  // Where the application keeps its own is nobody's business: nothing can be done there.
  const about = { ref, title, kind, ...(kind === 'embedded' ? {} : { place: folder }) } as const;
  try {
    const report = engine.inspect(folder);
    const notes = [
      ...report.missing.map(
        ({ file, tensor }) => `${file}${tensor === undefined ? '' : ` lacks ${tensor}`} is missing.`,
      ),
      ...report.faults.map(({ message }) => message),
    ];
    if (notes.length > 0)
      return { ...about, isRunnable: false, notes, weightBytes: report.bytesOnDisk, hasVocabulary: false };
    const model = engine.model(ref);
    const { width, height, frames, fps, steps } = model.defaults;
    const peak = report.memory.usual?.peakBytes;
    return {
      ...about,
      family: model.family.id,
      isRunnable: true,
      makes: model.makes,
      ...(fps === undefined ? {} : { clip: { frames, fps } }),
      notes,
      weightBytes: report.bytesOnDisk,
      ...(peak === undefined ? {} : { peakBytes: Math.round(peak) }),
      defaults: {
        size: { width, height },
        regionSizes: [...engine.regionSizes(ref)],
        steps,
        methods: Object.fromEntries(Object.entries(engine.defaults(ref)).map(([id, values]) => [id, { ...values }])),
      },
      hasVocabulary: model.vocabulary !== undefined,
    };
  } catch (error) {
    if (!(error instanceof AttuneError)) throw error;
    return { ...about, isRunnable: false, notes: [error.message], weightBytes: 0, hasVocabulary: false };
  }
}

function soundness(engine: Engine, folder: string): Pick<ModelCheck, 'isSound' | 'lines'> {
  try {
    const report = engine.inspect(folder);
    const lines = [...reportLines(report)];
    const isWhole = report.form === 'model' && report.missing.length === 0 && report.faults.length === 0;
    if (!isWhole) return { isSound: false, lines };
    // What only opening it finds: tokenizers, the scheduler, its own settings, networks that do not fit together.
    engine.defaults(folder);
    return { isSound: true, lines };
  } catch (error) {
    if (!(error instanceof AttuneError)) throw error;
    return { isSound: false, lines: [error.message] };
  }
}

async function filesOf(folder: string): Promise<ModelCheck['files']> {
  const names = await readdir(folder, { recursive: true });
  const files: ModelCheck['files'] = [];
  for (const name of names.sort()) {
    const path = join(folder, name);
    const shown = relative(folder, path).split(sep).join('/');
    const status: Stats | undefined = await stat(path).catch(() => undefined);
    if (status?.isDirectory()) continue;
    if (status === undefined) files.push({ path: shown, bytes: 0, problem: 'The link leads to nothing.' });
    else if (status.size > HASHED_UP_TO_BYTES) files.push({ path: shown, bytes: status.size });
    else files.push(await hashed(path, shown, status.size));
  }
  return files;
}

async function hashed(path: string, shown: string, bytes: number): Promise<ModelCheck['files'][number]> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array); // a stream of bytes
    return { path: shown, bytes, sha256: hash.digest('hex') };
  } catch (error) {
    return { path: shown, bytes, problem: `It cannot be read: ${error instanceof Error ? error.message : 'unknown'}.` };
  }
}

function stampOf(folder: string): number {
  return ['', 'attune.json', 'model_index.json', 'vocabulary.json'].reduce((sum, name) => {
    // A folder may go between two looks, or be one that cannot be read.
    try {
      return sum + statSync(join(folder, name)).mtimeMs;
    } catch {
      return sum;
    }
  }, 0);
}
