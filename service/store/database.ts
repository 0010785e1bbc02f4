import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { AttuneError } from '../../engine/index.ts';
import { makeFolderNow } from '../../native/files.ts';
import { type Aside, openAside } from './aside.ts';
import { codeOfStore, isDamage, storeFailure } from './failure.ts';
import { MIGRATIONS } from './migrations.ts';
import { occupantOf, occupy, vacate } from './occupant.ts';
import { checkPages, copyRows, putAside } from './salvage.ts';
import type { Statement, Tables } from './statement.ts';

/** The one file that queue, history, journal and figures lie in. A statement that returned is on the disk. */
export interface Database extends Tables {
  /** Rows that cannot be read. */
  readonly aside: Aside;
  /** Sentences about what had to be done to open it. */
  readonly notices: readonly string[];
  close(): void;
}

export interface DatabaseOptions {
  /** So long after the last write everything is moved from the log (`-wal`) into the file itself. */
  readonly idleMs?: number;
}

const IDLE_MS = 1000;

/**
 * Opens `attune.sqlite` in a folder, makes it where there is none and brings an older one up to date, after a copy of it was made. Of a
 * damaged one the readable rows go into a new file and the old one is kept. One process at a time holds it. Throws AttuneError
 * 'file-failed' when another Attune has it open, when the disk refuses or when it comes from a later version.
 */
export function openDatabase(folder: string, options: DatabaseOptions = {}): Database {
  const { idleMs = IDLE_MS } = options;
  const file = join(folder, 'attune.sqlite');
  const failed = (why: string, cause?: unknown) => new AttuneError('file-failed', `${file} ${why}.`, { file }, cause);
  try {
    makeFolderNow(folder);
  } catch (cause) {
    throw failed('cannot be made: its folder cannot be written; check its permissions', cause);
  }
  const notices: string[] = [];
  const open = (): DatabaseSync => {
    const db = new DatabaseSync(file, { timeout: 2000 });
    try {
      // Two processes that run one queue would run its jobs twice; the lock ends with the process, however that ends.
      db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      checkPages(db);
      migrate(db, file, failed);
      return db;
    } catch (cause) {
      db.close();
      throw cause;
    }
  };
  let db: DatabaseSync;
  try {
    db = open();
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    if (/locked|busy/i.test(String(cause))) throw failed(`is in use: ${inUse(folder)}`, cause);
    if (!isDamage(cause)) {
      const told = storeFailure(file, cause);
      throw told instanceof AttuneError ? told : failed(`cannot be opened (${String(cause)})`, cause);
    }
    const kept = putAside(file, 'damaged');
    db = open();
    notices.push(salvage(kept, db, file));
  }
  occupy(folder);
  return databaseOn(db, { file, folder, notices, idleMs });
}

function databaseOn(
  db: DatabaseSync,
  about: {
    readonly file: string;
    readonly folder: string;
    readonly notices: readonly string[];
    readonly idleMs: number;
  },
): Database {
  const { file, folder, notices, idleMs } = about;
  let idle: NodeJS.Timeout | undefined;
  const wrote = () => {
    clearTimeout(idle);
    idle = setTimeout(() => {
      try {
        db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      } catch {
        // A full disk: the log holds everything until there is room.
      }
    }, idleMs);
    idle.unref();
  };
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw storeFailure(file, error);
    }
  };
  const tables = {
    file,
    notices,
    prepare(sql: string): Statement {
      const statement = guarded(() => db.prepare(sql));
      return {
        get: (...values: SQLInputValue[]) => guarded(() => statement.get(...values)),
        all: (...values: SQLInputValue[]) => guarded(() => statement.all(...values)),
        *iterate(...values: SQLInputValue[]) {
          try {
            yield* statement.iterate(...values);
          } catch (error) {
            throw storeFailure(file, error);
          }
        },
        run: (...values: SQLInputValue[]) => {
          wrote();
          return guarded(() => statement.run(...values));
        },
      } as Statement; // the overloads for named values are not used
    },
    exec(sql: string) {
      wrote();
      guarded(() => db.exec(sql));
    },
    transaction<T>(work: () => T): T {
      wrote();
      return guarded(() => inTransaction(db, work));
    },
    close() {
      clearTimeout(idle);
      vacate(folder);
      db.close();
    },
  };
  return { ...tables, aside: openAside(tables) };
}

function inUse(folder: string): string {
  const occupant = occupantOf(folder);
  if (occupant === undefined) return 'Attune is open already; use that window, or close it first';
  const { pid, address } = occupant;
  if (address === undefined) return `Attune is open already as process ${pid}; use that window, or close it first`;
  return `Attune is open already at ${address} as process ${pid}; "attune serve --address" prints a new address of it, "attune serve --stop" ends it`;
}

function migrate(db: DatabaseSync, file: string, failed: (why: string, cause?: unknown) => AttuneError): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (version > MIGRATIONS.length)
    throw failed(
      `was written by a later version of Attune (form ${version}, this one reads ${MIGRATIONS.length}); install that version, ` +
        'or move the file away',
    );
  if (version > 0 && version < MIGRATIONS.length) backUp(db, `${file}.form-${version}`, failed);
  for (const [index, { sql }] of MIGRATIONS.entries()) {
    if (index < version) continue;
    inTransaction(db, () => db.exec(`${sql}; PRAGMA user_version = ${index + 1};`));
  }
}

/** A whole copy of the database as it was, before anything in it is changed. */
function backUp(db: DatabaseSync, copy: string, failed: (why: string, cause?: unknown) => AttuneError): void {
  try {
    rmSync(copy, { force: true });
    db.prepare('VACUUM INTO ?').run(copy);
  } catch (cause) {
    rmSync(copy, { force: true });
    const isFull = codeOfStore(cause) === 13;
    const why = isFull
      ? 'there is no room for a copy of it; make room'
      : `no copy of it can be made (${String(cause)})`;
    throw failed(`is of an earlier version and was not brought up to date: ${why}, then start again`, cause);
  }
}

function salvage(kept: string, db: DatabaseSync, file: string): string {
  let saved = { rows: 0, lost: 0 };
  try {
    const damaged = new DatabaseSync(kept, { readOnly: true });
    try {
      saved = inTransaction(db, () => copyRows(damaged, db));
    } finally {
      damaged.close();
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  const lost = saved.lost === 0 ? '' : `, ${saved.lost} could not be read`;
  return `${file} was damaged: ${saved.rows} rows of it were saved${lost}; the old file is kept as ${kept}.`;
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
