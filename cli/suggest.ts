import { nearest } from '../engine/index.ts';

/** `Did you mean X?` with a leading space, or nothing. */
export function didYouMean(typed: string, known: readonly string[], mark = ''): string {
  const name = nearest(typed, known);
  return name === undefined ? '' : ` Did you mean ${mark}${name}?`;
}
