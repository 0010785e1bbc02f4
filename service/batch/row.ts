import { AttuneError } from '../../engine/index.ts';
import { MAX_COLUMN_NAME, MAX_COLUMNS, shortened } from './columns.ts';

/** A row of a table: column name -> cell. */
export type Row = Readonly<Record<string, string>>;

/** Most rows and most jobs of one batch. */
export const MAX_JOBS = 100_000;
export const MAX_CELL = 20_000;

/** A row of the cells that say something; empty ones are left to the base. */
export function rowOf(cells: readonly (readonly [string, string])[]): Row {
  return Object.fromEntries(cells.filter(([, cell]) => cell !== ''));
}

/** Throws 'request-invalid' for a row beyond what a table may hold. @param where the file and the row, with a comma behind */
export function checkRow(row: Row, where: string): void {
  const columns = Object.keys(row);
  if (columns.length > MAX_COLUMNS)
    throw refuseTable(where, `has ${columns.length} columns, and a table at most ${MAX_COLUMNS}`);
  for (const column of columns) {
    if (column.length > MAX_COLUMN_NAME)
      throw refuseTable(where, `has a column name of ${column.length} characters: "${shortened(column)}"`);
    const { length } = row[column] ?? '';
    if (length > MAX_CELL)
      throw refuseTable(where, `has ${length} characters in "${column}", and a cell at most ${MAX_CELL}`);
  }
}

export function refuseTable(where: string, what: string, cause?: unknown): AttuneError {
  return new AttuneError('request-invalid', `${where} ${what}.`, { file: where.split(',', 1)[0] ?? where }, cause);
}

/** Lines that say something, without spaces around them; those that begin with `#` are remarks. */
export function spokenLines(text: string): readonly { readonly line: string; readonly number: number }[] {
  return text
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
}
