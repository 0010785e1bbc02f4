import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AttuneError } from '../../engine/index.ts';

/** The one file that queue, history, journal and figures lie in. A statement that returned is on the disk. */
export interface Database {
  readonly db: DatabaseSync;
  /** All of `work` or nothing of it. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** Steps from one version of the file's form to the next; the count of those done is its `user_version`. Append only. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY, position REAL NOT NULL, state TEXT NOT NULL, request TEXT NOT NULL, created_ms REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, crashes INTEGER NOT NULL DEFAULT 0, error TEXT, batch TEXT
  ) STRICT;
  CREATE INDEX jobs_order ON jobs (state, position);
  CREATE TABLE history (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, entry TEXT NOT NULL) STRICT;
  CREATE TABLE journal (seq INTEGER PRIMARY KEY AUTOINCREMENT, entry BLOB NOT NULL) STRICT;
  CREATE TABLE media (
    sha256 TEXT PRIMARY KEY, type TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, bytes INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE timings (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, checkpoint TEXT NOT NULL, method TEXT NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL, steps INTEGER NOT NULL, ms REAL NOT NULL
  ) STRICT;
  CREATE INDEX timings_of ON timings (checkpoint, method, width, height, seq);
  CREATE TABLE flags (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  `,
  `
  CREATE TABLE batches (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, folder TEXT NOT NULL, state TEXT NOT NULL, job_table TEXT NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE media ADD COLUMN frames INTEGER;
  ALTER TABLE media ADD COLUMN fps REAL;
  `,
];

/**
 * Opens `attune.sqlite` in a folder, makes it where there is none and brings an older one up to date. One process at a time holds it.
 * Throws AttuneError 'file-failed' when another Attune has it open, when it is damaged or comes from a later version.
 */
export function openDatabase(folder: string): Database {
  const file = join(folder, 'attune.sqlite');
  const failed = (why: string, cause?: unknown) => new AttuneError('file-failed', `${file} ${why}.`, { file }, cause);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw failed('cannot be made: its folder cannot be written', cause);
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: 2000 });
    // Two processes that run one queue would run its jobs twice; the lock ends with the process, however that ends.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    migrate(db, failed);
  } catch (cause) {
    db?.close();
    if (cause instanceof AttuneError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    if (/locked|busy/i.test(message))
      throw failed('is in use: Attune is open already; use that window, or close it first', cause);
    throw failed(`cannot be opened (${message}); move it away to begin with an empty one`, cause);
  }
  const opened = db;
  return {
    db: opened,
    transaction: (work) => inTransaction(opened, work),
    close: () => opened.close(),
  };
}

function migrate(db: DatabaseSync, failed: (why: string) => AttuneError): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version > MIGRATIONS.length)
    throw failed('was written by a later version of Attune; install that version, or move the file away');
  for (const [index, script] of MIGRATIONS.entries()) {
    if (index < version) continue;
    inTransaction(db, () => db.exec(`${script}; PRAGMA user_version = ${index + 1};`));
  }
}

function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
