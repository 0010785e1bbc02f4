import type { Tables } from './statement.ts';

export type Source = 'jobs' | 'history' | 'batches';

/**
 * Rows that cannot be read: of a later version, or damaged. One must not keep the others from being used, so it is moved out of its table
 * as it is, and put back at the first start that can read it.
 */
export interface Aside {
  /** Moves the row `id` of a table out of the way. On a disk that cannot be written it stays, unread. */
  put(source: Source, id: string, why: unknown): void;
  /** Puts back what `isReadable` now. */
  restore(source: Source, isReadable: (row: Readonly<Record<string, unknown>>) => boolean): void;
  /** A sentence about what lies aside; undefined where nothing does. */
  sentence(): string | undefined;
}

const WHAT: Readonly<Record<Source, string>> = { jobs: 'jobs', history: 'results', batches: 'batches' };
const SOURCES = ['jobs', 'history', 'batches'] as const;

export function openAside({ prepare, transaction, file }: Tables): Aside {
  const listed = prepare('SELECT seq, entry FROM aside WHERE source = ? ORDER BY seq');
  const counted = prepare('SELECT count(*) AS count FROM aside WHERE source = ?');
  const insert = prepare('INSERT INTO aside (source, entry, why) VALUES (?, ?, ?)');
  const forget = prepare('DELETE FROM aside WHERE seq = ?');
  /** Rows that could not even be moved. */
  const stuck = new Set<string>();
  return {
    put(source, id, why) {
      const what = why instanceof Error ? why.message : String(why);
      try {
        transaction(() => {
          const row = prepare(`SELECT * FROM ${source} WHERE id = ?`).get(id);
          if (row === undefined) return;
          insert.run(source, JSON.stringify(row), what);
          prepare(`DELETE FROM ${source} WHERE id = ?`).run(id);
        });
      } catch {
        stuck.add(`${source} ${id}`);
      }
    },
    restore(source, isReadable) {
      for (const { seq, entry } of listed.all(source)) {
        const row = JSON.parse(String(entry)) as Record<string, string | number | null>; // written by `put` alone
        if (!isReadable(row)) continue;
        const names = Object.keys(row);
        try {
          transaction(() => {
            prepare(
              `INSERT OR IGNORE INTO ${source} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
            ).run(...names.map((name) => row[name] ?? null));
            forget.run(Number(seq));
          });
        } catch {
          return; // a full disk; at the next start
        }
      }
    },
    sentence() {
      const counts = SOURCES.map((source) => {
        const unmoved = [...stuck].filter((key) => key.startsWith(`${source} `)).length;
        return { source, count: Number(counted.get(source)?.count ?? 0) + unmoved };
      }).filter(({ count }) => count > 0);
      if (counts.length === 0) return undefined;
      const list = counts.map(({ source, count }) => `${count} ${WHAT[source]}`).join(', ');
      return `Not everything in ${file} could be read: ${list}. They are kept there, and a version of Attune that can read them shows them again.`;
    },
  };
}
