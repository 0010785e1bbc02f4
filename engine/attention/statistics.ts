import type { GraphBuilder, Value } from '../graph/builder.ts';
import type { Block } from './block.ts';
import { attend, foldLogits, type Kernel } from './fused.ts';

/**
 * Statistics of the logits that the kernel does not return. They cost a further attention call and leave the block's own result alone.
 */

/**
 * ln of the sum over columns of exp(logit), [B, R, H, 1]. One more key with a known logit c takes the share a = e^c / (e^c + e^lse), so
 * lse = c + ln(1/a - 1). The key is the mean of the keys without their additions: c is the row's
 * mean logit, never above lse, which keeps 1/a - 1 away from cancellation; exact until lse is some 85 above the mean.
 */
export function logSumExp(g: GraphBuilder, block: Block, kernel: Kernel): Value {
  const { q, k } = foldLogits(g, block, kernel);
  const [batch = 1, columns = 1, heads = 1, depth = 1] = k.shape;
  const added = block.additions.length;
  const mean = g.reduceMean(g.slice(k, 3, 0, depth - added), [1], true);
  const key = added === 0 ? mean : g.concat([mean, g.expand(g.scalar(0), [batch, 1, heads, added])], 3);
  const zeros = g.expand(g.scalar(0), [batch, columns, heads, 1]);
  const indicator = g.concat([zeros, g.expand(g.scalar(1), [batch, 1, heads, 1])], 1);
  const share = attend(g, kernel, q, g.concat([k, key], 1), indicator);
  const level = g.mul(g.reduceSum(g.mul(q, key), [3], true), g.scalar(kernel.scale));
  const bounded = g.max(share, g.scalar(1e-37));
  return g.add(level, g.log(g.div(g.sub(g.scalar(1), share), bounded)));
}

/** Entropy of the rows in nats, [B, R, H, 1]: lse less the mean logit, which is scale q (A k). */
export function entropy(g: GraphBuilder, block: Block, kernel: Kernel): Value {
  const { q, k } = foldLogits(g, block, kernel);
  const expected = g.reduceSum(g.mul(q, attend(g, kernel, q, k, k)), [3], true);
  return g.sub(logSumExp(g, block, kernel), g.mul(expected, g.scalar(kernel.scale)));
}

/**
 * For each image position its map among the frames, normalised [B, H, P, F, F], and its share of the whole row [B, H, P, F]. `rows` and
 * `columns`: where the image starts in the block's rows and columns; tokens run over frames, then positions.
 */
export function temporalMap(
  g: GraphBuilder,
  block: Block,
  kernel: Kernel,
  image: { readonly rows: number; readonly columns: number; readonly frames: number; readonly positions: number },
): { readonly map: Value; readonly mass: Value } {
  const { q, k } = foldLogits(g, block, kernel);
  const { frames, positions } = image;
  const byPosition = (x: Value, start: number, perm: readonly number[]) => {
    const [batch = 1, , heads = 1, depth = 1] = x.shape;
    const cut = g.slice(x, 1, start, start + frames * positions);
    return g.transpose(g.reshape(cut, [batch, frames, positions, heads, depth]), perm);
  };
  const queries = byPosition(q, image.rows, [0, 3, 2, 1, 4]);
  const keys = byPosition(k, image.columns, [0, 3, 2, 4, 1]);
  const logits = g.mul(g.matmul(queries, keys), g.scalar(kernel.scale));
  const highest = g.reduceMax(logits, [4], true);
  const total = g.reduceSum(g.exp(g.sub(logits, highest)), [4], true);
  const partial = g.add(highest, g.log(total));
  const lse = byPosition(logSumExp(g, block, kernel), image.rows, [0, 3, 2, 1, 4]);
  const [batch = 1, heads = 1] = logits.shape;
  return { map: g.softmax(logits, 4), mass: g.reshape(g.exp(g.sub(partial, lse)), [batch, heads, positions, frames]) };
}
