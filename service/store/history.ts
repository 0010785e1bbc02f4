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

export function openHistory({ prepare, aside }: Database): History {
  const insert = prepare('INSERT INTO history (id, entry) VALUES (?, ?)');
  const one = prepare('SELECT seq, entry FROM history WHERE id = ?');
  const page = prepare('SELECT seq, id, entry FROM history WHERE seq < ? ORDER BY seq DESC LIMIT ?');
  const remove = prepare('DELETE FROM history WHERE id = ?');
  const find = (id: string) => {
    const row = one.get(id);
    if (row !== undefined) return row;
    throw new AttuneError('request-invalid', `There is no result ${id}; it was removed.`, { field: 'id' });
  };
  /** The entry, or why the row is none. */
  const read = (entry: unknown): HistoryEntry | Error => {
    try {
      return HistoryEntry.parse(JSON.parse(String(entry)));
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
  aside.restore('history', ({ entry }) => !(read(entry) instanceof Error));
  return {
    add: (entry) => void insert.run(entry.id, JSON.stringify(entry)),
    list(limit, before) {
      const entries: HistoryEntry[] = [];
      let from = before === undefined ? Number.MAX_SAFE_INTEGER : Number(find(before).seq);
      // Again while rows that cannot be read leave the page short.
      while (entries.length < limit) {
        const asked = limit - entries.length;
        const rows = page.all(from, asked);
        for (const { id, entry } of rows) {
          const known = read(entry);
          if (known instanceof Error) aside.put('history', String(id), known);
          else entries.push(known);
        }
        if (rows.length < asked) break;
        from = Number(rows.at(-1)?.seq);
      }
      return entries;
    },
    has: (id) => one.get(id) !== undefined,
    get(id) {
      const known = read(find(id).entry);
      if (!(known instanceof Error)) return known;
      aside.put('history', id, known);
      throw new AttuneError(
        'request-invalid',
        `The result ${id} cannot be read (${known.message}); it was put aside, and its picture is kept.`,
        { field: 'id' },
      );
    },
    remove(id) {
      find(id);
      remove.run(id);
    },
  };
}
