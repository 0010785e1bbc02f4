import type { GraphBuilder, Value } from '../graph/builder.ts';
import type { RowGroup } from './block.ts';
import { type CaptureOp, refuse } from './ops.ts';
import type { AttentionSite } from './site.ts';
import { spanIn } from './sizes.ts';

/** Collects what captures read, call by call, and turns it into outputs of the graph. */
export class Readings {
  readonly #taps: { name: string; value: Value }[] = [];
  /** Sums over the calls so far. */
  readonly #sums = new Map<string, { value: Value; count: number }>();
  /** Row groups of the call that is being compiled. */
  readonly #open = new Map<string, { op: CaptureOp; parts: Value[] }>();

  /** An output of its own. */
  tap(name: string, value: Value): void {
    this.#taps.push({ name, value });
  }

  /** The reading of one row group: [B, R, H, width], or a statistic without rows (temporal maps), which is whole at once. */
  read(g: GraphBuilder, op: CaptureOp, site: AttentionSite, group: RowGroup, name: string, value: Value): void {
    const entry = this.#open.get(name) ?? { op, parts: [] };
    this.#open.set(name, entry);
    entry.parts.push(op.what === 'temporal' ? value : wantedRows(g, op, site, group, value));
  }

  /** Puts the row groups of a call together and adds them to the sums. */
  closeSite(g: GraphBuilder, site: AttentionSite): void {
    for (const [name, { op, parts }] of this.#open) {
      const value = op.what === 'temporal' ? g.concat(parts, 0) : reduced(g, op, site, g.concat(parts, 1));
      const known = this.#sums.get(name);
      if (known !== undefined && known.value.shape.join() !== value.shape.join()) {
        throw refuse(
          op,
          `attention calls of different row counts cannot be averaged (${site.id}); narrow rows or sites`,
        );
      }
      this.#sums.set(
        name,
        known === undefined ? { value, count: 1 } : { value: g.add(known.value, value), count: known.count + 1 },
      );
    }
    this.#open.clear();
  }

  /** Declares all outputs and returns their names. */
  declare(g: GraphBuilder): readonly string[] {
    const means = [...this.#sums].map(([name, { value, count }]) => ({
      name,
      value: count === 1 ? value : g.mul(value, g.scalar(1 / count)),
    }));
    const all = [...means, ...this.#taps];
    for (const { name, value } of all) g.output(name, value);
    return all.map(({ name }) => name);
  }
}

/** Of a group that is wider than what the capture names, the named rows. */
function wantedRows(g: GraphBuilder, op: CaptureOp, site: AttentionSite, group: RowGroup, value: Value): Value {
  const span = spanIn(site.tokens, op.rows);
  const start = Math.max(span.start, group.start);
  const end = Math.min(span.start + span.length, group.start + group.length);
  return g.slice(value, 1, start - group.start, end - group.start);
}

/** [B, rows, H, width] -> [B, rows, width], or [B, H, rows, width] with heads kept; statistics have no width. */
function reduced(g: GraphBuilder, op: CaptureOp, site: AttentionSite, value: Value): Value {
  const rows = spanIn(site.tokens, op.rows).length;
  if (value.shape[1] !== rows) throw refuse(op, 'it does not see all of its rows: the fork around it has fewer');
  const [batch = 1, , heads = 1, _width = 1] = value.shape;
  if (op.heads === 'keep') {
    const kept = g.transpose(value, [0, 2, 1, 3]);
    return op.what === 'mass' ? kept : g.reshape(kept, [batch, heads, rows]);
  }
  const mean = g.reduceMean(value, [2], false);
  return op.what === 'mass' ? mean : g.reshape(mean, [batch, rows]);
}
