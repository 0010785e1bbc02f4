import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve, sep } from 'node:path';
import { BatchTable, type ExportFormat, MAX_TABLE_BYTES, type MediaRef } from '../../contract/index.ts';
import { AttuneError, type Engine } from '../../engine/index.ts';
import { naming, readFileWithin, sha256Of } from '../../native/files.ts';
import { bareName, MAX_PICTURE_BYTES } from '../../native/picturefile.ts';
import {
  columnOf,
  folderRows,
  MAX_JOBS,
  matrixRows,
  mediaKey,
  parseTable,
  type Row,
} from '../../service/batch/index.ts';
import { UsageError } from '../errors.ts';
import type { Values } from '../options.ts';
import { readRegion } from '../region.ts';
import { checkpointRef, DEFAULT_MODEL, readSeed, readSize } from '../request.ts';
import { didYouMean } from '../suggest.ts';
import { readWordLists } from './wordlists.ts';

/** A table and where its pictures lie: SHA-256 -> path. */
export interface ReadTable {
  readonly table: BatchTable;
  readonly paths: ReadonlyMap<string, string>;
  /** Sentences about how its files were read, and what lies in a folder and is no job. */
  readonly notices: readonly string[];
}

const FORMATS: Readonly<Record<string, ExportFormat>> = {
  png: 'png',
  jpeg: 'jpeg',
  jpg: 'jpeg',
  webp: 'webp',
  avif: 'avif',
};

/** The table of a command line. @param resumedSeed what the batch that goes on began with */
export async function readTable(values: Values, engine: Engine, resumedSeed: number | undefined): Promise<ReadTable> {
  const [path] = values.arguments;
  const read = path === undefined ? matrixOnly(values) : await readRows(path, values.text('encoding'));
  const { folder, name } = read;
  const rows = withParams(withMatrix(read.rows, values), values.list('param'));
  const mask = values.text('mask');
  const media = new Map<string, MediaRef>();
  const paths = new Map<string, string>();
  const known = new Map<string, string>();
  const keyOf = async (file: string): Promise<string> => {
    const earlier = known.get(file);
    if (earlier !== undefined) return earlier;
    const sha256 = sha256Of(await readFileWithin(file, MAX_PICTURE_BYTES));
    const ref = { sha256, name: bareName(file) };
    const key = mediaKey(ref);
    known.set(file, key);
    media.set(key, ref);
    paths.set(sha256, file);
    return key;
  };
  const maskKey = mask === undefined ? undefined : await keyOf(resolve(mask));
  const checkpoints = new Map<string, string>();
  const checkpoint = (cell: string): string => {
    const ref = checkpoints.get(cell) ?? checkpointRef(cell, engine);
    checkpoints.set(cell, ref);
    return ref;
  };
  const filled: Row[] = [];
  for (const [index, row] of rows.entries()) {
    const cells: [string, string][] = [];
    for (const [column, cell] of Object.entries(row)) {
      const field = columnOf(column);
      if ((field === 'source' || field === 'mask') && cell !== '') {
        const key = await pictureAt(folder, cell)
          .then(keyOf)
          .catch((error: unknown) => {
            throw inRow(error, name, index, column);
          });
        cells.push([column, key]);
      } else cells.push([column, field === 'checkpoint' ? checkpoint(cell) : cell]);
    }
    if (maskKey !== undefined && !Object.keys(row).some((column) => columnOf(column) === 'mask'))
      cells.push(['mask', maskKey]);
    filled.push(Object.fromEntries(cells));
  }
  const base = readBase(values, engine, resumedSeed);
  const { wildcards, notices } = await readWordLists(
    values.text('wildcards'),
    { rows: filled, base },
    values.text('encoding'),
  );
  const checked = BatchTable.safeParse({
    name,
    base,
    rows: filled,
    media: [...media.values()],
    wildcards,
    repeats: values.integer('repeats', 1, 1000) ?? 1,
    export: readExport(values),
  });
  if (checked.success) return { table: checked.data, paths, notices: [...read.notices, ...notices] };
  const [issue] = checked.error.issues;
  throw new UsageError(`This batch cannot be asked for: ${issue?.path.join('.')} ${issue?.message}.`);
}

/** The file that a cell names; tables from Windows part folders by backslashes. */
async function pictureAt(folder: string, cell: string): Promise<string> {
  const path = resolve(folder, cell);
  if (sep === '\\' || !cell.includes('\\') || (await stat(path).catch(() => undefined)) !== undefined) return path;
  if (!/^[a-z]:\\|^\\\\/i.test(cell)) return resolve(folder, cell.replaceAll('\\', '/'));
  const way = 'give it relative to the table';
  throw new AttuneError('file-failed', `${cell} names a drive of Windows, which is not on this computer; ${way}.`, {
    file: cell,
  });
}

function inRow(error: unknown, name: string, index: number, column: string): unknown {
  if (!(error instanceof AttuneError)) return error;
  return new AttuneError(error.kind, `${name}, row ${index + 1}, ${column}: ${error.message}`, error.where, error);
}

interface ReadRows {
  readonly rows: readonly Row[];
  readonly folder: string;
  readonly name: string;
  readonly notices: readonly string[];
}

function matrixOnly(values: Values): ReadRows {
  if (values.has('matrix')) return { rows: [{}], folder: '.', name: 'matrix', notices: [] };
  if (values.has('prompt') || values.has('to')) return { rows: [{}], folder: '.', name: 'prompt', notices: [] };
  throw new UsageError('JOBS is missing: name a table or a folder of pictures, or give --matrix or --prompt.');
}

async function readRows(path: string, encoding: string | undefined): Promise<ReadRows> {
  const status = await stat(path).catch(() => undefined);
  const name = basename(resolve(path)).slice(0, 120) || 'batch';
  if (status?.isDirectory()) {
    const entries = await naming(path, () => readdir(path, { withFileTypes: true }));
    // A slash at the end tells a folder from a picture, whatever its name.
    const { rows, passedOver } = folderRows(
      entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)),
    );
    const notices = passedOver.length === 0 ? [] : [passedOverNotice(path, passedOver)];
    if (rows.length === 0)
      throw new AttuneError('file-failed', [`${path} holds no pictures that are taken.`, ...notices].join(' '), {
        file: path,
      });
    return { rows, folder: path, name, notices };
  }
  const { rows, notes: notices } = parseTable(name, await readFileWithin(path, MAX_TABLE_BYTES), encoding);
  return { rows, folder: dirname(path), name, notices };
}

/** So many names of files that are passed over are said. */
const SHOWN_NAMES = 10;

function passedOverNotice(path: string, names: readonly string[]): string {
  const more = names.length > SHOWN_NAMES ? ` and ${names.length - SHOWN_NAMES} more` : '';
  const count = names.length === 1 ? '1 entry is' : `${names.length} entries are`;
  const shown = names.slice(0, SHOWN_NAMES).map((name) => name.replace(/\p{Cc}/gu, '?'));
  return `In ${path} ${count} passed over, no PNG, JPEG, WebP, AVIF, TIFF or GIF by name: ${shown.join(', ')}${more}.`;
}

/** Every row with every prompt of the matrix. */
function withMatrix(rows: readonly Row[], values: Values): readonly Row[] {
  const matrix = values.text('matrix');
  if (matrix === undefined) return rows;
  const prompts = matrixRows(matrix);
  const total = rows.length * prompts.length;
  if (total > MAX_JOBS)
    throw new UsageError(
      `${rows.length} rows times ${prompts.length} prompts of --matrix are ${total} jobs, more than ${MAX_JOBS}.`,
    );
  return rows.flatMap((row) => prompts.map((prompt) => ({ ...row, ...prompt })));
}

/** `--param` stands behind a row's own column of the same name. */
function withParams(rows: readonly Row[], params: readonly string[]): readonly Row[] {
  const cells = params.map((text) => {
    const cut = text.indexOf('=');
    if (cut < 1) throw new UsageError(`--param takes NAME=VALUE, not "${text}".`);
    return [`param.${text.slice(0, cut)}`, text.slice(cut + 1)] as const;
  });
  return cells.length === 0 ? rows : rows.map((row) => ({ ...Object.fromEntries(cells), ...row }));
}

function readBase(values: Values, engine: Engine, resumedSeed: number | undefined): BatchTable['base'] {
  if (values.has('to') && values.has('prompt')) throw new UsageError('--to and --prompt are the same here; give one.');
  const prompt = values.text('to') ?? values.text('prompt');
  const [from, negative, method] = [values.text('from'), values.text('negative'), values.text('method')];
  const steps = values.integer('steps', 1, 1000);
  const guidance = values.number('guidance', 0, 100);
  const size = readSize(values.text('size'));
  return {
    checkpoint: checkpointRef(values.text('model') ?? DEFAULT_MODEL, engine),
    seed: values.has('seed') ? readSeed(values) : (resumedSeed ?? readSeed(values)),
    ...(method !== undefined && { method }),
    ...(prompt !== undefined && { prompt }),
    ...(from !== undefined && { sourcePrompt: from }),
    ...(negative !== undefined && { negative }),
    ...(steps !== undefined && { steps }),
    ...(guidance !== undefined && { guidance }),
    ...(size && { size }),
    ...readRegion(values),
    ...(values.has('maps') && { maps: true }),
  };
}

function readExport(values: Values): BatchTable['export'] {
  const text = values.text('format') ?? 'png';
  const known = Object.keys(FORMATS);
  const format = known.includes(text) ? FORMATS[text] : undefined;
  if (format === undefined)
    throw new UsageError(`--format takes ${known.join(', ')}, not "${text}".${didYouMean(text, known)}`);
  const quality = values.integer('quality', 1, 100);
  const pattern = values.text('pattern');
  return {
    format,
    withMetadata: !values.has('no-metadata'),
    ...(quality !== undefined && { quality }),
    ...(pattern !== undefined && { pattern }),
  };
}
