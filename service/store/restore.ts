import { copyFile, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AttuneError } from '../../engine/index.ts';
import { makeFolder, naming, sha256OfFile, stageFile, syncFolder } from '../../native/files.ts';
import type { Folders } from '../../native/folders.ts';
import { BACKUP_FILES, BackupManifest, contentOf, copyChecked, isThere, pictureIn } from './backup.ts';
import { isDamage } from './failure.ts';
import { MIGRATIONS } from './migrations.ts';
import { putAside } from './salvage.ts';

export interface RestoreReport {
  readonly manifest: BackupManifest;
  /** Pictures that the backup lacks or that changed in it. */
  readonly lost: readonly string[];
  /** Where the store that was there lies now. */
  readonly replaced?: string;
  readonly settings: 'restored' | 'kept' | 'none';
}

export interface RestoreOptions {
  /** Whether a store that is there gives way; it is kept beside the restored one. */
  readonly replace: boolean;
}

/**
 * Puts a backup where Attune looks for its things. Pictures first, the store last and in one step: cut short, what was there is still
 * there. Settings that are there stay. Throws 'file-failed' for what is no whole backup, one of a later version, a store that is there
 * without `replace`, or an Attune that is open.
 */
export async function restore(
  from: string,
  { state, data, settings }: Pick<Folders, 'state' | 'data' | 'settings'>,
  { replace }: RestoreOptions,
): Promise<RestoreReport> {
  const folder = resolve(from);
  const manifest = await checkBackup(folder);
  const store = join(state, BACKUP_FILES.store);
  const hasStore = await isThere(store);
  if (hasStore && !replace)
    throw new AttuneError(
      'file-failed',
      `${store} exists already; add --force to put the backup in its place, and it is kept beside it.`,
      { file: store },
    );
  if (hasStore) mustBeClosed(store);
  const kept = join(folder, BACKUP_FILES.store);
  const lost: string[] = [];
  for (const sha256 of contentOf(kept).pictures)
    if ((await copyChecked(pictureIn(folder, sha256), pictureIn(data, sha256), sha256)) === undefined)
      lost.push(sha256);
  return naming(store, async () => {
    await makeFolder(state);
    const copy = `${store}.${process.pid}.restored`;
    try {
      await copyFile(kept, copy);
      if ((await sha256OfFile(copy)) !== manifest.store) throw changed(folder, BACKUP_FILES.store);
      const replaced = hasStore ? putAside(store, 'replaced') : undefined;
      await rm(`${store}-wal`, { force: true });
      await rename(copy, store);
      await syncFolder(state);
      return {
        manifest,
        lost,
        ...(replaced !== undefined && { replaced }),
        settings: await restoreSettings(join(folder, BACKUP_FILES.settings), join(settings, BACKUP_FILES.settings)),
      };
    } finally {
      await rm(copy, { force: true });
    }
  });
}

async function checkBackup(folder: string): Promise<BackupManifest> {
  const file = join(folder, BACKUP_FILES.manifest);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const read = BackupManifest.safeParse(text === undefined ? undefined : parsed(text));
  if (!read.success)
    throw new AttuneError(
      'file-failed',
      `${folder} is no backup of this Attune: it has no ${BACKUP_FILES.manifest} that can be read; give the folder that "attune backup" made.`,
      { file },
    );
  const manifest = read.data;
  if (manifest.form > MIGRATIONS.length)
    throw new AttuneError(
      'file-failed',
      `${folder} was made by a later version, Attune ${manifest.version}; install that version, then restore it.`,
      { file },
    );
  if ((await sha256OfFile(join(folder, BACKUP_FILES.store))) !== manifest.store)
    throw changed(folder, BACKUP_FILES.store);
  if (
    manifest.settings !== undefined &&
    (await sha256OfFile(join(folder, BACKUP_FILES.settings))) !== manifest.settings
  )
    throw changed(folder, BACKUP_FILES.settings);
  return manifest;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const changed = (folder: string, name: string) =>
  new AttuneError('file-failed', `${join(folder, name)} is not as it was backed up; use another backup.`, {
    file: join(folder, name),
  });

function mustBeClosed(store: string): void {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(store, { timeout: 0 });
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK;');
  } catch (cause) {
    // A damaged one may be why it is restored.
    if (isDamage(cause)) return;
    throw new AttuneError(
      'file-failed',
      `${store} is in use: Attune is open; close it, then restore.`,
      { file: store },
      cause,
    );
  } finally {
    db?.close();
  }
}

async function restoreSettings(from: string, to: string): Promise<RestoreReport['settings']> {
  if (!(await isThere(from))) return 'none';
  if (await isThere(to)) return 'kept';
  await (await stageFile(to, await readFile(from), { replace: false })).commit();
  return 'restored';
}
