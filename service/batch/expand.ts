import {
  type BatchPlan,
  type BatchTable,
  EditRequest,
  MAX_SEED,
  type MediaRef,
  type MethodDescription,
  type ParamSchema,
  type ParamValue,
} from '../../contract/index.ts';
import { nearest } from '../../engine/index.ts';
import type { ExpandedJob } from './job.ts';
import { nameJobs } from './names.ts';
import { MAX_JOBS, type Row } from './rows.ts';
import { chooseWords } from './words.ts';

export type BatchProblem = BatchPlan['problems'][number];

export interface Expansion {
  readonly jobs: readonly ExpandedJob[];
  readonly problems: readonly BatchProblem[];
}

const DEFAULT_CHECKPOINT = 'embedded/image';
/** More are not worth reading at once. */
const MAX_PROBLEMS = 200;

/** Columns and what else they may be called. */
const COLUMNS: Readonly<Record<string, string>> = {
  method: 'method',
  checkpoint: 'checkpoint',
  model: 'checkpoint',
  source: 'source',
  image: 'source',
  mask: 'mask',
  prompt: 'prompt',
  to: 'prompt',
  sourceprompt: 'sourcePrompt',
  source_prompt: 'sourcePrompt',
  from: 'sourcePrompt',
  negative: 'negative',
  negative_prompt: 'negative',
  seed: 'seed',
  size: 'size',
  width: 'width',
  height: 'height',
  steps: 'steps',
  guidance: 'guidance',
  cfg: 'guidance',
  maps: 'maps',
};

/**
 * The jobs of a table: every row as often as it repeats, its choices made. Seeds count up: from the row's own seed over its repeats,
 * otherwise from the base's over all jobs. A row with a problem gives no jobs; the problems name row and field.
 */
export function expandTable(table: BatchTable, methods: readonly MethodDescription[]): Expansion {
  const jobs: ExpandedJob[] = [];
  const problems: BatchProblem[] = [];
  const total = table.rows.length * table.repeats;
  if (total > MAX_JOBS) {
    const message = `${table.rows.length} rows times ${table.repeats} are ${total} jobs, more than ${MAX_JOBS}; split the table.`;
    return { jobs, problems: [{ row: 0, field: 'repeats', message }] };
  }
  const findMedia = mediaFinder(table.media);
  for (const [row, cells] of table.rows.entries()) {
    if (problems.length >= MAX_PROBLEMS) break;
    const found: BatchProblem[] = [];
    const report = (field: string, message: string) => {
      found.push({ row, field, message: `Row ${row + 1}, ${field}: ${message}` });
    };
    const draft = readRow(cells, { base: table.base, findMedia, methods, report });
    for (let repeat = 0; repeat < table.repeats && found.length === 0; repeat++) {
      const own = draft.seed;
      const seed = ((own ?? table.base.seed ?? 0) + (own === undefined ? row * table.repeats : 0) + repeat) % MAX_SEED;
      const request = requestOf({ ...draft, seed }, table, report);
      if (request && found.length === 0) jobs.push({ row, repeat, request });
    }
    problems.push(...found);
  }
  return { jobs, problems };
}

/** What a table will do, for showing before it starts. */
export function planBatch(table: BatchTable, methods: readonly MethodDescription[], startedMs = Date.now()): BatchPlan {
  const { jobs, problems } = expandTable(table, methods);
  const first = jobs.slice(0, 100);
  const files = nameJobs(first, { ...table.export, startedMs, taken: [] });
  return {
    total: jobs.length,
    jobs: first.map(({ row, request }, index) => ({ row, request, file: files[index]! })),
    problems: [...problems],
  };
}

type Draft = { -readonly [Field in keyof EditRequest]?: EditRequest[Field] | undefined };
type Report = (field: string, message: string) => void;

interface Reading {
  readonly base: BatchTable['base'];
  readonly findMedia: (cell: string) => MediaRef | undefined;
  readonly methods: readonly MethodDescription[];
  readonly report: Report;
}

function readRow(cells: Row, { base, findMedia, methods, report }: Reading): Draft {
  const draft: Draft = { ...base };
  delete draft.seed;
  const params: Record<string, string> = {};
  const sides: { width?: number; height?: number } = {};
  for (const [column, cell] of Object.entries(cells)) {
    if (cell === '') continue;
    const param = /^param\.(.+)$/i.exec(column.trim())?.[1];
    const field = columnOf(column);
    if (param !== undefined) params[param] = cell;
    else if (field === undefined) report(column, unknownColumn(column));
    else if (field === 'source' || field === 'mask') {
      const media = findMedia(cell);
      if (media) draft[field] = media;
      else report(column, `there is no picture "${cell}".`);
    } else if (field === 'seed' || field === 'steps' || field === 'guidance') {
      const number = readNumber(cell, column, report);
      if (number !== undefined) draft[field] = number;
    } else if (field === 'width' || field === 'height') {
      const number = readNumber(cell, column, report);
      if (number !== undefined) sides[field] = number;
    } else if (field === 'size') {
      const match = /^(\d{1,5})\s*[x×]\s*(\d{1,5})$/i.exec(cell);
      if (match) draft.size = { width: Number(match[1]), height: Number(match[2]) };
      else report(column, `takes WIDTHxHEIGHT, e.g. 512x768, not "${cell}".`);
    } else if (field === 'maps') {
      const isTrue = /^(?:true|1|yes)$/i.test(cell);
      if (isTrue || /^(?:false|0|no)$/i.test(cell)) draft.maps = isTrue;
      else report(column, `takes true or false, not "${cell}".`);
    } else if (isTextField(field)) draft[field] = cell;
  }
  if (sides.width !== undefined && sides.height !== undefined)
    draft.size = { width: sides.width, height: sides.height };
  else if (sides.width !== undefined || sides.height !== undefined)
    report('size', 'has only one of width and height; give both.');
  draft.method ??=
    draft.source === undefined
      ? 'generate'
      : draft.mask !== undefined && draft.sourcePrompt === undefined
        ? 'inpaint'
        : 'prompt-edit';
  draft.checkpoint ??= DEFAULT_CHECKPOINT;
  const method = methods.find(({ id }) => id === draft.method);
  if (!method)
    report(
      'method',
      `there is no method "${draft.method}".${didYouMean(
        draft.method,
        methods.map(({ id }) => id),
      )}`,
    );
  else {
    checkInputs(draft, method, report);
    readParams(params, draft, method, report);
  }
  return draft;
}

const isTextField = (field: string): field is 'method' | 'checkpoint' | 'prompt' | 'sourcePrompt' | 'negative' =>
  ['method', 'checkpoint', 'prompt', 'sourcePrompt', 'negative'].includes(field);

/** The field that a column fills; undefined for an unknown one. */
export function columnOf(column: string): string | undefined {
  const key = column.trim().toLowerCase().replaceAll(' ', '_');
  return Object.hasOwn(COLUMNS, key) ? COLUMNS[key] : undefined;
}

function unknownColumn(column: string): string {
  const known = [
    'method',
    'checkpoint',
    'source',
    'mask',
    'prompt',
    'sourcePrompt',
    'negative',
    'seed',
    'size',
    'steps',
    'guidance',
    'maps',
  ];
  return `there is no column "${column}".${didYouMean(column, known) || ` There are ${known.join(', ')} and param.NAME.`}`;
}

function didYouMean(name: string | undefined, known: readonly string[]): string {
  const close = nearest(name ?? '', known);
  return close === undefined ? '' : ` Did you mean ${close}?`;
}

/** By name, or by the SHA-256 where names are alike. */
function mediaFinder(media: readonly MediaRef[]): (cell: string) => MediaRef | undefined {
  const byName = new Map(media.map((ref) => [ref.name, ref]));
  const byContent = new Map(media.map((ref) => [ref.sha256, ref]));
  return (cell) => byContent.get(cell) ?? byName.get(cell);
}

function readNumber(cell: string, column: string, report: Report): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell.trim())) return Number(cell);
  report(column, `takes a number, not "${cell}".`);
  return undefined;
}

function checkInputs(draft: Draft, { id, inputs }: MethodDescription, report: Report): void {
  for (const field of ['source', 'mask', 'prompt', 'sourcePrompt', 'negative'] as const) {
    if (inputs[field] === 'required' && draft[field] === undefined) report(field, `the method ${id} needs it.`);
    if (inputs[field] === undefined && draft[field] !== undefined)
      report(field, `the method ${id} makes no use of it.`);
  }
}

function readParams(
  cells: Readonly<Record<string, string>>,
  draft: Draft,
  method: MethodDescription,
  report: Report,
): void {
  const params: Record<string, ParamValue> = { ...draft.params };
  for (const [name, cell] of Object.entries(cells)) {
    const schema = method.params.find((param) => param.name === name);
    const value = schema && readParam(cell, schema);
    if (!schema)
      report(
        `param.${name}`,
        `the method ${method.id} has no such parameter.${didYouMean(
          name,
          method.params.map((param) => param.name),
        )}`,
      );
    else if (value === undefined) report(`param.${name}`, `takes ${kindOf(schema)}, not "${cell}".`);
    else params[name] = value;
  }
  draft.params = params;
}

function readParam(cell: string, schema: ParamSchema): ParamValue | undefined {
  switch (schema.type) {
    case 'number':
    case 'integer': {
      const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) ? Number(cell) : Number.NaN;
      const isWhole = schema.type === 'number' || Number.isInteger(value);
      return isWhole && value >= schema.min && value <= schema.max ? value : undefined;
    }
    case 'boolean':
      return cell === 'true' ? true : cell === 'false' ? false : undefined;
    case 'choice':
      return schema.choices.some(({ value }) => value === cell) ? cell : undefined;
    case 'text':
      return cell.length <= schema.maxLength ? cell : undefined;
  }
}

function kindOf(schema: ParamSchema): string {
  switch (schema.type) {
    case 'number':
    case 'integer':
      return `${schema.type === 'integer' ? 'a whole number' : 'a number'} from ${schema.min} to ${schema.max}`;
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${schema.choices.map(({ value }) => value).join(', ')}`;
    case 'text':
      return `at most ${schema.maxLength} characters`;
  }
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
      report(field, `it ${error instanceof Error ? error.message : String(error)}.`);
    }
  }
  const given = Object.entries(chosen).filter(([, value]) => value !== undefined);
  const checked = EditRequest.safeParse(Object.fromEntries(given));
  if (checked.success) return checked.data;
  for (const { path, message } of checked.error.issues.slice(0, 5)) report(path.join('.') || 'request', `${message}.`);
  return undefined;
}
