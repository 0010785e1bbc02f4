import { create } from 'zustand';
import type { BatchTable, ExportOptions, MediaRef } from '../../../contract/index.ts';
import { call, sentenceOf } from './connection.ts';
import { documentNow } from './editor.ts';
import { requestOf } from './request.ts';
import { maskFor } from './runs.ts';
import { notify, useSession } from './session.ts';

export type Row = Readonly<Record<string, string>>;

/** The table that is being made; kept while the window is open, and written down by the service when it is started. */
export interface TableDraft {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly media: readonly MediaRef[];
  readonly wildcards: readonly { readonly name: string; readonly lines: string }[];
  readonly repeats: number;
  readonly export: ExportOptions;
}

/** Columns that a row may have besides the parameters of its method. */
export const COLUMNS = [
  'source',
  'mask',
  'sourcePrompt',
  'prompt',
  'negative',
  'seed',
  'steps',
  'guidance',
  'size',
  'method',
  'checkpoint',
] as const;

export const useTable = create<TableDraft>(() => ({
  name: '',
  columns: ['prompt'],
  rows: [],
  media: [],
  wildcards: [],
  repeats: 1,
  export: { format: 'png', withMetadata: true },
}));

const set = useTable.setState;

/** Adds rows, and the columns that they bring. */
export function addRows(rows: readonly Row[]): void {
  set((table) => {
    const names = new Set([...table.columns, ...rows.flatMap((row) => Object.keys(row))]);
    return { rows: [...table.rows, ...rows], columns: [...names] };
  });
}

export function setCell(index: number, column: string, value: string): void {
  set(({ rows }) => ({ rows: rows.map((row, at) => (at === index ? { ...row, [column]: value } : row)) }));
}

export function removeRow(index: number): void {
  set(({ rows }) => ({ rows: rows.filter((_row, at) => at !== index) }));
}

export function addColumn(column: string): void {
  set(({ columns }) => ({ columns: columns.includes(column) ? columns : [...columns, column] }));
}

export function removeColumn(column: string): void {
  set(({ columns, rows }) => ({
    columns: columns.filter((name) => name !== column),
    rows: rows.map(({ [column]: _gone, ...row }) => row),
  }));
}

const isTable = ({ name }: File) => /\.(csv|tsv|json|jsonl|ndjson|txt)$/i.test(name);

/** Takes files in: tables become their rows, every picture a row of its own. */
export async function addFiles(files: readonly File[], name: string): Promise<void> {
  if (useTable.getState().name === '') set({ name });
  for (const file of files) {
    try {
      if (isTable(file)) await addTable(file.name, new Uint8Array(await file.arrayBuffer()));
      else await addPicture(file);
    } catch (error) {
      notify('error', sentenceOf(error));
    }
  }
}

async function addTable(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const { rows, notes } = await call('batch.parse', { name, bytes });
  addRows(rows);
  for (const note of notes) notify('warning', note);
}

/** Adds a row for each line that says something, read as a text file of prompts is. */
export async function addPrompts(lines: string): Promise<boolean> {
  try {
    await addTable('prompts.txt', new TextEncoder().encode(lines));
    return true;
  } catch (error) {
    notify('error', sentenceOf(error));
    return false;
  }
}

async function addPicture(file: File): Promise<void> {
  const { ref } = await call('media.put', { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });
  const isSame = (other: MediaRef) => other.sha256 === ref.sha256 && other.name === ref.name;
  set(({ media }) => ({ media: [...media.filter((other) => !isSame(other)), ref] }));
  // Two pictures may have one name: then the content tells them apart.
  const isAlone = useTable.getState().media.filter((other) => other.name === ref.name).length === 1;
  addRows([{ source: isAlone ? ref.name : `${ref.sha256}:${ref.name}` }]);
}

/** The table as the service takes it: what a row leaves empty comes from the editor, its picture and mask with it. */
export async function tableOf(draft: TableDraft, defaultName: string): Promise<BatchTable> {
  const { name, rows, media, wildcards, repeats, export: options } = draft;
  return {
    name: name.trim() === '' ? defaultName : name.trim(),
    base: await baseNow(),
    rows: rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, cell]) => cell.trim() !== ''))),
    media: [...media],
    wildcards: Object.fromEntries(
      wildcards.map((list) => [list.name, list.lines.split('\n').filter((line) => line.trim() !== '')]),
    ),
    repeats,
    export: options,
  };
}

async function baseNow(): Promise<BatchTable['base']> {
  const document = documentNow();
  const method = useSession.getState().methods.find(({ id }) => id === document.method);
  if (method === undefined) return {};
  const { maps: _maps, ...base } = requestOf(document, method, await maskFor(method));
  return base;
}
