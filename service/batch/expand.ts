import {
  type BatchPlan,
  type BatchTable,
  EditRequest,
  type MediaRef,
  type MethodDescription,
} from '../../contract/index.ts';
import { AttuneError } from '../../engine/index.ts';
import { type Draft, type Report, readRow } from './cells.ts';
import { MAX_COLUMNS } from './columns.ts';
import type { ExpandedJob } from './job.ts';
import { nameJobs } from './names.ts';
import { MAX_JOBS } from './row.ts';
import { seedAt } from './seeds.ts';
import { chooseWords } from './words/choose.ts';

export type BatchProblem = BatchPlan['problems'][number];

export interface Expansion {
  readonly jobs: readonly ExpandedJob[];
  readonly problems: readonly BatchProblem[];
}

/** Throws as a run of the request would before it starts. */
export type RequestCheck = (request: EditRequest) => void;

/** More are not worth reading at once. */
const MAX_PROBLEMS = 200;

/**
 * The jobs of a table: every row as often as it repeats, its choices made. Seeds count up: from the row's own seed over its repeats,
 * otherwise from the base's over all jobs. A row with a problem gives no jobs; the problems name row and field.
 * @param check absent: the form of the rows alone is judged
 */
export function expandTable(table: BatchTable, methods: readonly MethodDescription[], check?: RequestCheck): Expansion {
  const jobs: ExpandedJob[] = [];
  const problems: BatchProblem[] = [];
  const { base, repeats } = table;
  const total = table.rows.length * repeats;
  if (total > MAX_JOBS) {
    const message = `${table.rows.length} rows times ${repeats} are ${total} jobs, more than ${MAX_JOBS}; split the table.`;
    return { jobs, problems: [{ row: 0, field: 'repeats', message }] };
  }
  const findMedia = mediaFinder(table.media);
  for (const [row, cells] of table.rows.entries()) {
    if (problems.length >= MAX_PROBLEMS) break;
    const found: BatchProblem[] = [];
    const report = (field: string, message: string) => {
      found.push({ row, field, message: `Row ${row + 1}, ${field}: ${message}` });
    };
    const columns = Object.keys(cells).length;
    if (columns > MAX_COLUMNS) report('columns', `it has ${columns}, and a table at most ${MAX_COLUMNS}.`);
    else {
      const { draft, seed: own } = readRow(cells, { base, findMedia, methods, report });
      for (let repeat = 0; repeat < repeats && found.length === 0; repeat++) {
        const seed = seedAt(own, { base: base.seed ?? 0, row, repeat, repeats });
        if (seed === undefined) report('seed', 'counting up goes past the largest seed; begin with a smaller one.');
        const request = seed === undefined ? undefined : requestOf({ ...draft, seed }, table, report);
        if (request && found.length === 0 && check) checkRow(request, check, report);
        if (request && found.length === 0) jobs.push({ row, repeat, request });
      }
    }
    problems.push(...found.slice(0, MAX_PROBLEMS - problems.length));
  }
  return { jobs, problems };
}

/** What a table will do, for showing before it starts. */
export function planBatch(table: BatchTable, methods: readonly MethodDescription[], check?: RequestCheck): BatchPlan {
  const { jobs, problems } = expandTable(table, methods, check);
  const first = jobs.slice(0, 100);
  const files = nameJobs(first, { ...table.export, startedMs: Date.now(), taken: [] });
  return {
    total: jobs.length,
    jobs: first.map(({ row, request }, index) => ({ row, request, file: files[index]! })),
    problems: [...problems],
  };
}

/** What the engine refuses of jobs that were made elsewhere, without it. */
export function refusedJobs(
  jobs: readonly Pick<ExpandedJob, 'row' | 'request'>[],
  check: RequestCheck,
): readonly BatchProblem[] {
  const problems: BatchProblem[] = [];
  for (const { row, request } of jobs) {
    if (problems.length >= MAX_PROBLEMS) break;
    checkRow(request, check, (field, message) =>
      problems.push({ row, field, message: `Row ${row + 1}, ${field}: ${message}` }),
    );
  }
  return problems;
}

/** Reports what the engine refuses, under the column that it is about. */
function checkRow(request: EditRequest, check: RequestCheck, report: Report): void {
  try {
    check(request);
  } catch (error) {
    if (!(error instanceof AttuneError)) throw error;
    const { field = 'request' } = error.where;
    report(Object.hasOwn(request.params ?? {}, field) ? `param.${field}` : field, error.message);
  }
}

/** What a cell calls a picture that shares its name with others, and its content with others. */
export const mediaKey = ({ sha256, name }: MediaRef): string => `${sha256}:${name}`;

/** By name, by the SHA-256 where names are alike, by both where both are shared. */
function mediaFinder(media: readonly MediaRef[]): (cell: string) => MediaRef | undefined {
  const found = new Map<string, MediaRef>();
  for (const keyOf of [({ name }: MediaRef) => name, ({ sha256 }: MediaRef) => sha256, mediaKey])
    for (const ref of media) found.set(keyOf(ref), ref);
  return (cell) => found.get(cell);
}

/** The request with its choices made; checked against the contract, field by field. */
function requestOf(draft: Draft, { wildcards }: BatchTable, report: Report): EditRequest | undefined {
  const chosen: Draft = { prompt: '', ...draft };
  for (const field of ['prompt', 'sourcePrompt', 'negative'] as const) {
    const text = chosen[field];
    if (text === undefined) continue;
    try {
      chosen[field] = chooseWords(text, { seed: draft.seed ?? 0, wildcards });
    } catch (error) {
      if (!(error instanceof AttuneError)) throw error;
      report(field, `it ${error.message}.`);
    }
  }
  const given = Object.entries(chosen).filter(([, value]) => value !== undefined);
  const checked = EditRequest.safeParse(Object.fromEntries(given));
  if (checked.success) return checked.data;
  for (const { path, message } of checked.error.issues.slice(0, 5)) report(path.join('.') || 'request', `${message}.`);
  return undefined;
}
