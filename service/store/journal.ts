import type { Database } from './database.ts';

/** A stretch of the journal. */
export interface JournalPage {
  readonly entries: Uint8Array[];
  /** Where the next one begins; absent at the end. */
  readonly next?: number;
}

/** The editor's own entries, opaque to us, in order. */
export interface Journal {
  /** At least one entry, and more up to some megabytes. */
  read(after?: number): JournalPage;
  /** Durable when it returns: all of them or none. */
  append(entries: readonly Uint8Array[]): void;
  /** Puts `entries` in place of everything, in one step. */
  replace(entries: readonly Uint8Array[]): void;
}

/** A page ends with the entry that goes beyond this. */
const PAGE_BYTES = 8 * 1024 * 1024;

export function openJournal({ prepare, exec, transaction }: Database): Journal {
  const following = prepare('SELECT seq, entry FROM journal WHERE seq > ? ORDER BY seq');
  const insert = prepare('INSERT INTO journal (entry) VALUES (?)');
  const insertAll = (entries: readonly Uint8Array[]) => {
    for (const entry of entries) insert.run(entry);
  };
  return {
    read(after = 0) {
      const entries: Uint8Array[] = [];
      let bytes = 0;
      let last = after;
      // Row by row: a journal may be larger than the memory.
      for (const { seq, entry } of following.iterate(after)) {
        if (bytes >= PAGE_BYTES) return { entries, next: last };
        last = Number(seq);
        if (!(entry instanceof Uint8Array)) continue;
        bytes += entry.length;
        entries.push(entry);
      }
      return { entries };
    },
    append: (entries) => transaction(() => insertAll(entries)),
    replace: (entries) =>
      transaction(() => {
        exec('DELETE FROM journal');
        insertAll(entries);
      }),
  };
}
