import type { Pixels } from '../ports.ts';

/**
 * A picture at another size, by a triangle filter as wide as a source pixel (enlarging) or a target pixel (reducing), on the bytes as
 * they are. For pictures that somebody asked to be scaled; nothing is scaled silently.
 */
export function resample(picture: Pixels, width: number, height: number): Pixels {
  if (picture.width === width && picture.height === height) return picture;
  const { channels } = picture;
  const across = alongRows(Float32Array.from(picture.data), picture.width, width, picture.height, channels);
  const down = alongRows(transposed(across, width, picture.height, channels), picture.height, height, width, channels);
  const data = Uint8Array.from(transposed(down, height, width, channels), (value) =>
    Math.min(255, Math.max(0, Math.round(value))),
  );
  return { width, height, channels, data };
}

/** [lines, from, channels] to [lines, to, channels]. */
function alongRows(data: Float32Array, from: number, to: number, lines: number, channels: number): Float32Array {
  const out = new Float32Array(lines * to * channels);
  const scale = from / to;
  const reach = Math.max(1, scale);
  for (let x = 0; x < to; x++) {
    const centre = (x + 0.5) * scale - 0.5;
    const taps: { at: number; weight: number }[] = [];
    for (let at = Math.ceil(centre - reach); at <= Math.floor(centre + reach); at++)
      taps.push({ at: Math.min(from - 1, Math.max(0, at)), weight: 1 - Math.abs(at - centre) / reach });
    const total = taps.reduce((sum, tap) => sum + tap.weight, 0);
    for (let line = 0; line < lines; line++)
      for (const { at, weight } of taps)
        for (let c = 0; c < channels; c++) {
          const target = (line * to + x) * channels + c;
          out[target] = (out[target] ?? 0) + ((data[(line * from + at) * channels + c] ?? 0) * weight) / total;
        }
  }
  return out;
}

/** [rows, columns, channels] to [columns, rows, channels], where `data` has rows of `columns` pixels. */
function transposed(data: Float32Array, columns: number, rows: number, channels: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++)
      for (let c = 0; c < channels; c++)
        out[(x * rows + y) * channels + c] = data[(y * columns + x) * channels + c] ?? 0;
  return out;
}
