import { AttuneError } from '../../engine/index.ts';
import { csvRows } from './csv.ts';
import { jsonLines, jsonRows } from './jsonrows.ts';
import { promptRows } from './promptrows.ts';
import { checkRow, MAX_JOBS, type Row, refuseTable } from './row.ts';
import { splitTop } from './words/parse.ts';

const MAX_OPTIONS = 12;

/**
 * Rows of a table by its name: `.csv` and `.tsv` with a line of column names, `.json` (a list of objects), `.jsonl` (an object a line),
 * `.txt` (a prompt a line). Throws 'request-invalid' with the line that is wrong.
 */
export function parseRows(name: string, text: string): Row[] {
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase();
  const plain = text.replace(/^\ufeff/, '');
  const rows =
    ending === 'json'
      ? jsonRows(name, plain)
      : ending === 'jsonl' || ending === 'ndjson'
        ? jsonLines(name, plain)
        : ending === 'txt'
          ? promptRows(name, plain)
          : csvRows(name, plain, ending === 'tsv');
  if (rows.length === 0) throw refuseTable(name, 'has no rows');
  if (rows.length > MAX_JOBS) throw refuseTable(name, `has more than ${MAX_JOBS} rows; split it`);
  for (const [index, row] of rows.entries()) checkRow(row, `${name}, row ${index + 1},`);
  return rows;
}

const PICTURE_NAME = /\.(?:png|jpe?g|jpe|jfif|webp|avif|tiff?|gif)$/i;
/** Files that systems put into every folder. */
const SYSTEM_NAME = /^(?:\..*|thumbs\.db|desktop\.ini)$/i;

/** A row for every picture of a folder, in the order of their names, and the names that are passed over. */
export function folderRows(names: readonly string[]): { readonly rows: Row[]; readonly passedOver: readonly string[] } {
  const order = new Intl.Collator('en', { numeric: true });
  const seen = names.filter((name) => !SYSTEM_NAME.test(name)).toSorted(order.compare);
  return {
    rows: seen.filter((name) => PICTURE_NAME.test(name)).map((source) => ({ source })),
    passedOver: seen.filter((name) => !PICTURE_NAME.test(name)),
  };
}

/** A1111's prompt matrix: `base|opt1|opt2` gives the base with every combination of the options, joined by commas. */
export function matrixRows(prompt: string): Row[] {
  const [base = '', ...options] = splitTop(prompt).map((part) => part.trim());
  if (options.length > MAX_OPTIONS)
    throw new AttuneError(
      'request-invalid',
      `The matrix has ${options.length} options; at most ${MAX_OPTIONS} make ${2 ** MAX_OPTIONS} prompts.`,
    );
  return Array.from({ length: 2 ** options.length }, (_, combination) => ({
    prompt: [base, ...options.filter((_option, bit) => combination & (1 << bit))]
      .filter((part) => part !== '')
      .join(', '),
  }));
}

/** A row for every combination of the columns' values; the last column changes fastest. */
export function productRows(columns: Readonly<Record<string, readonly string[]>>): Row[] {
  const total = Object.values(columns).reduce((product, values) => product * values.length, 1);
  if (total > MAX_JOBS)
    throw new AttuneError('request-invalid', `The combinations are ${total}, more than ${MAX_JOBS}.`);
  return Object.entries(columns).reduce<Row[]>(
    (rows, [column, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [column]: value }))),
    [{}],
  );
}
