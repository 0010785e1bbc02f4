import { nearest } from '../../engine/index.ts';

/** Columns and what else they may be called, as other tools call them. */
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
  region: 'region',
  megapixels: 'megapixels',
  steps: 'steps',
  guidance: 'guidance',
  cfg: 'guidance',
  cfg_scale: 'guidance',
  frames: 'frames',
  fps: 'fps',
  maps: 'maps',
};

const KNOWN = [...new Set(Object.values(COLUMNS))].filter((name) => name !== 'width' && name !== 'height');

/** Most columns of a table, and characters of a column's name. */
export const MAX_COLUMNS = 200;
export const MAX_COLUMN_NAME = 64;

/** The field that a column fills; undefined for an unknown one. */
export function columnOf(column: string): string | undefined {
  const key = column.trim().toLowerCase().replaceAll(/[ -]/g, '_');
  return Object.hasOwn(COLUMNS, key) ? COLUMNS[key] : undefined;
}

/** The parameter that a column `param.NAME` fills. */
export function paramOf(column: string): string | undefined {
  return /^param\.(.+)$/i.exec(column.trim())?.[1];
}

export function unknownColumn(column: string): string {
  return `there is no column "${shortened(column)}".${didYouMean(column, KNOWN) || ` There are ${KNOWN.join(', ')} and param.NAME.`}`;
}

export function didYouMean(name: string | undefined, known: readonly string[]): string {
  // What is longer than any name was not mistyped.
  const close = (name ?? '').length > MAX_COLUMN_NAME ? undefined : nearest(name ?? '', known);
  return close === undefined ? '' : ` Did you mean ${close}?`;
}

export const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 77)}...` : text);
