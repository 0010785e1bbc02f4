import { BatchState, BatchTable } from '../../contract/index.ts';
import type { Database } from './database.ts';

export interface StoredBatch {
  readonly state: BatchState;
  readonly table: BatchTable;
  readonly folder: string;
}

/** The batches of this user, so that they go on after the service ended; their results lie in their folders. */
export interface BatchStore {
  /** Durable when it returns. */
  add(batch: StoredBatch): void;
  update(state: BatchState): void;
  /** The oldest first. */
  list(): readonly StoredBatch[];
}

/** Batches that are listed; the folders of older ones stay. */
const LISTED = 50;

export function openBatchStore({ db }: Database): BatchStore {
  const insert = db.prepare('INSERT INTO batches (id, folder, state, job_table) VALUES (?, ?, ?, ?)');
  const update = db.prepare('UPDATE batches SET state = ? WHERE id = ?');
  const last = db.prepare(`SELECT folder, state, job_table FROM batches ORDER BY seq DESC LIMIT ${LISTED}`);
  return {
    add: ({ state, table, folder }) =>
      void insert.run(state.batch, folder, JSON.stringify(state), JSON.stringify(table)),
    update: (state) => void update.run(JSON.stringify(state), state.batch),
    list: () =>
      last
        .all()
        .map((row) => ({
          folder: String(row.folder),
          state: BatchState.parse(JSON.parse(String(row.state))),
          table: BatchTable.parse(JSON.parse(String(row.job_table))),
        }))
        .reverse(),
  };
}
