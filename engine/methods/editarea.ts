import type { Canvas } from '../pipeline/canvas.ts';
import type { ConceptMaps } from '../pipeline/editmask.ts';

export interface AreaSettings {
  /** `change`, `attention`, or `both`: their product. */
  readonly reading: string;
  /** Share of the largest value above which a token belongs to the area. */
  readonly threshold: number;
  /** Image tokens by which the area is grown on every side. */
  readonly grow: number;
}

/**
 * Latent cells that an edit may change: the chosen map smoothed over 3x3 tokens, thresholded, grown.
 * @returns [canvas.rows, canvas.columns] of 0 and 1
 */
export function editedCells(
  maps: ConceptMaps,
  canvas: Canvas,
  { reading, threshold, grow }: AreaSettings,
): Float32Array {
  const { rows, columns } = maps;
  const chosen =
    reading === 'both'
      ? maps.change.map((value, i) => value * (maps.attention[i] ?? 0))
      : reading === 'attention'
        ? maps.attention
        : maps.change;
  const smooth = overNeighbours(
    chosen,
    rows,
    columns,
    1,
    (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  );
  const most = smooth.reduce((a, b) => Math.max(a, b), 0);
  const area = smooth.map((value) => (most > 0 && value > threshold * most ? 1 : 0));
  const grown = overNeighbours(area, rows, columns, grow, (values) => Math.max(...values));
  return Float32Array.from({ length: canvas.rows * canvas.columns }, (_, cell) => {
    const y = Math.floor((Math.floor(cell / canvas.columns) * rows) / canvas.rows);
    const x = Math.floor(((cell % canvas.columns) * columns) / canvas.columns);
    return grown[y * columns + x] ?? 0;
  });
}

function overNeighbours(
  map: Float32Array,
  rows: number,
  columns: number,
  radius: number,
  reduce: (values: number[]) => number,
): Float32Array {
  return map.map((_, token) => {
    const [y, x] = [Math.floor(token / columns), token % columns];
    const values: number[] = [];
    for (let v = Math.max(0, y - radius); v <= Math.min(rows - 1, y + radius); v++)
      for (let u = Math.max(0, x - radius); u <= Math.min(columns - 1, x + radius); u++)
        values.push(map[v * columns + u] ?? 0);
    return reduce(values);
  });
}
