import type { AttentionSite, Tensor } from '../engine/index.ts';
import { type AttentionOp, flatten, HARD_MASK, type HookInput, type ShapeOp, type Span } from '../engine/index.ts';
import { siteOf } from './attention-harness.ts';
import type { ReferenceOperands } from './attention-reference.ts';

/** Random attention calls, operations and amounts, for properties that hold for all of them. */

/** Deterministic numbers (mulberry32). */
export function numbers(seed: number) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const below = (limit: number) => Math.floor(uniform() * limit);
  const chance = (p: number) => uniform() < p;
  const pick = <T>(items: readonly [T, ...T[]]): T => items[below(items.length)] ?? items[0];
  return { uniform, normal, below, chance, pick };
}
type Numbers = ReturnType<typeof numbers>;

export function randomSite(random: Numbers): AttentionSite {
  return siteOf({
    batch: 1 + random.below(3),
    heads: 1 + random.below(3),
    headDim: random.pick([4, 8, 12]),
    text: random.chance(0.15) ? 0 : 1 + random.below(5),
    image: { frames: 1 + random.below(3), height: 1 + random.below(3), width: 1 + random.below(4) },
    order: random.pick(['text first', 'image first']),
  });
}

export function randomOperands(random: Numbers, site: AttentionSite): ReferenceOperands {
  const size = site.batch * (site.tokens.text.length + site.tokens.image.length) * site.heads * site.headDim;
  const fill = () => Float32Array.from({ length: size }, () => random.normal());
  return { q: fill(), k: fill(), v: fill() };
}

const spans = ['text', 'image', 'all'] as const;

/** Operations of every kind in random combination; ids count on. */
export function randomOps(
  random: Numbers,
  site: AttentionSite,
  depth: number,
  prefix: string,
  within: readonly Span[] = [],
): AttentionOp[] {
  const ops: AttentionOp[] = [];
  const id = () => `${prefix}${ops.length}`;
  const placed = () => ({ id: id(), layers: 'all', rows: random.pick(spans) }) as const;
  const maybe = () => random.chance(0.4);
  let mapped = false;
  for (let i = random.below(3); i > 0; i--) {
    const cols = random.pick(spans);
    const pairs: number | undefined =
      !mapped && cols === 'text' && random.chance(0.6) ? site.tokens.text.length + random.below(3) : undefined;
    mapped ||= pairs !== undefined;
    const parts = { q: maybe(), k: true, v: maybe() };
    if (random.chance(0.3)) Object.assign(parts, { q: 'shared' });
    ops.push({
      op: 'route',
      ...placed(),
      cols,
      ...parts,
      weight: maybe(),
      heads: maybe(),
      ...(pairs ? { pairs } : {}),
    });
  }
  if (random.chance(0.3)) {
    const cols = random.pick(spans);
    const available = cols === 'all' ? 0 : site.tokens[cols].length;
    const count = available > 0 && maybe() ? 1 + random.below(available) : undefined;
    ops.push({ op: 'extend', ...placed(), cols, ...(count === undefined ? {} : { count }) });
  }
  for (let i = random.below(3); i > 0; i--) {
    const extension = ops.find((op) => op.op === 'extend');
    const reaching = extension !== undefined && maybe();
    const cols = reaching ? { extended: extension.id } : random.pick(spans);
    // Columns of an extension are there for its rows only.
    const rows = reaching ? { rows: extension.rows } : {};
    const kinds = random.pick<Partial<ShapeOp>>([
      { scale: true },
      { bias: true },
      { gain: true },
      { scale: true, bias: true, gain: true },
    ]);
    ops.push({ op: 'shape', ...placed(), ...rows, cols, rowWeight: maybe(), heads: maybe(), ...kinds });
  }
  if (random.chance(0.15))
    ops.push({ op: 'share', ...placed(), rows: 'all', cols: random.pick(spans), mode: random.pick(['keep', 'fixed']) });
  if (random.chance(0.2))
    ops.push({ op: 'filter', ...placed(), along: mapped ? 'time' : random.pick(['time', 'columns']) });
  if (random.chance(0.6)) {
    ops.push({
      op: 'capture',
      ...placed(),
      what: 'mass',
      cols: random.pick(spans),
      count: 1 + random.below(3),
      heads: random.pick(['mean', 'keep']),
    });
  }
  if (random.chance(0.15))
    ops.push({
      op: 'capture',
      ...placed(),
      what: random.pick(['lse', 'entropy']),
      heads: random.pick(['mean', 'keep']),
    });
  if (depth > 0 && random.chance(0.4)) {
    const fork = placed();
    const enclosing = [...within, fork.rows];
    const alt = randomOps(random, site, depth - 1, `${fork.id}_`, enclosing).filter(
      // A capture wants all of its rows.
      (op) => op.op !== 'capture' || enclosing.every((rows) => rows === 'all' || rows === op.rows),
    );
    ops.push({ op: 'fork', ...fork, mode: random.pick(['blend', 'add', 'fill']), alt });
  }
  return ops;
}

export function randomValue(
  random: Numbers,
  input: HookInput,
  site: AttentionSite,
  ops: readonly AttentionOp[],
): Tensor {
  const [id = '', field = ''] = input.name.split('.');
  const op = flatten(ops).find((one) => one.id === id);
  const dividing = flatten(ops).some((one) => one.op === 'share' || (one.op === 'fork' && one.mode === 'fill'));
  const size = input.shape.reduce((a, b) => a * b, 1);
  if (input.type === 'int64') {
    const span =
      op !== undefined && 'cols' in op && typeof op.cols === 'string' && op.cols !== 'all' ? op.cols : 'image';
    const limit = field === 'from' ? site.batch : site.tokens[span].length;
    return {
      dtype: 'int64',
      dims: input.shape,
      data: BigInt64Array.from({ length: size }, () => BigInt(random.below(limit))),
    };
  }
  const one = (_: unknown, i: number): number => {
    // Where every column of a row is masked, what is left of the logits beside -1e4 is noise: the first column stays.
    const masked = i % (input.shape[1] ?? 1) !== 0 && random.chance(0.1);
    if (field === 'bias' || field === 'logWeight') return masked ? HARD_MASK : random.normal();
    if (field === 'group') return random.below(2);
    // Masses that a fill or a share divides by must stay away from 0.
    if (field === 'gain' || field === 'matrix') return dividing ? 0.5 + random.uniform() : random.normal();
    if (field === 'scale' || field === 'columns') return random.normal();
    return random.uniform();
  };
  return { dtype: 'float32', dims: input.shape, data: Float32Array.from({ length: size }, one) };
}

/** In a call without text the vocabulary drops what names text alone; the reference does not know that. */
export function usable(site: AttentionSite, ops: readonly AttentionOp[]): readonly AttentionOp[] {
  if (site.tokens.text.length > 0) return ops;
  const extensions = new Set(
    ops.filter((op) => op.op === 'extend' && op.cols !== 'text' && op.rows !== 'text').map(({ id }) => id),
  );
  return ops.flatMap((op): AttentionOp[] => {
    if (op.op === 'fork') return op.rows === 'text' ? [] : [{ ...op, alt: usable(site, op.alt) }];
    if (op.rows === 'text' || (op.op === 'filter' && op.along === 'columns')) return [];
    if (!('cols' in op)) return [op];
    const kept = typeof op.cols === 'object' ? extensions.has(op.cols.extended) : op.cols !== 'text';
    return kept ? [op] : [];
  });
}
