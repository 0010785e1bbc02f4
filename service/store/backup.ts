import { constants } from 'node:fs';
import { copyFile, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { AttuneError, throwIfCancelled } from '../../engine/index.ts';
import { makeFolder, naming, sha256OfFile, stageFile, syncFolder } from '../../native/files.ts';
import type { Folders } from '../../native/folders.ts';
import { snapshot } from './snapshot.ts';

/** What a backup holds besides its pictures. */
export const BACKUP_FILES = { manifest: 'backup.json', store: 'attune.sqlite', settings: 'settings.json' } as const;

export const BackupManifest = z.strictObject({
  schema: z.literal('attune-backup/1'),
  /** The version of Attune that made it. */
  version: z.string(),
  createdMs: z.number(),
  /** The form of the store, its `user_version`. */
  form: z.int().min(0),
  /** Digests of the files in it, the settings' where there were some. */
  store: z.string(),
  settings: z.string().exactOptional(),
  counts: z.strictObject({ results: z.int(), jobs: z.int(), pictures: z.int() }),
});
export type BackupManifest = z.infer<typeof BackupManifest>;

export interface BackupReport {
  /** The folder that holds it, as an absolute path. */
  readonly folder: string;
  readonly manifest: BackupManifest;
  readonly bytes: number;
  /** Pictures that the store names and the disk does not have as they were: in no backup. */
  readonly lost: readonly string[];
}

export const pictureIn = (folder: string, sha256: string): string => join(folder, 'media', sha256.slice(0, 2), sha256);

/**
 * Copies store, pictures and settings into a new folder, also while Attune is open, and reads every file again. The folder appears whole
 * or not at all. Throws 'file-failed' where something has that name, nothing is stored yet or the disk refuses, and
 * 'cancelled'.
 */
export async function backUp(
  { state, data, settings }: Pick<Folders, 'state' | 'data' | 'settings'>,
  to: string,
  { version, signal }: { readonly version: string; readonly signal?: AbortSignal },
): Promise<BackupReport> {
  const folder = resolve(to);
  await mustBeFree(folder);
  const store = join(state, BACKUP_FILES.store);
  if (!(await isThere(store)))
    throw new AttuneError('file-failed', `There is nothing to back up: ${store} does not exist.`, { file: store });
  const partial = join(dirname(folder), `.${basename(folder)}.${process.pid}.partial`);
  await makeFolder(partial);
  try {
    const copy = join(partial, BACKUP_FILES.store);
    await snapshot(store, copy);
    await synced(copy);
    const { form, pictures, counts } = contentOf(copy);
    // A picture is on the disk before its row, and never changes: what the copied rows name is there.
    let bytes = (await stat(copy)).size;
    const lost: string[] = [];
    for (const sha256 of pictures) {
      throwIfCancelled(signal);
      const size = await copyChecked(pictureIn(data, sha256), pictureIn(partial, sha256), sha256);
      if (size === undefined) lost.push(sha256);
      else bytes += size;
    }
    const own = await readFile(join(settings, BACKUP_FILES.settings)).catch(() => undefined);
    if (own !== undefined) await written(join(partial, BACKUP_FILES.settings), own);
    const manifest: BackupManifest = {
      schema: 'attune-backup/1',
      version,
      createdMs: Date.now(),
      form,
      store: await sha256OfFile(copy),
      ...(own !== undefined && { settings: await sha256OfFile(join(partial, BACKUP_FILES.settings)) }),
      counts: { ...counts, pictures: pictures.length - lost.length },
    };
    await written(join(partial, BACKUP_FILES.manifest), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
    await naming(folder, async () => {
      await mustBeFree(folder);
      await rename(partial, folder);
      await syncFolder(dirname(folder));
    });
    return { folder, manifest, bytes, lost };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

async function mustBeFree(folder: string): Promise<void> {
  if (await isThere(folder))
    throw new AttuneError('file-failed', `${folder} exists already; give the name of a folder that does not.`, {
      file: folder,
    });
}

export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** What a closed store holds. */
export function contentOf(file: string) {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const count = (table: string) => Number(db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);
    return {
      form: Number(db.prepare('PRAGMA user_version').get()?.user_version),
      pictures: db
        .prepare('SELECT sha256 FROM media ORDER BY sha256')
        .all()
        .map(({ sha256 }) => String(sha256)),
      counts: { results: count('history'), jobs: count('jobs') },
    };
  } finally {
    db.close();
  }
}

/**
 * Copies a picture and reads the copy again. Returns its size; undefined where it is not there or not what its name says. A copy that is there
 * already stays.
 */
export async function copyChecked(from: string, to: string, sha256: string): Promise<number | undefined> {
  return naming(to, async () => {
    if (!(await isThere(from))) return undefined;
    await makeFolder(dirname(to));
    if (!(await isThere(to))) await copyFile(from, to, constants.COPYFILE_FICLONE);
    if ((await sha256OfFile(to)) !== sha256) {
      await rm(to, { force: true });
      return undefined;
    }
    await synced(to);
    return (await stat(to)).size;
  });
}

async function synced(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
}

async function written(path: string, bytes: Uint8Array): Promise<void> {
  await (await stageFile(path, bytes, { replace: false })).commit();
}
