import type { AttentionOp, AttentionSite, CaptureOp, Columns, OpOf, Span, Tensor } from '../engine/index.ts';

/**
 * The attention vocabulary spelled out with the whole matrix written down, in float64: what the folded product code is held against.
 * Shares nothing with it but the vocabulary.
 */

/** q, k, v: [B, N, H*D] flat. */
export interface ReferenceOperands {
  readonly q: Float32Array;
  readonly k: Float32Array;
  readonly v: Float32Array;
}

export interface ReferenceResult {
  /** [B, N, H*D] */
  readonly out: Float64Array;
  /** Mass and statistics captures, [B, rows, (count)] averaged over heads, [B, H, rows, (count)] with heads kept. */
  readonly readings: ReadonlyMap<string, Float64Array>;
}

type Inputs = Readonly<Record<string, Tensor>>;

interface Column {
  readonly span: string;
  readonly token: number;
  logit: number;
  add: number;
  value: number[];
  weight: number;
}

/** One query row of one head. */
interface Cell {
  readonly b: number;
  readonly h: number;
  /** Position in the sequence. */
  readonly i: number;
}

interface CellResult {
  readonly out: number[];
  readonly mass: number;
  /** What of this row's weights each capture sums, by id; those inside forks apart. */
  readonly sums: ReadonlyMap<string, number[]>;
}

export function referenceAttention(
  site: AttentionSite,
  ops: readonly AttentionOp[],
  inputs: Inputs,
  operands: ReferenceOperands,
): ReferenceResult {
  const evaluator = new Evaluator(site, inputs, operands);
  const { batch, heads, headDim } = site;
  const tokens = evaluator.tokens;
  const out = new Float64Array(batch * tokens * heads * headDim);
  const recorded = new Map<string, { op: CaptureOp; cells: Map<string, number[]> }>();
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < tokens; i++) {
        const { out: cell } = evaluator.cell({ b, h, i }, ops, [], (op, sums) => {
          const entry = recorded.get(op.id) ?? { op, cells: new Map() };
          recorded.set(op.id, entry);
          entry.cells.set(`${b} ${h} ${i}`, sums);
        });
        out.set(cell, ((b * tokens + i) * heads + h) * headDim);
      }
  const readings = new Map<string, Float64Array>();
  for (const [id, { op, cells }] of recorded) readings.set(id, arrange(site, op, cells));
  return { out, readings };
}

function arrange(site: AttentionSite, op: CaptureOp, cells: ReadonlyMap<string, number[]>): Float64Array {
  const { batch, heads, tokens } = site;
  const span = op.rows === 'all' ? { start: 0, length: tokens.text.length + tokens.image.length } : tokens[op.rows];
  const values: number[] = [];
  const at = (b: number, h: number, i: number) => cells.get(`${b} ${h} ${span.start + i}`) ?? [];
  for (let b = 0; b < batch; b++) {
    if (op.heads === 'keep') {
      for (let h = 0; h < heads; h++) for (let i = 0; i < span.length; i++) values.push(...at(b, h, i));
    } else {
      for (let i = 0; i < span.length; i++) {
        const width = at(b, 0, i).length;
        for (let c = 0; c < width; c++) {
          let sum = 0;
          for (let h = 0; h < heads; h++) sum += at(b, h, i)[c] ?? 0;
          values.push(sum / heads);
        }
      }
    }
  }
  return Float64Array.from(values);
}

class Evaluator {
  readonly tokens: number;
  readonly #site: AttentionSite;
  readonly #inputs: Inputs;
  readonly #operands: ReferenceOperands;

  constructor(site: AttentionSite, inputs: Inputs, operands: ReferenceOperands) {
    this.#site = site;
    this.#inputs = inputs;
    this.#operands = operands;
    this.tokens = site.tokens.text.length + site.tokens.image.length;
  }

  cell(
    cell: Cell,
    ops: readonly AttentionOp[],
    wanted: readonly CaptureOp[],
    record: (op: CaptureOp, sums: number[]) => void,
  ): CellResult {
    const acting = ops.filter((op) => this.#inRows(op.rows, cell.i));
    const of = <Name extends AttentionOp['op']>(name: Name) => acting.filter((op): op is OpOf<Name> => op.op === name);
    let columns = this.#ownColumns(cell);
    for (const op of of('route')) columns = this.#route(cell, columns, op);
    for (const op of of('extend')) columns = [...columns, ...this.#extension(cell, op)];
    for (const op of of('shape')) this.#logits(cell, columns, op);
    const highest = Math.max(...columns.map((c) => c.logit + c.add));
    const total = columns.reduce((sum, c) => sum + Math.exp(c.logit + c.add - highest), 0);
    for (const c of columns) c.weight = Math.exp(c.logit + c.add - highest) / total;
    const probabilities = columns.map((c) => c.weight);
    for (const op of of('shape'))
      if (op.gain) this.#eachCovered(cell, columns, op, 'gain', (c, r, x) => (c.weight *= 1 + r * (x - 1)));
    for (const op of of('share')) this.#share(cell, columns, op);
    for (const op of of('filter')) this.#filter(cell, columns, op);

    const mine = of('capture').filter((op) => op.what === 'mass');
    const all = [...wanted, ...mine];
    let result: CellResult = {
      out: Array.from({ length: this.#site.headDim }, (_, d) =>
        columns.reduce((s, c) => s + c.weight * (c.value[d] ?? 0), 0),
      ),
      mass: columns.reduce((s, c) => s + c.weight, 0),
      sums: new Map(all.map((op) => [op.id, this.#mass(cell, columns, op)])),
    };
    for (const op of of('fork')) {
      const alt = this.cell(cell, op.alt, all, record);
      result = fork(op.mode, this.#rowValue(cell, op.id, 'mix', op.rows, 0), result, alt);
    }
    for (const op of mine) record(op, result.sums.get(op.id) ?? []);
    for (const op of of('capture')) {
      const lse = highest + Math.log(total);
      if (op.what === 'lse') record(op, [lse]);
      if (op.what === 'entropy') {
        record(op, [
          probabilities.reduce(
            (s, p, j) => s + (p > 0 ? p * (lse - (columns[j]?.logit ?? 0) - (columns[j]?.add ?? 0)) : 0),
            0,
          ),
        ]);
      }
    }
    return result;
  }

  #ownColumns(cell: Cell): Column[] {
    return Array.from({ length: this.tokens }, (_, j) => {
      const span = this.#inRows('text', j) ? 'text' : 'image';
      const token = j - this.#site.tokens[span].start;
      return {
        span,
        token,
        logit: this.#logit(cell, cell.b, cell.b, j),
        add: 0,
        value: this.#row('v', cell.b, j, cell.h),
        weight: 0,
      };
    });
  }

  #route(cell: Cell, columns: Column[], op: OpOf<'route'>): Column[] {
    const source = (part: 'q' | 'k' | 'v') => {
      const named = op[part];
      if (named === undefined || named === false) return cell.b;
      return this.#number(`${named === true ? op.id : named}.from`, cell.b);
    };
    const head = op.heads ? this.#number(`${op.id}.heads`, cell.h) : 1;
    const routed = (c: Column, w: number, key: number): Column => {
      const start = this.#site.tokens[c.span === 'text' ? 'text' : 'image'].start;
      const logit = this.#logit(cell, source('q'), source('k'), start + key);
      const value = this.#row('v', source('v'), start + c.token, cell.h);
      const logits = op.q || op.k ? (1 - w) * c.logit + w * logit : c.logit;
      return { ...c, logit: logits, value: op.v ? c.value.map((x, d) => (1 - w) * x + w * (value[d] ?? 0)) : c.value };
    };
    const covered = (c: Column) => covers(op.cols, c);
    const pairs = op.pairs;
    if (pairs === undefined) {
      return columns.map((c) => {
        if (!covered(c)) return c;
        const w = op.weight ? this.#columnValue(cell, op.id, 'weight', op.cols, c) : 1;
        return routed(c, w * head, c.token);
      });
    }
    const mapped = Array.from({ length: pairs }, (_, p) => {
      const at = cell.b * pairs + p;
      const target = columns.find((c) => covered(c) && c.token === this.#number(`${op.id}.target`, at));
      if (target === undefined) throw new Error('a pair without its target');
      const w = (op.weight ? this.#number(`${op.id}.weight`, at) : 1) * head;
      const key = op.k ? this.#number(`${op.id}.source`, at) : target.token;
      const column = routed(target, w, key);
      return { ...column, add: column.add + this.#number(`${op.id}.logWeight`, at) };
    });
    const first = columns.findIndex(covered);
    return columns.flatMap((c, j) => (j === first ? mapped : covered(c) ? [] : [c]));
  }

  #extension(cell: Cell, op: OpOf<'extend'>): Column[] {
    const from = this.#number(`${op.from ?? op.id}.from`, cell.b);
    const { start, length } = this.#span(op.cols);
    return Array.from({ length: op.count ?? length }, (_, e) => {
      const token = op.count === undefined ? e : this.#number(`${op.id}.index`, cell.b * op.count + e);
      return {
        span: op.id,
        token: e,
        logit: this.#logit(cell, cell.b, from, start + token),
        add: this.#number(`${op.id}.bias`, cell.b * (op.count ?? length) + e),
        value: this.#row('v', from, start + token, cell.h),
        weight: 0,
      };
    });
  }

  #logits(cell: Cell, columns: Column[], op: OpOf<'shape'>): void {
    if (op.scale) this.#eachCovered(cell, columns, op, 'scale', (c, r, x) => (c.logit *= 1 + r * (x - 1)));
    if (op.bias) this.#eachCovered(cell, columns, op, 'bias', (c, r, x) => (c.add += r * x));
  }

  #eachCovered(
    cell: Cell,
    columns: Column[],
    op: OpOf<'shape'>,
    field: string,
    change: (column: Column, row: number, value: number) => void,
  ): void {
    const row =
      (op.rowWeight ? this.#rowValue(cell, op.id, 'rows', op.rows, 0) : 1) *
      (op.heads ? this.#number(`${op.id}.heads`, cell.h) : 1);
    for (const c of columns) if (covers(op.cols, c)) change(c, row, this.#columnValue(cell, op.id, field, op.cols, c));
  }

  #share(cell: Cell, columns: Column[], op: OpOf<'share'>): void {
    const inside = (c: Column) => covers(op.cols, c) && this.#columnValue(cell, op.id, 'group', op.cols, c) === 1;
    const mass = columns.filter(inside).reduce((s, c) => s + c.weight, 0);
    const rest = columns.filter((c) => !inside(c)).reduce((s, c) => s + c.weight, 0);
    const given = this.#rowValue(cell, op.id, 'share', op.rows, 0);
    const wanted = op.mode === 'keep' ? mass * given : given;
    const target = mass + this.#rowValue(cell, op.id, 'amount', op.rows, 0) * (wanted - mass);
    for (const c of columns)
      c.weight *= inside(c) ? (mass > 0 ? target / mass : 0) : rest > 0 ? (1 - target) / rest : 0;
  }

  #filter(cell: Cell, columns: Column[], op: OpOf<'filter'>): void {
    const image = this.#site.tokens.image;
    const positions = image.height * image.width;
    const side = op.along === 'time' ? image.frames : this.#site.tokens.text.length;
    const concerned = columns.filter((c) => c.span === (op.along === 'time' ? 'image' : 'text'));
    const old = concerned.map((c) => c.weight);
    const place = (token: number) =>
      op.along === 'time' ? [Math.floor(token / positions), token % positions] : [token, 0];
    for (const c of concerned) {
      const [to = 0, position] = place(c.token);
      c.weight = concerned.reduce((s, other, j) => {
        const [from = 0, at] = place(other.token);
        return at === position
          ? s + (old[j] ?? 0) * this.#number(`${op.id}.matrix`, (cell.b * side + from) * side + to)
          : s;
      }, 0);
    }
  }

  #mass(cell: Cell, columns: readonly Column[], op: CaptureOp): number[] {
    const cols = op.cols ?? 'all';
    return Array.from({ length: op.count ?? 0 }, (_, m) =>
      columns.reduce(
        (s, c) => (covers(cols, c) ? s + c.weight * this.#columnValue(cell, op.id, 'columns', cols, c, m) : s),
        0,
      ),
    );
  }

  #columnValue(cell: Cell, id: string, field: string, cols: Columns, c: Column, channel = 0): number {
    const tensor = this.#tensor(`${id}.${field}`);
    const [, length = 0, width = 1] = tensor.dims;
    const offset = cols === 'all' ? this.#site.tokens[c.span === 'text' ? 'text' : 'image'].start : 0;
    return Number(tensor.data[(cell.b * length + offset + c.token) * width + channel]);
  }

  #rowValue(cell: Cell, id: string, field: string, rows: Span, outside: number): number {
    if (!this.#inRows(rows, cell.i)) return outside;
    const { start, length } = this.#span(rows);
    return this.#number(`${id}.${field}`, cell.b * length + cell.i - start);
  }

  #span(span: Span): { start: number; length: number } {
    return span === 'all' ? { start: 0, length: this.tokens } : this.#site.tokens[span];
  }

  #inRows(span: Span, i: number): boolean {
    const { start, length } = this.#span(span);
    return i >= start && i < start + length;
  }

  #logit(cell: Cell, queryRow: number, keyRow: number, j: number): number {
    const q = this.#row('q', queryRow, cell.i, cell.h);
    const k = this.#row('k', keyRow, j, cell.h);
    return q.reduce((s, x, d) => s + x * (k[d] ?? 0), 0) / Math.sqrt(this.#site.headDim);
  }

  #row(part: 'q' | 'k' | 'v', b: number, j: number, h: number): number[] {
    const { heads, headDim } = this.#site;
    const at = ((b * this.tokens + j) * heads + h) * headDim;
    return Array.from(this.#operands[part].subarray(at, at + headDim));
  }

  #tensor(name: string): Tensor {
    const tensor = this.#inputs[name];
    if (tensor === undefined) throw new Error(`no input ${name}`);
    return tensor;
  }

  #number(name: string, at: number): number {
    return Number(this.#tensor(name).data[at]);
  }
}

function covers(columns: Columns, c: Column): boolean {
  if (typeof columns === 'object') return c.span === columns.extended;
  return columns === 'all' ? c.span === 'text' || c.span === 'image' : c.span === columns;
}

function fork(mode: 'blend' | 'add' | 'fill', m: number, own: CellResult, alt: CellResult): CellResult {
  const combine = (a: number, b: number) => {
    if (mode === 'add') return a + m * b;
    const other = mode === 'blend' ? b : b + (Math.max(0, 1 - alt.mass) * a) / own.mass;
    return (1 - m) * a + m * other;
  };
  return {
    out: own.out.map((x, d) => combine(x, alt.out[d] ?? 0)),
    mass: combine(own.mass, alt.mass),
    sums: new Map([...own.sums].map(([id, sums]) => [id, sums.map((x, c) => combine(x, alt.sums.get(id)?.[c] ?? 0))])),
  };
}
