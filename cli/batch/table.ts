import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { BatchTable, type ExportFormat, type MediaRef } from '../../contract/index.ts';
import { AttuneError, type Engine } from '../../engine/index.ts';
import { readFileWithin, sha256Of } from '../../native/files.ts';
import { columnOf, folderRows, matrixRows, parseRows, type Row } from '../../service/batch/index.ts';
import { UsageError } from '../errors.ts';
import { bareName, MAX_PICTURE_BYTES } from '../media.ts';
import type { Values } from '../options.ts';
import { checkpointRef, DEFAULT_MODEL, readSeed, readSize } from '../request.ts';
import { didYouMean } from '../suggest.ts';

/** A table and where its pictures lie: SHA-256 -> path. */
export interface ReadTable {
  readonly table: BatchTable;
  readonly paths: ReadonlyMap<string, string>;
}

const MAX_TABLE_BYTES = 64 * 1024 * 1024;
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
  const { rows: given, folder, name } = path === undefined ? matrixOnly(values) : await readRows(path);
  const rows = withParams(withMatrix(given, values), values.list('param'));
  const mask = values.text('mask');
  const media = new Map<string, MediaRef>();
  const paths = new Map<string, string>();
  const known = new Map<string, string>();
  const hashOf = async (file: string): Promise<string> => {
    const earlier = known.get(file);
    if (earlier !== undefined) return earlier;
    const sha256 = sha256Of(await readFileWithin(file, MAX_PICTURE_BYTES));
    known.set(file, sha256);
    if (!media.has(sha256)) media.set(sha256, { sha256, name: bareName(file) });
    paths.set(sha256, file);
    return sha256;
  };
  const maskHash = mask === undefined ? undefined : await hashOf(resolve(mask));
  const filled: Row[] = [];
  for (const [index, row] of rows.entries()) {
    const cells: Record<string, string> = {};
    for (const [column, cell] of Object.entries(row)) {
      const field = columnOf(column);
      if (field === 'source' || field === 'mask')
        cells[column] = await hashOf(resolve(folder, cell)).catch((error: unknown) => {
          throw inRow(error, name, index, column);
        });
      else cells[column] = field === 'checkpoint' ? checkpointRef(cell, engine) : cell;
    }
    if (maskHash !== undefined && !Object.keys(row).some((column) => columnOf(column) === 'mask'))
      cells.mask = maskHash;
    filled.push(cells);
  }
  const checked = BatchTable.safeParse({
    name,
    base: readBase(values, engine, resumedSeed),
    rows: filled,
    media: [...media.values()],
    wildcards: await readWildcards(values.text('wildcards')),
    repeats: values.integer('repeats', 1, 1000) ?? 1,
    export: readExport(values),
  });
  if (checked.success) return { table: checked.data, paths };
  const [issue] = checked.error.issues;
  throw new UsageError(`This batch cannot be asked for: ${issue?.path.join('.')} ${issue?.message}.`);
}

function inRow(error: unknown, name: string, index: number, column: string): unknown {
  if (!(error instanceof AttuneError)) return error;
  return new AttuneError(error.kind, `${name}, row ${index + 1}, ${column}: ${error.message}`, error.where, error);
}

function matrixOnly(values: Values): { rows: readonly Row[]; folder: string; name: string } {
  if (values.has('matrix')) return { rows: [{}], folder: '.', name: 'matrix' };
  if (values.has('prompt')) return { rows: [{}], folder: '.', name: 'prompt' };
  throw new UsageError('JOBS is missing: name a table or a folder of pictures, or give --matrix or --prompt.');
}

async function readRows(path: string): Promise<{ rows: readonly Row[]; folder: string; name: string }> {
  const status = await stat(path).catch(() => undefined);
  const name = basename(resolve(path)).slice(0, 120) || 'batch';
  if (status?.isDirectory()) {
    const rows = folderRows(await readdir(path));
    if (rows.length === 0) throw new AttuneError('file-failed', `${path} holds no pictures.`, { file: path });
    return { rows, folder: path, name };
  }
  const bytes = await readFileWithin(path, MAX_TABLE_BYTES);
  return { rows: parseRows(name, new TextDecoder().decode(bytes)), folder: dirname(path), name };
}

/** Every row with every prompt of the matrix. */
function withMatrix(rows: readonly Row[], values: Values): readonly Row[] {
  const matrix = values.text('matrix');
  if (matrix === undefined) return rows;
  return rows.flatMap((row) => matrixRows(matrix).map((prompt) => ({ ...row, ...prompt })));
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

/** Lines of every `name.txt`; those that are empty or begin with `#` do not count. */
async function readWildcards(folder: string | undefined): Promise<Record<string, string[]>> {
  if (folder === undefined) return {};
  const names = await readdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new AttuneError(
      'file-failed',
      `${folder} cannot be read as a folder of word lists.`,
      { file: folder },
      error,
    );
  });
  const lists: [string, string[]][] = [];
  for (const name of names.filter((candidate) => candidate.endsWith('.txt')).toSorted()) {
    const text = new TextDecoder().decode(await readFileWithin(join(folder, name), 1 << 20));
    const lines = text.split(/\r?\n/).map((line) => line.trim());
    lists.push([name.slice(0, -4).replaceAll('\\', '/'), lines.filter((line) => line !== '' && !line.startsWith('#'))]);
  }
  return Object.fromEntries(lists);
}
