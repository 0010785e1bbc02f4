import { join } from 'node:path';
import type { EditRecord, EditRequest, Size, UserError } from '../../contract/index.ts';
import { stageFile } from '../../native/files.ts';

/** One line of the manifest: what became of a job. */
export interface ManifestEntry {
  readonly job: number;
  readonly row: number;
  readonly status: 'done' | 'failed' | 'waiting';
  readonly request: EditRequest;
  /** Where the picture is, or would be, relative to the folder. */
  readonly file: string;
  readonly sha256?: string;
  readonly bytes?: number;
  /** Of the picture: with a region another than the request's. */
  readonly size?: Size;
  readonly maps?: readonly string[];
  readonly record?: EditRecord;
  readonly warnings?: readonly string[];
  readonly error?: UserError;
}

export interface Manifest {
  readonly name: string;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly jobs: readonly ManifestEntry[];
}

export const MANIFEST_NAMES = ['manifest.json', 'manifest.csv'] as const;

/** Writes both manifests, each whole or not at all. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const json = `${JSON.stringify({ schema: 'attune-batch/1', ...manifest }, undefined, 1)}\n`;
  for (const [name, text] of [
    [MANIFEST_NAMES[0], json],
    [MANIFEST_NAMES[1], manifestCsv(manifest.jobs)],
  ] as const) {
    const staged = await stageFile(join(folder, name), Buffer.from(text), { replace: true });
    await staged.commit();
  }
}

const COLUMNS = [
  'job',
  'row',
  'status',
  'file',
  'sha256',
  'method',
  'checkpoint',
  'source',
  'mask',
  'prompt',
  'sourcePrompt',
  'negative',
  'seed',
  'steps',
  'guidance',
  'width',
  'height',
  'region',
  'error',
] as const;

/** A table for spreadsheets. Numbers of jobs and rows begin at 1, as people count. */
function manifestCsv(jobs: readonly ManifestEntry[]): string {
  const rows = jobs.map(({ job, row, status, file, sha256, size, request, record, error }) => {
    const ran = record?.request;
    const values: Readonly<Record<(typeof COLUMNS)[number], string | number | undefined>> = {
      job: job + 1,
      row: row + 1,
      status,
      file: status === 'done' ? file : undefined,
      sha256,
      method: request.method,
      checkpoint: ran?.checkpoint ?? request.checkpoint,
      source: request.source?.name,
      mask: request.mask?.name,
      prompt: request.prompt,
      sourcePrompt: request.sourcePrompt,
      negative: request.negative,
      seed: request.seed,
      steps: ran?.steps ?? request.steps,
      guidance: ran?.guidance ?? request.guidance,
      width: (size ?? ran?.size ?? request.size)?.width,
      height: (size ?? ran?.size ?? request.size)?.height,
      region: regionCell(ran?.region ?? request.region),
      error: error?.message,
    };
    return COLUMNS.map((column) => cell(values[column]));
  });
  return [COLUMNS, ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

/** As a table's own column has it. */
function regionCell(region: EditRequest['region']): string | undefined {
  return typeof region === 'object' ? [region.x, region.y, region.width, region.height].join() : region;
}

/** A spreadsheet takes a text that begins like a formula for one; the apostrophe in front is its own way to say text. */
function cell(value: string | number | undefined): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
