/** Cells of a plane. */
export interface Grid {
  readonly height: number;
  readonly width: number;
}

/** Bilinear resize between cell centres, edges repeated (torch `interpolate`, `align_corners=False`). */
export function resizeBilinear(map: Float32Array, from: Grid, to: Grid): Float32Array<ArrayBuffer> {
  const out = new Float32Array(to.height * to.width);
  const at = (y: number, x: number) =>
    map[Math.min(y, from.height - 1) * from.width + Math.min(x, from.width - 1)] ?? 0;
  for (let y = 0; y < to.height; y++) {
    const v = Math.max(0, ((y + 0.5) * from.height) / to.height - 0.5);
    const top = Math.floor(v);
    for (let x = 0; x < to.width; x++) {
      const u = Math.max(0, ((x + 0.5) * from.width) / to.width - 0.5);
      const left = Math.floor(u);
      const upper = at(top, left) * (1 - (u - left)) + at(top, left + 1) * (u - left);
      const lower = at(top + 1, left) * (1 - (u - left)) + at(top + 1, left + 1) * (u - left);
      out[y * to.width + x] = upper * (1 - (v - top)) + lower * (v - top);
    }
  }
  return out;
}
