import { renameSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { isDamage } from './failure.ts';

/** What of SQLite's own files belongs to a database. */
const PARTS = ['', '-wal'] as const;

/** The tables with their columns, the key first: rows are read by it, one by one where it must be. */
const TABLES = ['jobs', 'history', 'journal', 'media', 'timings', 'flags', 'batches', 'aside'] as const;

/** Whether the file holds together where it is read in pieces; the journal is opaque and long, so it is not walked. Throws for damage. */
export function checkPages(db: DatabaseSync): void {
  for (const table of ['jobs', 'history', 'media', 'batches', 'flags', 'timings']) {
    const isThere = db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(table);
    if (isThere === undefined) continue;
    const found = db.prepare(`PRAGMA quick_check('${table}')`).get();
    const text = String(Object.values(found ?? { result: 'ok' })[0]);
    if (text !== 'ok') throw Object.assign(new Error(text), { errcode: 11 });
  }
}

/**
 * Copies every row that can be read into `target`, which has the tables already. `lost` counts the rows that are known of and could not be
 * read.
 */
export function copyRows(
  damaged: DatabaseSync,
  target: DatabaseSync,
): { readonly rows: number; readonly lost: number } {
  let rows = 0;
  let lost = 0;
  for (const table of TABLES) {
    const ids = rowIds(damaged, table);
    for (const id of ids) {
      try {
        const row = damaged.prepare(`SELECT * FROM ${table} WHERE rowid = ?`).get(id);
        if (row === undefined) continue;
        const names = Object.keys(row);
        target
          .prepare(`INSERT OR IGNORE INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
          .run(...Object.values(row));
        rows += 1;
      } catch (error) {
        if (!isDamage(error)) throw error;
        lost += 1;
      }
    }
  }
  return { rows, lost };
}

/** Row ids from both ends up to the damage, and beyond it by steps. */
function rowIds(db: DatabaseSync, table: string): number[] {
  const ids = new Set<number>();
  for (const order of ['ASC', 'DESC']) {
    try {
      for (const row of db.prepare(`SELECT rowid AS id FROM ${table} ORDER BY rowid ${order}`).iterate())
        ids.add(Number(row.id));
    } catch (error) {
      if (!isDamage(error) && !/no such table/.test(String(error))) throw error;
    }
  }
  return [...ids].sort((a, b) => a - b);
}

/** Moves a database out of the way, with what belongs to it. @returns where it is now */
export function putAside(file: string, why: 'damaged' | 'replaced'): string {
  const kept = `${file}.${why}-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}`;
  for (const part of PARTS) {
    try {
      renameSync(`${file}${part}`, `${kept}${part}`);
    } catch (error) {
      if (part === '') throw error;
    }
  }
  return kept;
}
