/** One step of the file's form. */
export interface Migration {
  /** Empty where only what the rows hold has changed. */
  readonly sql: string;
  /** Digest of what the rows hold from here on; `migrations.test.ts` holds the last one to the contract. */
  readonly form?: string;
}

/**
 * Steps from one version of the file to the next; the count of those done is its `user_version`. Append only. A change of the contract
 * that changes rows is a step too, so that an earlier Attune knows that it cannot read them.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    sql: `
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
  },
  {
    sql: `
  CREATE TABLE batches (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, folder TEXT NOT NULL, state TEXT NOT NULL, job_table TEXT NOT NULL
  ) STRICT;
  `,
  },
  {
    sql: `
  ALTER TABLE media ADD COLUMN frames INTEGER;
  ALTER TABLE media ADD COLUMN fps REAL;
  `,
  },
  {
    // Rows that could not be read, whole, until a version comes that can.
    sql: 'CREATE TABLE aside (seq INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, entry TEXT NOT NULL, why TEXT NOT NULL) STRICT;',
    form: 'd8ee0347ae88973b',
  },
  // Jobs and results of the common engine: older rows are read as they are.
  { sql: '', form: 'c3696aeb99852f97' },
  {
    // When a result was removed; until it goes for good it can be brought back.
    sql: 'ALTER TABLE history ADD COLUMN removed_ms REAL;',
    form: 'c3696aeb99852f97',
  },
  // Requests with megapixels: older rows are read as they are.
  { sql: '', form: '9b1552e3fe0a6bbc' },
];
