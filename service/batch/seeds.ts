import { createHash } from 'node:crypto';
import { MAX_SEED } from '../../contract/index.ts';

/** What a row says of its seed: one of its own, a random one, or nothing. */
export type RowSeed = number | 'random' | undefined;

/** The seed of a cell, or what a sentence says that it takes. Never rounded: beyond 2^53 a number stands for its neighbours as well. */
export function readSeed(cell: string): { readonly seed: RowSeed } | { readonly takes: string } {
  const text = cell.trim();
  if (/^-1(?:\.0*)?$/.test(text)) return { seed: 'random' };
  const takes = `a whole number from 0 to ${MAX_SEED}, or -1 for a random one`;
  if (/^\+?\d+$/.test(text)) {
    const exact = text.length > 20 ? undefined : BigInt(text.replace('+', ''));
    if (exact !== undefined && exact <= MAX_SEED) return { seed: Number(exact) };
    return { takes: `${takes} (other tools count to 2^64; results of larger seeds cannot be repeated here)` };
  }
  if (/^\d+(?:[.,]\d*)?e\+?\d+$/i.test(text) && Number(text.replace(',', '.')) > 1e9)
    return { takes: `${takes} (a spreadsheet has rounded it: format the column as text)` };
  const value = /^\+?(?:\d+\.?\d*|\.\d+)(?:e\+?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? { seed: value } : { takes };
}

export interface SeedPlace {
  /** Of the whole batch. */
  readonly base: number;
  readonly row: number;
  readonly repeat: number;
  readonly repeats: number;
}

/**
 * The seed of one job: a row's own counts up over its repeats, the base's over all jobs. A random one is drawn by the base's seed, so that
 * a batch that goes on draws it again. Undefined where counting goes past the largest seed.
 */
export function seedAt(own: RowSeed, { base, row, repeat, repeats }: SeedPlace): number | undefined {
  if (own === 'random') return createHash('sha256').update(`${base}:${row}:${repeat}`).digest().readUInt32BE(0);
  const seed = own === undefined ? base + row * repeats + repeat : own + repeat;
  return seed <= MAX_SEED ? seed : undefined;
}
