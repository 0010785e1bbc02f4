import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AttuneError } from '../../engine/index.ts';
import { asFileFailure, isRunning } from '../../native/files.ts';

const LOCK_NAME = '.attune-batch.lock';

/** Keeps two processes from running batches into one folder; a lock of a process that is gone does not count. Returns the way to unlock. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, LOCK_NAME);
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return () => unlink(path).catch(() => undefined);
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      if (!isTaken) throw asFileFailure(error) ?? error;
      const owner = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10);
      if (owner > 0 && isRunning(owner))
        throw new AttuneError(
          'file-failed',
          `Another process (${owner}) runs a batch into ${folder}; wait for it or choose another folder.`,
          { file: folder },
        );
      await unlink(path).catch(() => undefined);
    }
  }
  throw new AttuneError('file-failed', `${folder} cannot be locked; choose another folder.`, { file: folder });
}
