import { valueAt } from '../base/tensor.ts';
import type { GraphBuilder, Value } from '../graph/builder.ts';
import { type Addition, type Block, cut, type Piece, type Share } from './block.ts';

/**
 * Turns a block into one fused attention call. Terms and additions become further channels of q and k (a sum of dot products is one
 * dot product of longer vectors), value terms further channels of v; the kernel sees neither bias nor mask and stays on its tiled path.
 */

export interface Kernel {
  readonly heads: number;
  /** 1 / sqrt(head size of the network); the folded channels do not change it. */
  readonly scale: number;
}

/** Attention of [B, R, H, d] on keys [B, M, H, d] and values [B, M, H, w]: [B, R, H, w]. */
export function attend(g: GraphBuilder, kernel: Kernel, q: Value, k: Value, v: Value): Value {
  const joined = g.multiHeadAttention(joinHeads(g, q), joinHeads(g, k), joinHeads(g, v), kernel);
  return splitHeads(g, joined, kernel.heads);
}

/** [B, N, H*D] -> [B, N, H, D] */
export function splitHeads(g: GraphBuilder, x: Value, heads: number): Value {
  const [batch = 1, tokens = 1, width = 1] = x.shape;
  return g.reshape(x, [batch, tokens, heads, width / heads]);
}

/** [B, N, H, D] -> [B, N, H*D] */
export function joinHeads(g: GraphBuilder, x: Value): Value {
  const [batch = 1, tokens = 1, heads = 1, width = 1] = x.shape;
  return g.reshape(x, [batch, tokens, heads * width]);
}

/** Concatenation that leaves a single part alone. */
export function join(g: GraphBuilder, parts: readonly Value[], axis: number): Value {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : g.concat([...parts], axis);
}

/** Adds trailing axes of length 1 up to four. */
export function toRank4(g: GraphBuilder, x: Value): Value {
  return x.shape.length === 4 ? x : g.reshape(x, [...x.shape, ...Array<number>(4 - x.shape.length).fill(1)]);
}

/** The tokens of all segments of `lengths`: neighbouring cuts of one tensor are not cut apart, absent ones are zeros. */
export function assemble(g: GraphBuilder, pieces: readonly (Piece | null)[], lengths: readonly number[]): Value {
  const runs: { piece: Piece; before: number; after: number }[] = [];
  let skipped = 0;
  pieces.forEach((entry, i) => {
    const last = runs.at(-1);
    if (entry === null) {
      if (last === undefined) skipped += valueAt(lengths, i);
      else last.after += valueAt(lengths, i);
    } else if (last !== undefined && follows(last, entry)) {
      last.piece = { ...last.piece, length: last.piece.length + entry.length };
    } else {
      runs.push({ piece: entry, before: last === undefined ? skipped : 0, after: 0 });
    }
  });
  // Zeros as padding and not as constants: a runtime that folds constants would store them.
  const parts = runs.map(({ piece, before, after }) => {
    const tokens = cut(g, piece);
    return before + after === 0 ? tokens : g.pad(tokens, [0, before, 0, 0, 0, after, 0, 0]);
  });
  return join(g, parts, 1);
}

function follows(run: { readonly piece: Piece; readonly after: number }, next: Piece): boolean {
  const { whole, start, length } = run.piece;
  return run.after === 0 && whole === next.whole && start + length === next.start;
}

/** The columns of an addition: [B, M, H, 1]. */
function additionColumns(
  g: GraphBuilder,
  { columns }: Addition,
  lengths: readonly number[],
  batch: number,
  heads: number,
) {
  const parts = columns.map((entry, i) =>
    entry === null
      ? g.expand(g.scalar(0), [batch, valueAt(lengths, i), heads, 1])
      : g.expand(toRank4(g, entry), [batch, valueAt(lengths, i), heads, 1]),
  );
  return join(g, parts, 1);
}

/** Queries and keys with everything folded in: [B, R, H, d'], [B, M, H, d']. */
export function foldLogits(g: GraphBuilder, block: Block, kernel: Kernel): { q: Value; k: Value } {
  const lengths = block.segments.map(({ length }) => length);
  const [batch = 1, rows = 1, heads = 1] = block.terms[0]?.q.shape ?? [];
  const q = block.terms.map((term) => term.q);
  const k = block.terms.map((term) => assemble(g, term.k, lengths));
  for (const addition of block.additions) {
    // The kernel multiplies by its scale, the addition is meant as it stands.
    const row = addition.rows === null ? g.scalar(1) : toRank4(g, addition.rows);
    q.push(g.expand(g.mul(row, g.scalar(1 / kernel.scale)), [batch, rows, heads, 1]));
    k.push(additionColumns(g, addition, lengths, batch, heads));
  }
  return { q: join(g, q, 3), k: join(g, k, 3) };
}

/** The block's result [B, R, H, width]; with a share the last channel, which must hold ones, is used up. */
export function evaluateBlock(g: GraphBuilder, block: Block, kernel: Kernel): Value {
  const { q, k } = foldLogits(g, block, kernel);
  const width = block.values[0]?.width ?? 0;
  const [batch = 1, , heads = 1] = q.shape;
  const lengths = block.segments.map(({ length }) => length);
  const values = block.values.map(({ v }) => assemble(g, v, lengths));
  const { share } = block;
  if (share === undefined) {
    const out = attend(g, kernel, q, k, join(g, values, 3));
    return weighted(g, block, (i) => g.slice(out, 3, i * width, (i + 1) * width), width, out);
  }
  const sides = groupSides(g, share, lengths, batch, heads);
  const parts = sides.flatMap((side) => values.map((v) => g.mul(v, side)));
  const out = attend(g, kernel, q, k, join(g, parts, 3));
  const sum = (s: number) => {
    const first = s * values.length;
    return weighted(g, block, (i) => g.slice(out, 3, (first + i) * width, (first + i + 1) * width), width, null);
  };
  return redistributed(g, share, sum(0), sum(1));
}

/** 1 inside the group and 1 outside it, [B, M, H, 1] each. */
function groupSides(g: GraphBuilder, share: Share, lengths: readonly number[], batch: number, heads: number) {
  const group = join(
    g,
    share.group.map((entry, i) =>
      g.expand(entry === null ? g.scalar(0) : toRank4(g, entry), [batch, valueAt(lengths, i), heads, 1]),
    ),
    1,
  );
  return [group, g.sub(g.scalar(1), group)] as const;
}

/** The two sides with their masses (the last channel, cut off) set to what is wanted. */
function redistributed(g: GraphBuilder, share: Share, inside: Value, outside: Value): Value {
  const width = valueAt(inside.shape, 3);
  const mass = (x: Value) => g.slice(x, 3, width - 1, width);
  const rest = (x: Value) => g.slice(x, 3, 0, width - 1);
  const given = toRank4(g, share.share);
  const wanted = share.mode === 'fixed' ? given : g.mul(mass(inside), given);
  const target = g.add(mass(inside), g.mul(toRank4(g, share.amount), g.sub(wanted, mass(inside))));
  const tiny = g.scalar(1e-30);
  return g.add(
    g.mul(rest(inside), g.div(target, g.max(mass(inside), tiny))),
    g.mul(rest(outside), g.div(g.sub(g.scalar(1), target), g.max(mass(outside), tiny))),
  );
}

/** Sum of the value terms, each by its row weights. */
function weighted(
  g: GraphBuilder,
  block: Block,
  part: (i: number) => Value,
  width: number,
  whole: Value | null,
): Value {
  const [first] = block.values;
  if (block.values.length === 1 && first?.rows === null && whole?.shape[3] === width) return whole;
  return block.values
    .map(({ rows }, i) => (rows === null ? part(i) : g.mul(part(i), toRank4(g, rows))))
    .reduce((sum, term) => g.add(sum, term));
}
