import { parse } from 'csv-parse/sync';
import { AttuneError } from '../../engine/index.ts';
import { splitTop } from './words.ts';

/** A row of a table: column name -> cell. */
export type Row = Readonly<Record<string, string>>;

/** Most rows and most jobs of one batch. */
export const MAX_JOBS = 100_000;
const MAX_CELL = 20_000;
const MAX_JSON_DEPTH = 6;
const MAX_OPTIONS = 12;

/**
 * Rows of a table by its name: `.csv` and `.tsv` with a line of column names, `.json` (a list of objects), `.jsonl` (an object a line),
 * `.txt` (a prompt a line). Throws 'request-invalid' with the line that is wrong.
 */
export function parseRows(name: string, text: string): Row[] {
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase();
  const rows =
    ending === 'json'
      ? jsonRows(name, text)
      : ending === 'jsonl' || ending === 'ndjson'
        ? lineRows(name, text)
        : ending === 'txt'
          ? lines(text).map(({ line }) => ({ prompt: line }))
          : csvRows(name, text, ending === 'tsv' ? '\t' : undefined);
  if (rows.length === 0) throw refuse(name, 'has no rows');
  if (rows.length > MAX_JOBS) throw refuse(name, `has more than ${MAX_JOBS} rows; split it`);
  return rows;
}

function csvRows(name: string, text: string, delimiter: string | undefined): Row[] {
  const [first = ''] = text.split('\n', 1);
  const guessed = first.includes(';') && !first.includes(',') ? ';' : ',';
  let records: string[][];
  try {
    records = parse(text, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      max_record_size: MAX_CELL * 64,
      delimiter: delimiter ?? guessed,
    });
  } catch (error) {
    const line = error instanceof Error && 'lines' in error ? `, line ${String(error.lines)},` : '';
    const what = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    throw new AttuneError('request-invalid', `${name}${line} is no table: ${what}.`, { file: name }, error);
  }
  const [head, ...body] = records;
  if (!head) throw refuse(name, 'is empty');
  const twice = head.find((column, index) => head.indexOf(column) !== index);
  if (twice !== undefined) throw refuse(name, `has the column "${twice}" twice`);
  return body.map((cells) => rowOf(head.map((column, index) => [column, cells[index] ?? ''])));
}

function jsonRows(name: string, text: string): Row[] {
  const value = parseJson(name, text);
  if (!Array.isArray(value)) throw refuse(name, 'is not a list of objects: [{"prompt": "..."}, ...]');
  return value.map((row: unknown, index) => objectRow(row, `${name}, row ${index + 1},`));
}

function lineRows(name: string, text: string): Row[] {
  return lines(text).map(({ line, number }) =>
    objectRow(parseJson(`${name}, line ${number},`, line), `${name}, line ${number},`),
  );
}

function lines(text: string): { line: string; number: number }[] {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
}

function parseJson(name: string, text: string): unknown {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '\\' && inString) at++;
    else if (character === '"') inString = !inString;
    else if (!inString && (character === '{' || character === '[') && ++depth > MAX_JSON_DEPTH)
      throw refuse(name, `nests more than ${MAX_JSON_DEPTH} deep`);
    else if (!inString && (character === '}' || character === ']')) depth--;
  }
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw refuse(name, 'is no JSON', error);
  }
}

/** Values become cells; `params` and `size` are spread over their columns. */
function objectRow(value: unknown, where: string): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse(where, 'is not an object');
  const cells: [string, string][] = [];
  for (const [column, cell] of Object.entries(value)) {
    if (cell === null || cell === undefined) continue;
    if (typeof cell !== 'object') cells.push([column, String(cell)]);
    else if (column === 'params' && !Array.isArray(cell))
      for (const [name, param] of Object.entries(cell)) cells.push([`param.${name}`, String(param)]);
    else if (column === 'size' && 'width' in cell && 'height' in cell)
      cells.push(['size', `${String(cell.width)}x${String(cell.height)}`]);
    else throw refuse(where, `holds a list or an object in "${column}", where a text or a number belongs`);
  }
  return rowOf(cells);
}

/** A row without prototype: a column may have any name. Empty cells are left to the base. */
function rowOf(cells: readonly (readonly [string, string])[]): Row {
  return Object.fromEntries(cells.filter(([, cell]) => cell !== ''));
}

/** A row for every picture of a folder, in the order of their names. */
export function folderRows(names: readonly string[]): Row[] {
  const order = new Intl.Collator('en', { numeric: true });
  return names
    .filter((name) => /\.(?:png|jpe?g|webp|avif|tiff?|gif)$/i.test(name) && !name.startsWith('.'))
    .toSorted(order.compare)
    .map((source) => ({ source }));
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

function refuse(name: string, what: string, cause?: unknown): AttuneError {
  return new AttuneError('request-invalid', `${name} ${what}.`, { file: name }, cause);
}
