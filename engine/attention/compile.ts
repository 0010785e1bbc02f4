import { AttuneError } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import type { GraphBuilder, Value } from '../graph/builder.ts';
import type { RowGroup } from './block.ts';
import { evaluate } from './evaluate.ts';
import { joinHeads, splitHeads } from './fused.ts';
import { type AttentionOp, actsAt, type CaptureOp, flatten, refuse } from './ops.ts';
import { Readings } from './readings.ts';
import { primitiveOf } from './registry.ts';
import { SiteScope } from './scope.ts';
import { type AttentionOperands, type AttentionProcessor, type AttentionSite, plainAttention } from './site.ts';
import { type HookSizes, spanIn, withExtensions } from './sizes.ts';
import type { HookInput, HookValues } from './values.ts';

/** The attention of a network with operations spliced in. Good for one graph: `declare`, the network's build, `finish`. */
export interface CompiledAttention extends AttentionProcessor {
  /** Everything about the hooks that decides the graph; empty without operations. Part of a session's key. */
  readonly signature: string;
  /** The sizes, with what operations append: what the `...Values` functions size their inputs by. */
  readonly sizes: HookSizes;
  /** The inputs the graph has because of the hooks. */
  readonly inputs: readonly HookInput[];
  /** Declares the inputs; happens by itself at the first attention call. */
  declare(g: GraphBuilder): void;
  /** Declares the read-outs as outputs of the graph and returns their names; once, after the network has been built. */
  finish(g: GraphBuilder): readonly string[];
  /**
   * The tensors for one run: what is given, neutral values for the rest. Throws AttuneError 'request-invalid' for an input that no
   * operation has or that has another shape.
   */
  feeds(...values: readonly HookValues[]): Record<string, Tensor>;
}

/**
 * Prepares operations for a network whose attention calls have these sizes (`sizesOf(denoiser.sites(...))`). Throws AttuneError
 * 'graph-invalid' for a structure that cannot be built.
 */
export function compileAttention(ops: readonly AttentionOp[], bare: HookSizes): CompiledAttention {
  const sizes = withExtensions(bare, ops);
  checkAll(ops, sizes);
  const inputs = inputsOf(ops, sizes);
  const readings = new Readings();
  let graph: { readonly g: GraphBuilder; readonly inputs: ReadonlyMap<string, Value> } | undefined;

  const declared = (g: GraphBuilder): ReadonlyMap<string, Value> => {
    graph ??= { g, inputs: new Map(inputs.map(({ name, type, shape }) => [name, g.input(name, type, shape)])) };
    if (graph.g === g) return graph.inputs;
    throw new AttuneError('graph-invalid', 'Compiled hooks are good for one graph; compile them anew.');
  };

  return {
    signature: ops.length === 0 ? '' : canonical(ops),
    sizes,
    inputs,
    declare: declared,
    attend(g, site, operands) {
      const values = declared(g);
      const here = opsAt(ops, site);
      if (here.length === 0) return plainAttention.attend(g, site, operands);
      return g.scope(`hooks ${site.id}`, () => hooked(g, site, operands, here, sizes, values, readings));
    },
    finish: (g) => readings.declare(g),
    feeds(...values) {
      const given: Record<string, Tensor> = Object.assign({}, ...values);
      for (const [name, tensor] of Object.entries(given)) {
        checkFeed(
          name,
          tensor,
          inputs.find((input) => input.name === name),
        );
      }
      return Object.fromEntries(inputs.map((input) => [input.name, given[input.name] ?? input.neutral()]));
    },
  };
}

function checkAll(ops: readonly AttentionOp[], sizes: HookSizes): void {
  const all = flatten(ops);
  const seen = new Set<string>();
  for (const op of all) {
    if (op.id === '' || seen.has(op.id)) throw refuse(op, 'the id is empty or taken');
    seen.add(op.id);
    primitiveOf(op).check(op, sizes);
  }
}

/** One of each name: shared vectors belong to several operations. */
function inputsOf(ops: readonly AttentionOp[], sizes: HookSizes): readonly HookInput[] {
  const all = flatten(ops).flatMap((op) => primitiveOf(op).inputs(op, sizes));
  return [...new Map(all.map((input) => [input.name, input])).values()];
}

/** The operations that act at a site, those inside forks reduced likewise. */
function opsAt(ops: readonly AttentionOp[], site: AttentionSite): readonly AttentionOp[] {
  return ops
    .filter((op) => actsAt(op, site))
    .map((op) => (op.op === 'fork' ? { ...op, alt: opsAt(op.alt, site) } : op));
}

/** The attention of one site with all that acts there. */
function hooked(
  g: GraphBuilder,
  site: AttentionSite,
  operands: AttentionOperands,
  ops: readonly AttentionOp[],
  sizes: HookSizes,
  inputs: ReadonlyMap<string, Value>,
  readings: Readings,
): Value {
  const taps = ops.filter((op) => op.op === 'capture').filter((op) => isTap(op));
  const computing = ops.filter((op) => op.op !== 'capture' || !isTap(op));
  const out =
    computing.length === 0
      ? plainAttention.attend(g, site, operands)
      : evaluated(g, site, operands, computing, sizes, inputs, readings);
  for (const op of taps) {
    const tapped = op.what === 'q' || op.what === 'k' || op.what === 'v' ? operands[op.what] : out;
    const { start, length } = spanIn(site.tokens, op.rows);
    readings.tap(`${op.id}.${site.id}`, g.slice(tapped, 1, start, start + length));
  }
  return out;
}

function isTap(op: CaptureOp): boolean {
  return op.what === 'q' || op.what === 'k' || op.what === 'v' || op.what === 'out';
}

function evaluated(
  g: GraphBuilder,
  site: AttentionSite,
  operands: AttentionOperands,
  ops: readonly AttentionOp[],
  sizes: HookSizes,
  inputs: ReadonlyMap<string, Value>,
  readings: Readings,
): Value {
  const own = {
    q: splitHeads(g, operands.q, site.heads),
    k: splitHeads(g, operands.k, site.heads),
    v: splitHeads(g, operands.v, site.heads),
  };
  const scope = new SiteScope(g, site, sizes, own, inputs);
  const parts = rowGroups(site, ops).map((rows) =>
    evaluate(scope, ops, rows, [], (op, group, name, value) => readings.read(g, op, site, group, name, value)),
  );
  readings.closeSite(g, site);
  return joinHeads(g, parts.length === 1 && parts[0] !== undefined ? parts[0] : g.concat(parts, 1));
}

/** Text and image rows apart where an operation needs that, else all rows in one call. */
function rowGroups(site: AttentionSite, ops: readonly AttentionOp[]): readonly RowGroup[] {
  const { tokens } = site;
  if (tokens.text.length === 0) return [{ span: 'image', ...spanIn(tokens, 'all') }];
  if (!flatten(ops).some((op) => primitiveOf(op).separatesRows(op))) return [{ span: 'all', ...spanIn(tokens, 'all') }];
  const groups = (['text', 'image'] as const).map((span) => ({ span, ...spanIn(tokens, span) }));
  return groups.sort((a, b) => a.start - b.start);
}

function checkFeed(name: string, tensor: Tensor, input: HookInput | undefined): void {
  if (input === undefined) {
    throw new AttuneError('request-invalid', `No attention operation has an input "${name}".`, { field: name });
  }
  if (tensor.dtype !== input.type || tensor.dims.join() !== input.shape.join()) {
    const given = `${tensor.dtype}[${tensor.dims.join()}]`;
    throw new AttuneError('request-invalid', `Input "${name}" is ${given}, not ${input.type}[${input.shape.join()}].`, {
      field: name,
    });
  }
}

/** JSON with sorted keys, so that equal structures have equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, entry: unknown) =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  );
}
