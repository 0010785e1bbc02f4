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
  /** It can be restored until it is older than `KEPT_MS`. Throws 'request-invalid' for an entry that is not there. */
  remove(id: string): void;
  /** Throws 'request-invalid' for an entry that was not removed, or too long ago. */
  restore(id: string): HistoryEntry;
}

/** How long a removed result can be brought back. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;

export function openHistory({ prepare, aside }: Database): History {
  const insert = prepare('INSERT INTO history (id, entry) VALUES (?, ?)');
  const one = prepare('SELECT seq, entry FROM history WHERE id = ? AND removed_ms IS NULL');
  const page = prepare(
    'SELECT seq, id, entry FROM history WHERE seq < ? AND removed_ms IS NULL ORDER BY seq DESC LIMIT ?',
  );
  const remove = prepare('UPDATE history SET removed_ms = ? WHERE id = ?');
  const removed = prepare('SELECT entry FROM history WHERE id = ? AND removed_ms >= ?');
  const restore = prepare('UPDATE history SET removed_ms = NULL WHERE id = ?');
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
  const readable = (id: string, entry: unknown): HistoryEntry => {
    const known = read(entry);
    if (!(known instanceof Error)) return known;
    aside.put('history', id, known);
    throw new AttuneError(
      'request-invalid',
      `The result ${id} cannot be read (${known.message}); it was put aside, and its picture is kept.`,
      { field: 'id' },
    );
  };
  aside.restore('history', ({ entry }) => !(read(entry) instanceof Error));
  try {
    prepare('DELETE FROM history WHERE removed_ms < ?').run(Date.now() - KEPT_MS);
  } catch {
    // A full disk: they go at a later start.
  }
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
    get: (id) => readable(id, find(id).entry),
    remove(id) {
      find(id);
      remove.run(Date.now(), id);
    },
    restore(id) {
      const row = removed.get(id, Date.now() - KEPT_MS);
      if (row === undefined)
        throw new AttuneError('request-invalid', `The result ${id} cannot be brought back any more.`, { field: 'id' });
      const entry = readable(id, row.entry);
      restore.run(id);
      return entry;
    },
  };
}
