import { readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { AttuneError } from '../../engine/index.ts';
import { isRunning, NameTaken, stageFile } from '../../native/files.ts';

const LOCK_NAME = '.attune-batch.lock';

/**
 * Keeps two processes from running batches into one folder; a lock of a process that is gone does not count, nor one of before the computer
 * started, whose number another process may have. It appears whole, so that none is read half. Returns the way to unlock.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, LOCK_NAME);
  const boot = await thisBoot();
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      const lock = await stageFile(path, Buffer.from(`${process.pid} ${boot}\n`), { replace: false });
      await lock.commit().finally(() => lock.discard());
      return () => unlink(path).catch(() => undefined);
    } catch (error) {
      if (!(error instanceof NameTaken)) throw error;
      const text = await readFile(path, 'utf8').catch(() => '');
      const [, owner = '', since = ''] = /^(\d+) (\S*)\n$/.exec(text) ?? [];
      if (owner !== '' && since === boot && isRunning(Number(owner)))
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

/** Told by Linux alone. */
const thisBoot = async (): Promise<string> =>
  (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
