/** The linear velocity and noise fields that the method fixtures are run on. */

/** Per cell y_i = sum_j W_ij x_j + b_i + time * c_i; x holds `channels` planes of cells, or cells of channels if `channelsLast`. */
export function affineField(
  x: Float32Array,
  weights: ArrayLike<number>,
  bias: (channel: number) => number,
  channels: number,
  channelsLast = false,
): Float32Array {
  const cells = x.length / channels;
  const at = (cell: number, channel: number) => (channelsLast ? cell * channels + channel : channel * cells + cell);
  const out = new Float32Array(x.length);
  for (let cell = 0; cell < cells; cell++) {
    for (let i = 0; i < channels; i++) {
      let sum = bias(i);
      for (let j = 0; j < channels; j++) sum += (weights[i * channels + j] ?? 0) * (x[at(cell, j)] ?? 0);
      out[at(cell, i)] = sum;
    }
  }
  return out;
}
