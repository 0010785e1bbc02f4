import type { GraphBuilder, Value } from '../../engine/graph/builder.ts';

/** Padding that keeps the size under a kernel of 3 x 3. */
export const AROUND = [1, 1, 1, 1] as const;

/** Channels to pixels, `torch.nn.PixelShuffle`: [B, C f f, H, W] -> [B, C, f H, f W]. */
export function pixelShuffle(g: GraphBuilder, x: Value, factor: number): Value {
  const [batch = 0, channels = 0, height = 0, width = 0] = x.shape;
  const out = channels / factor ** 2;
  const parts = g.reshape(x, [batch, out, factor, factor, height, width]);
  return g.reshape(g.transpose(parts, [0, 1, 4, 2, 5, 3]), [batch, out, height * factor, width * factor]);
}

/** Pixels to channels, `torch.nn.PixelUnshuffle`: [B, C, f H, f W] -> [B, C f f, H, W]. */
export function pixelUnshuffle(g: GraphBuilder, x: Value, factor: number): Value {
  if (factor === 1) return x;
  const [batch = 0, channels = 0, height = 0, width = 0] = x.shape;
  const parts = g.reshape(x, [batch, channels, height / factor, factor, width / factor, factor]);
  return g.reshape(g.transpose(parts, [0, 1, 3, 5, 2, 4]), [
    batch,
    channels * factor ** 2,
    height / factor,
    width / factor,
  ]);
}
