import type { Value } from '../graph/builder.ts';
import type { Block, RowGroup } from './block.ts';
import { type Channel, massChannel, onesChannel, withChannels } from './capture.ts';
import { mixed } from './fork.ts';
import { evaluateBlock } from './fused.ts';
import { type AttentionOp, type CaptureOp, type OpOf, refuse } from './ops.ts';
import { type Stage, stages } from './primitive.ts';
import { primitiveOf } from './registry.ts';
import type { SiteScope } from './scope.ts';
import { spanIn } from './sizes.ts';
import { entropy, logSumExp, temporalMap } from './statistics.ts';

/** Takes what an operation read of a row group; `rows` say of which rows. */
export type Recorder = (op: CaptureOp, rows: RowGroup, name: string, value: Value) => void;

/**
 * The attention of one row group under operations, in the order of ops.ts: [B, R, H, D + channels]. `channels` are what an enclosing
 * evaluation wants summed along with the values.
 */
export function evaluate(
  scope: SiteScope,
  ops: readonly AttentionOp[],
  rows: RowGroup,
  channels: readonly Channel[],
  record: Recorder,
): Value {
  const { g, kernel } = scope;
  const acting = ops.filter((op) => touches(scope, op, rows));
  const captures = acting.filter((op) => op.op === 'capture');
  const masses = captures.filter((op) => op.what === 'mass');
  const forks = acting.filter((op) => op.op === 'fork');
  const counted = forks.some((op) => op.mode === 'fill');
  const riding = [...channels, ...masses.map((op) => massChannel(scope, op)), ...(counted ? [onesChannel(scope)] : [])];

  let block = fold(scope, scope.plainBlock(rows), acting, (stage) => stage === 'route' || stage === 'extend');
  block = withChannels(scope, block, riding);
  block = fold(scope, block, acting, (stage) => stage === 'filter');
  // What a share divides by is the mass before the filter but after the gain.
  if (acting.some((op) => op.op === 'share')) block = withChannels(scope, block, [onesChannel(scope)]);
  block = fold(scope, block, acting, (stage) => stage === 'shape' || stage === 'share');
  for (const op of captures) recordStatistic(scope, op, block, record);

  let out = evaluateBlock(g, block, kernel);
  for (const op of forks) {
    const alt = evaluate(scope, op.alt, rows, riding, record);
    out = mixed(g, op.mode, out, alt, scope.rowInput(op, 'mix', scope.span(op.rows), rows, 0));
  }
  let start = scope.site.headDim + channels.reduce((sum, { width }) => sum + width, 0);
  const own = g.slice(out, 3, 0, start);
  for (const op of masses) {
    const end = start + (op.count ?? 0);
    record(op, rows, op.id, g.slice(out, 3, start, end));
    start = end;
  }
  return own;
}

/** Whether an operation names rows of the group. */
function touches(scope: SiteScope, op: AttentionOp, rows: RowGroup): boolean {
  const span = scope.span(op.rows);
  return span === 'all' || rows.span === 'all' || span === rows.span;
}

function fold(scope: SiteScope, start: Block, ops: readonly AttentionOp[], wanted: (stage: Stage) => boolean): Block {
  return stages.filter(wanted).reduce((block, stage) => {
    const here = ops.filter((op) => primitiveOf(op).stage === stage);
    return here.reduce((folded, op) => primitiveOf(op).fold?.(scope, folded, op) ?? folded, block);
  }, start);
}

function recordStatistic(scope: SiteScope, op: OpOf<'capture'>, block: Block, record: Recorder): void {
  const { g, kernel, site } = scope;
  if (op.what === 'lse') record(op, block.rows, op.id, logSumExp(g, block, kernel));
  if (op.what === 'entropy') record(op, block.rows, op.id, entropy(g, block, kernel));
  if (op.what !== 'temporal') return;
  const { frames, height, width } = site.tokens.image;
  const place = block.segments.findIndex(({ span }) => span === 'image');
  if (block.segments[place]?.index !== null) throw refuse(op, 'the image columns stand for mapped pairs');
  const columns = block.segments.slice(0, place).reduce((sum, { length }) => sum + length, 0);
  const rows = spanIn(site.tokens, 'image').start - block.rows.start;
  const image = { rows, columns, frames, positions: height * width };
  const { map, mass } = temporalMap(g, block, kernel, image);
  record(op, block.rows, `${op.id}.map`, map);
  record(op, block.rows, `${op.id}.mass`, mass);
}
