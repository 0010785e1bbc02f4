import { HistoryEntry } from '../../contract/index.ts';
import { AttuneError } from '../../engine/index.ts';
import type { Database } from './database.ts';

export interface History {
  /** Called within the transaction that takes the job out of the queue. */
  add(entry: HistoryEntry): void;
  /** Newest first; `before` is an entry to go on from. Throws 'request-invalid' for one that is not there. */
  list(limit: number, before?: string): readonly HistoryEntry[];
  has(id: string): boolean;
  /** Throws 'request-invalid' for an entry that is not there. */
  get(id: string): HistoryEntry;
  /** Throws 'request-invalid' for an entry that is not there. */
  remove(id: string): void;
}

export function openHistory({ db }: Database): History {
  const insert = db.prepare('INSERT INTO history (id, entry) VALUES (?, ?)');
  const one = db.prepare('SELECT seq, entry FROM history WHERE id = ?');
  const page = db.prepare('SELECT entry FROM history WHERE seq < ? ORDER BY seq DESC LIMIT ?');
  const remove = db.prepare('DELETE FROM history WHERE id = ?');
  const find = (id: string) => {
    const row = one.get(id);
    if (row !== undefined) return row;
    throw new AttuneError('request-invalid', `There is no result ${id}; it was removed.`, { field: 'id' });
  };
  const read = (entry: unknown) => HistoryEntry.parse(JSON.parse(String(entry)));
  return {
    add: (entry) => void insert.run(entry.id, JSON.stringify(entry)),
    list: (limit, before) =>
      page
        .all(before === undefined ? Number.MAX_SAFE_INTEGER : Number(find(before).seq), limit)
        .map(({ entry }) => read(entry)),
    has: (id) => one.get(id) !== undefined,
    get: (id) => read(find(id).entry),
    remove(id) {
      find(id);
      remove.run(id);
    },
  };
}
