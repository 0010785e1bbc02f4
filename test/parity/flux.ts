import { floatTensor } from '../../engine/index.ts';
import { type CaseInput, type DenoiserFeeds, floats } from './probed.ts';
import type { FixtureArray } from './types.ts';

/**
 * The inputs of a FLUX network. The fixtures have latents packed and times in 0..1; a distilled network is told its guidance scale.
 */
export function fluxFeeds(input: CaseInput): DenoiserFeeds {
  const { data, dims } = floats(input('timestep'));
  const guidance = input('guidance');
  return {
    latent: unpacked(input('hidden_states'), input('img_ids')),
    timestep: floatTensor(
      data.map((time) => time * 1000),
      dims,
    ),
    text: floats(input('encoder_hidden_states')),
    pooled: floats(input('pooled_projections')),
    ...(guidance === undefined ? {} : { guidance: floats(guidance) }),
  };
}

/** Tokens [B, rows * columns, 4C] of (channel, row, column) -> [B, C, 2 rows, 2 columns], the grid as the ids (0, row, column) have it. */
function unpacked(tokens: FixtureArray | undefined, ids: FixtureArray | undefined) {
  const { data, dims } = floats(tokens);
  const places = floats(ids).data;
  const [batch = 0, , values = 0] = dims;
  const [rows, columns] = [1, 2].map((axis) => 1 + Math.max(...places.filter((_, i) => i % 3 === axis)));
  if (rows === undefined || columns === undefined) throw new Error('image ids have a row and a column');
  const shape = [batch, values / 4, 2 * rows, 2 * columns];
  const latent = new Float32Array(data.length);
  for (let at = 0; at < data.length; at += 1) {
    const [item, token] = [Math.floor(at / (rows * columns * values)), Math.floor(at / values) % (rows * columns)];
    const [channel, cell] = [Math.floor((at % values) / 4), at % 4];
    const [y, x] = [2 * Math.floor(token / columns) + (cell >> 1), 2 * (token % columns) + (cell & 1)];
    latent[((item * (values / 4) + channel) * 2 * rows + y) * 2 * columns + x] = data[at] ?? Number.NaN;
  }
  return floatTensor(latent, shape);
}
