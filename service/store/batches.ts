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

export function openBatchStore({ prepare, aside }: Database): BatchStore {
  const insert = prepare('INSERT INTO batches (id, folder, state, job_table) VALUES (?, ?, ?, ?)');
  const update = prepare('UPDATE batches SET state = ? WHERE id = ?');
  const last = prepare(`SELECT id, folder, state, job_table FROM batches ORDER BY seq DESC LIMIT ${LISTED}`);
  /** The batch, or why the row is none. */
  const read = (row: Readonly<Record<string, unknown>>): StoredBatch | Error => {
    try {
      return {
        folder: String(row.folder),
        state: BatchState.parse(JSON.parse(String(row.state))),
        table: BatchTable.parse(JSON.parse(String(row.job_table))),
      };
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  aside.restore('batches', (row) => !(read(row) instanceof Error));
  return {
    add: ({ state, table, folder }) =>
      void insert.run(state.batch, folder, JSON.stringify(state), JSON.stringify(table)),
    update: (state) => void update.run(JSON.stringify(state), state.batch),
    list: () =>
      last
        .all()
        .flatMap((row) => {
          const known = read(row);
          if (!(known instanceof Error)) return [known];
          aside.put('batches', String(row.id), known);
          return [];
        })
        .reverse(),
  };
}
