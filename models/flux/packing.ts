import type { GraphBuilder, Value } from '../../engine/graph/builder.ts';

/** Latent pixels along each side of one image token. */
export const PATCH = 2;

/** latent [B, C, h, w] -> image tokens [B, (h/2)(w/2), 4C]; a token's values run over (channel, row, column), column fastest. */
export function packLatent(g: GraphBuilder, latent: Value): Value {
  const [batch = 0, channels = 0, height = 0, width = 0] = latent.shape;
  const [rows, columns] = [height / PATCH, width / PATCH];
  const cut = g.reshape(latent, [batch, channels, rows, PATCH, columns, PATCH]);
  return g.reshape(g.transpose(cut, [0, 2, 4, 1, 3, 5]), [batch, rows * columns, channels * PATCH * PATCH]);
}

/** The way back: tokens [B, (h/2)(w/2), 4C] -> [B, C, h, w]. */
export function unpackLatent(
  g: GraphBuilder,
  tokens: Value,
  { height, width }: { readonly height: number; readonly width: number },
): Value {
  const [batch = 0, , values = 0] = tokens.shape;
  const channels = values / (PATCH * PATCH);
  const cut = g.reshape(tokens, [batch, height / PATCH, width / PATCH, channels, PATCH, PATCH]);
  return g.reshape(g.transpose(cut, [0, 3, 1, 4, 2, 5]), [batch, channels, height, width]);
}
