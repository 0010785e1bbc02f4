import {
  type BatchTable,
  type EditRequest,
  type MediaRef,
  type MethodDescription,
  type ParamValue,
  presentMethodId,
  presentParamName,
  presentParams,
} from '../../contract/index.ts';
import { inputFaults, paramFromText, paramRange, regionFromText } from '../../engine/index.ts';
import { columnOf, didYouMean, paramOf, shortened, unknownColumn } from './columns.ts';
import type { Row } from './row.ts';
import { type RowSeed, readSeed } from './seeds.ts';

/** A request that may still lack what it needs. */
export type Draft = { -readonly [Field in keyof EditRequest]?: EditRequest[Field] | undefined };
export type Report = (field: string, message: string) => void;

export interface Reading {
  readonly base: BatchTable['base'];
  readonly findMedia: (cell: string) => MediaRef | undefined;
  readonly methods: readonly MethodDescription[];
  readonly report: Report;
}

const DEFAULT_CHECKPOINT = 'embedded/image';
const INPUTS = ['source', 'mask', 'prompt', 'sourcePrompt', 'negative'] as const;

/** What a row asks for, with the base behind it; the seed apart, since it depends on the job. */
export function readRow(
  cells: Row,
  { base, findMedia, methods, report }: Reading,
): { readonly draft: Draft; readonly seed: RowSeed } {
  const draft: Draft = { ...base };
  delete draft.seed;
  let seed: RowSeed;
  const params: Record<string, string> = {};
  const sides: { width?: number; height?: number } = {};
  for (const [column, cell] of filledCells(cells, report)) {
    const field = columnOf(column);
    const param = paramOf(column);
    if (param !== undefined) params[presentParamName(param)] = cell;
    else if (field === undefined) report(column, unknownColumn(column));
    else if (field === 'source' || field === 'mask') {
      const media = findMedia(cell);
      if (media) draft[field] = media;
      else report(column, `there is no picture "${shortened(cell)}".`);
    } else if (field === 'seed') {
      const read = readSeed(cell);
      if ('seed' in read) seed = read.seed;
      else report(column, `takes ${read.takes}, not "${shortened(cell)}".`);
    } else if (
      field === 'steps' ||
      field === 'guidance' ||
      field === 'frames' ||
      field === 'fps' ||
      field === 'megapixels'
    ) {
      const number = readNumber(cell, column, report);
      if (number !== undefined) draft[field] = number;
    } else if (field === 'width' || field === 'height') {
      const number = readNumber(cell, column, report);
      if (number !== undefined) sides[field] = number;
    } else if (field === 'size') {
      const match = /^(\d{1,5})\s*[x×]\s*(\d{1,5})$/i.exec(cell);
      if (match) draft.size = { width: Number(match[1]), height: Number(match[2]) };
      else report(column, `takes WIDTHxHEIGHT, e.g. 512x768, not "${shortened(cell)}".`);
    } else if (field === 'region') {
      const region = regionFromText(cell);
      if (region !== undefined) draft.region = region;
      else report(column, `takes auto or X,Y,WIDTH,HEIGHT in pixels, e.g. 100,200,640,480, not "${shortened(cell)}".`);
    } else if (field === 'maps') {
      const isTrue = /^(?:true|1|yes)$/i.test(cell);
      if (isTrue || /^(?:false|0|no)$/i.test(cell)) draft.maps = isTrue;
      else report(column, `takes true or false, not "${shortened(cell)}".`);
    } else if (isTextField(field)) draft[field] = cell;
  }
  if (sides.width !== undefined && sides.height !== undefined)
    draft.size = { width: sides.width, height: sides.height };
  else if (sides.width !== undefined || sides.height !== undefined)
    report('size', 'has only one of width and height; give both.');
  checkMethod(draft, params, methods, report);
  return { draft, seed };
}

/** The cells that say something; two columns for one thing are told, since only one of them could count. */
function filledCells(cells: Row, report: Report): readonly (readonly [string, string])[] {
  const names = new Map<string, string>();
  const filled = Object.entries(cells).filter(([, cell]) => cell !== '');
  for (const [column] of filled) {
    const field = columnOf(column) ?? (paramOf(column) === undefined ? undefined : `param.${paramOf(column)}`);
    if (field === undefined) continue;
    const other = names.get(field) ?? (field === 'width' || field === 'height' ? names.get('size') : undefined);
    if (other !== undefined) report(column, `says what the column "${other}" says; fill one of them.`);
    names.set(field, column);
    if (field === 'width' || field === 'height') names.set('a side', column);
    else if (field === 'size' && names.has('a side'))
      report(column, `says what the column "${names.get('a side')}" says; fill one of them.`);
  }
  return filled;
}

function checkMethod(
  draft: Draft,
  params: Readonly<Record<string, string>>,
  methods: readonly MethodDescription[],
  report: Report,
): void {
  draft.method ??=
    draft.source === undefined
      ? 'generate'
      : draft.mask !== undefined && draft.sourcePrompt === undefined
        ? 'inpaint'
        : 'prompt-edit';
  draft.checkpoint ??= DEFAULT_CHECKPOINT;
  const { method: named } = draft;
  const method = methods.find(({ id }) => id === presentMethodId(named));
  if (!method) {
    const ids = methods.map(({ id }) => id);
    report('method', `there is no method "${shortened(named)}".${didYouMean(named, ids)}`);
    return;
  }
  for (const { input, isMissing } of inputFaults(method.inputs, draft, INPUTS))
    report(input, `the method ${method.id} ${isMissing ? 'needs it' : 'makes no use of it'}.`);
  readParams(params, draft, method, report);
}

const isTextField = (field: string): field is 'method' | 'checkpoint' | 'prompt' | 'sourcePrompt' | 'negative' =>
  ['method', 'checkpoint', 'prompt', 'sourcePrompt', 'negative'].includes(field);

function readNumber(cell: string, column: string, report: Report): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell.trim())) return Number(cell);
  const comma = /^[+-]?\d+,\d+$/.test(cell.trim()) ? `, e.g. ${cell.trim().replace(',', '.')}` : '';
  report(column, `takes a number${comma}, not "${shortened(cell)}".`);
  return undefined;
}

function readParams(
  cells: Readonly<Record<string, string>>,
  draft: Draft,
  { id, params: schemas }: MethodDescription,
  report: Report,
): void {
  const params: Record<string, ParamValue> = presentParams(draft.params ?? {});
  for (const [name, cell] of Object.entries(cells)) {
    const schema = schemas.find((param) => param.name === name);
    const value = schema && paramFromText(cell, schema);
    if (!schema) {
      const names = schemas.map((param) => param.name);
      report(`param.${name}`, `the method ${id} has no such parameter.${didYouMean(name, names)}`);
    } else if (value === undefined) report(`param.${name}`, `takes ${paramRange(schema)}, not "${shortened(cell)}".`);
    else params[name] = value;
  }
  draft.params = params;
}
