import type { Canvas } from '../pipeline/canvas.ts';
import type { ConceptMaps } from '../pipeline/editmask.ts';

/**
 * Latent cells that an edit may change: 1 where the removed words were seen in the source, or the new ones, above `threshold` of the
 * largest value, grown by whole tokens.
 * @returns [canvas.rows, canvas.columns] of 0 and 1
 */
export function editedCells(
  maps: ConceptMaps,
  canvas: Canvas,
  { threshold, grow }: { readonly threshold: number; readonly grow: number },
): Float32Array {
  const tokens = Uint8Array.from(maps.source, (value, i) => (value > threshold || (maps.target[i] ?? 0) > threshold ? 1 : 0));
  const grown = growTokens(tokens, maps.rows, maps.columns, grow);
  return Float32Array.from({ length: canvas.rows * canvas.columns }, (_, cell) => {
    const y = Math.floor((Math.floor(cell / canvas.columns) * maps.rows) / canvas.rows);
    const x = Math.floor(((cell % canvas.columns) * maps.columns) / canvas.columns);
    return grown[y * maps.columns + x] ?? 0;
  });
}

function growTokens(tokens: Uint8Array, rows: number, columns: number, radius: number): Uint8Array {
  const grown = new Uint8Array(tokens.length);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++)
      for (let v = Math.max(0, y - radius); v <= Math.min(rows - 1, y + radius); v++)
        for (let u = Math.max(0, x - radius); u <= Math.min(columns - 1, x + radius); u++)
          if (tokens[v * columns + u] === 1) grown[y * columns + x] = 1;
  return grown;
}
