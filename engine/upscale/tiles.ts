/** A range of one axis that is run at once, and the part of it whose result is kept. */
export interface TileRange {
  /** First pixel of the tile. */
  readonly start: number;
  /** Kept pixels, from `keepStart` to before `keepEnd`, in pixels of the whole axis. */
  readonly keepStart: number;
  readonly keepEnd: number;
}

/**
 * Tiles of `size` pixels that cover an axis of `length`; of each what lies `margin` pixels or more from a side that another tile continues is
 * kept. All have one size, so that one graph serves them; the last is moved inwards. `length` and `size` are multiples of `multiple`, and so
 * is every start.
 */
export function tileRanges(length: number, size: number, margin: number, multiple: number): readonly TileRange[] {
  if (length <= size) return [{ start: 0, keepStart: 0, keepEnd: length }];
  const step = Math.floor((size - 2 * margin) / multiple) * multiple;
  if (step < multiple) throw new RangeError(`tiles of ${size} pixels leave nothing between margins of ${margin}`);
  const ranges: TileRange[] = [];
  for (let start = 0, kept = 0; kept < length; start += step) {
    const from = Math.min(start, length - size);
    const end = from + size === length ? length : from + size - margin;
    ranges.push({ start: from, keepStart: kept, keepEnd: end });
    kept = end;
  }
  return ranges;
}
