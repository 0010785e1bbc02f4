import type { Pixels } from '../../engine/index.ts';

/** Pictures of one size as a grid of RGB pixels, enlarged by whole factors, on white with a gap between them. */
export function sheet(rows: readonly (readonly (Pixels | undefined)[])[], scale: number, gap = 8): Pixels {
  const first = rows.flat().find((picture) => picture !== undefined);
  if (first === undefined) throw new RangeError('a sheet needs a picture');
  const [cellWidth, cellHeight] = [first.width * scale + gap, first.height * scale + gap];
  const columns = Math.max(...rows.map((row) => row.length));
  const [width, height] = [columns * cellWidth + gap, rows.length * cellHeight + gap];
  const data = new Uint8Array(width * height * 3).fill(255);
  rows.forEach((row, r) => {
    row.forEach((picture, c) => {
      if (picture !== undefined) place(picture, scale, data, width, c * cellWidth + gap, r * cellHeight + gap);
    });
  });
  return { width, height, channels: 3, data };
}

function place(picture: Pixels, scale: number, data: Uint8Array, stride: number, left: number, top: number): void {
  for (let y = 0; y < picture.height * scale; y++)
    for (let x = 0; x < picture.width * scale; x++) {
      const from = (Math.floor(y / scale) * picture.width + Math.floor(x / scale)) * picture.channels;
      for (let c = 0; c < 3; c++)
        data[((top + y) * stride + left + x) * 3 + c] = picture.data[from + Math.min(c, picture.channels - 1)] ?? 0;
    }
}

/** A one-channel map laid over a picture: what the map leaves out is darkened. */
export function overlay(picture: Pixels, map: Pixels): Pixels {
  const data = new Uint8Array(picture.width * picture.height * 3);
  for (let i = 0; i < picture.width * picture.height; i++) {
    const share = 0.25 + 0.75 * ((map.data[i] ?? 0) / 255);
    for (let c = 0; c < 3; c++) data[i * 3 + c] = Math.round((picture.data[i * picture.channels + c] ?? 0) * share);
  }
  return { width: picture.width, height: picture.height, channels: 3, data };
}
