import { createHash } from 'node:crypto';
import type { ExportFormat } from '../../contract/index.ts';
import { DATE_TIME, dateText, fillPattern, promptWords, safeName } from '../names.ts';
import type { ExpandedJob } from './job.ts';

/** File names of a batch: A1111's bracket tokens, safe on every platform, each once. Pure, so a resumed batch names its files alike. */
export interface Naming {
  readonly format: ExportFormat;
  readonly pattern?: string;
  /** When the batch began; dates are in UTC, so that moving house does not rename files. */
  readonly startedMs: number;
  /** Names that were in the folder before the batch began. */
  readonly taken: readonly string[];
}

const ENDINGS: Readonly<Record<ExportFormat, string>> = { png: 'png', jpeg: 'jpg', webp: 'webp', avif: 'avif' };

/** A name for every job, in their order. */
export function nameJobs(jobs: readonly ExpandedJob[], naming: Naming): readonly string[] {
  const taken = new Set(naming.taken.map(fold));
  const counts = new Map<string, number>();
  return jobs.map((job, index) => {
    const pattern = naming.pattern ?? (job.request.source ? '[source_name]-[seed]' : '[generation_number]-[seed]');
    const stem = safeStem(filled(pattern, job, index, naming.startedMs));
    // Many jobs may share a stem: where counting stopped is remembered.
    for (let count = counts.get(fold(stem)) ?? 1; ; count++) {
      const name = `${count === 1 ? stem : `${stem}-${count}`}.${ENDINGS[naming.format]}`;
      if (taken.has(fold(name))) continue;
      taken.add(fold(name));
      counts.set(fold(stem), count + 1);
      return name;
    }
  });
}

/** Disks of Windows and macOS take names for the same that differ in case or in how accents are written. */
const fold = (name: string) => name.normalize('NFC').toLowerCase();

function filled(pattern: string, { request, repeat }: ExpandedJob, index: number, startedMs: number): string {
  const utc = new Date(startedMs);
  // Formats read local time: this date shows UTC there.
  const date = new Date(startedMs + utc.getTimezoneOffset() * 60_000);
  const values: Readonly<Record<string, (format?: string) => string>> = {
    seed: () => String(request.seed),
    steps: () => String(request.steps ?? 'auto'),
    cfg: () => String(request.guidance ?? 'auto'),
    width: () => String(request.size?.width ?? 'auto'),
    height: () => String(request.size?.height ?? 'auto'),
    // Methods bring their own sampler; it is not known before the job has run.
    sampler: () => 'auto',
    model_name: () => request.checkpoint.split(/[\\/]/).findLast((part) => part !== '') ?? 'model',
    date: () => dateText(date, '%Y-%m-%d'),
    datetime: (format = DATE_TIME) => dateText(date, format),
    prompt: () => request.prompt,
    prompt_words: () => promptWords(request.prompt),
    prompt_hash: () => createHash('sha256').update(request.prompt).digest('hex').slice(0, 8),
    batch_number: () => String(repeat + 1),
    generation_number: () => String(index + 1).padStart(5, '0'),
    method: () => request.method,
    source_name: () => request.source?.name.replace(/\.\w{1,5}$/, '') ?? '',
    none: () => '',
  };
  return fillPattern(pattern, (token, format) => (Object.hasOwn(values, token) ? values[token]?.(format) : undefined));
}

/** A name without its ending that every disk takes. */
export const safeStem = (text: string): string => safeName(text) || 'picture';
