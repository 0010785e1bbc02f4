import { copyFile, open, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { AttuneError } from '../../engine/index.ts';
import { naming, sha256OfFile } from '../../native/files.ts';

const ATTEMPTS = 30;
const PAUSE_MS = 100;

/**
 * Copies a database as it is at one moment into the file `to`, also while another process holds it open. That process lets nobody ask it through
 * SQLite, so the file and its log are copied: they belong together where neither the file nor the log's beginning changed
 * meanwhile. What the log has beyond its last whole transaction SQLite leaves out. Throws 'file-failed' where it was written to all the
 * time, or is damaged.
 */
export async function snapshot(file: string, to: string): Promise<void> {
  await naming(file, async () => {
    for (let attempt = 1; !(await copied(file, to)); attempt += 1) {
      if (attempt === ATTEMPTS)
        throw new AttuneError(
          'file-failed',
          `${file} was written to all the time; pause the queue or close Attune, then try again.`,
          { file },
        );
      await pause(PAUSE_MS);
    }
  });
  const db = new DatabaseSync(to);
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;');
    const [found] = Object.values(db.prepare('PRAGMA integrity_check(1)').get() ?? {});
    if (found !== 'ok') throw new Error(String(found));
  } catch (cause) {
    throw new AttuneError(
      'file-failed',
      `${file} is damaged; start Attune, which puts what can be read into a new one, then try again.`,
      { file },
      cause,
    );
  } finally {
    db.close();
  }
}

/** Whether what was copied belongs together. */
async function copied(file: string, to: string): Promise<boolean> {
  // Of an attempt before, it would be taken for the copy's own.
  await rm(`${to}-wal`, { force: true });
  const before = await logHead(file);
  await copyFile(file, to);
  if (before !== undefined) await copyFile(`${file}-wal`, `${to}-wal`);
  const [now, then] = await Promise.all([sha256OfFile(file), sha256OfFile(to)]);
  return now === then && (await logHead(file)) === before;
}

/** The beginning of the log, which holds numbers that change whenever it starts over; undefined where there is none or an empty one. */
async function logHead(file: string): Promise<string | undefined> {
  const log = await open(`${file}-wal`, 'r').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (log === undefined) return undefined;
  try {
    const head = Buffer.alloc(32);
    const { bytesRead } = await log.read(head, 0, head.length, 0);
    return bytesRead === 0 ? undefined : head.toString('hex', 0, bytesRead);
  } finally {
    await log.close();
  }
}
