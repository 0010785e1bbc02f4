import { type Info, parse } from 'csv-parse/sync';
import { AttuneError } from '../../engine/index.ts';
import { columnOf, MAX_COLUMNS, paramOf, shortened } from './columns.ts';
import { MAX_CELL, MAX_JOBS, type Row, refuseTable, rowOf } from './row.ts';

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: Info;
}

/**
 * Rows of a table as spreadsheets save them: with a line `sep=;` before it or none, with rows and nameless columns of nothing behind it.
 * Throws 'request-invalid' naming the line.
 */
export function csvRows(name: string, text: string, isTabs: boolean): Row[] {
  const named = /^"?sep=(.)"?[ \t]*(?:\r\n|\n|\r)/i.exec(text);
  const body = named === null ? text : text.slice(named[0].length);
  const skipped = named === null ? 0 : 1;
  const delimiter = named?.[1] ?? (isTabs ? '\t' : delimiterOf(body));
  let records: readonly CsvRecord[];
  try {
    // The type of the package does not know what `info` changes.
    records = parse(body, {
      trim: true,
      info: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: MAX_CELL * 64,
      delimiter,
    }) as unknown as readonly CsvRecord[];
  } catch (error) {
    const line = error instanceof Error && 'lines' in error ? `, line ${Number(error.lines) + skipped},` : '';
    const what = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    throw new AttuneError('request-invalid', `${name}${line} is no table: ${what}.`, { file: name }, error);
  }
  const [first, ...others] = records.filter(({ record }) => record.some((cell) => cell !== ''));
  if (!first) throw refuseTable(name, 'is empty');
  const head = headOf(name, first.record);
  if (others.length > MAX_JOBS) throw refuseTable(name, `has more than ${MAX_JOBS} rows; split it`);
  return others.map(({ record, info }) => {
    const where = `${name}, line ${info.lines + skipped},`;
    const beyond = record.slice(head.length).find((cell) => cell !== '');
    if (beyond !== undefined)
      throw refuseTable(
        where,
        `has "${shortened(beyond)}" behind the last of its ${head.length} columns; put texts with commas in quotes`,
      );
    if (record.length < head.length)
      throw refuseTable(
        where,
        `has ${record.length} cells, and the table ${head.length} columns; put texts with line ends in quotes`,
      );
    return rowOf(
      head.map((column, index) => {
        const cell = record[index] ?? '';
        if (column === '' && cell !== '')
          throw refuseTable(where, `has "${shortened(cell)}" in column ${index + 1}, which has no name`);
        return [column, cell];
      }),
    );
  });
}

/** Names of the columns; those of nothing at its end are left out. */
function headOf(name: string, cells: readonly string[]): readonly string[] {
  const head = cells.slice(0, cells.findLastIndex((cell) => cell !== '') + 1);
  if (head.length > MAX_COLUMNS)
    throw refuseTable(name, `has ${head.length} columns, and a table at most ${MAX_COLUMNS}`);
  const names = head.filter((cell) => cell !== '');
  const twice = names.find((column, index) => names.indexOf(column) !== index);
  if (twice !== undefined) throw refuseTable(name, `has the column "${twice}" twice`);
  return head;
}

/** Spreadsheets of many countries put semicolons or tabs where others put commas: what the known columns stand between. */
function delimiterOf(text: string): string {
  const [first = ''] = text.trimStart().split(/[\r\n]/, 1);
  const known = [',', ';', '\t'].map((delimiter) => {
    const cells = first.slice(0, 100_000).split(delimiter);
    const names = cells.map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));
    return { delimiter, count: names.filter((cell) => columnOf(cell) ?? paramOf(cell)).length, cells: cells.length };
  });
  const [best] = known.toSorted((a, b) => b.count - a.count || b.cells - a.cells);
  return best === undefined || best.cells === 1 ? ',' : best.delimiter;
}
