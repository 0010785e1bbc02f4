import type { Database } from './database.ts';

/** The editor's own entries, opaque to us, in order. */
export interface Journal {
  read(): Uint8Array[];
  /** Durable when it returns: all of them or none. */
  append(entries: readonly Uint8Array[]): void;
  /** Puts `entries` in place of everything, in one step. */
  replace(entries: readonly Uint8Array[]): void;
}

export function openJournal({ db, transaction }: Database): Journal {
  const all = db.prepare('SELECT entry FROM journal ORDER BY seq');
  const insert = db.prepare('INSERT INTO journal (entry) VALUES (?)');
  const insertAll = (entries: readonly Uint8Array[]) => {
    for (const entry of entries) insert.run(entry);
  };
  return {
    read: () => all.all().flatMap(({ entry }) => (entry instanceof Uint8Array ? [entry] : [])),
    append: (entries) => transaction(() => insertAll(entries)),
    replace: (entries) =>
      transaction(() => {
        db.exec('DELETE FROM journal');
        insertAll(entries);
      }),
  };
}
