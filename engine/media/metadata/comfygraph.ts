import { widgetNames } from './comfywidgets.ts';
import { isObject, own, textOf } from './json.ts';

/**
 * A graph of ComfyUI, from either of its forms: the one that ran (node id -> `class_type` and `inputs`) and the one that the editor saves
 * (`nodes` and `links`). There is no "the prompt" in it: it is what reaches the sampler.
 */
export interface Graph {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** Sentences about parts that were not read. */
  readonly notes: readonly string[];
}

export interface GraphNode {
  readonly id: string;
  readonly type: string;
  readonly inputs: ReadonlyMap<string, Input>;
  /** Names of its outputs, which only the editor's form holds. */
  readonly outputs: readonly string[];
}

export interface Link {
  readonly node: string;
  /** Which of the node's outputs. */
  readonly slot: number;
}

export type Input = { readonly link: Link } | { readonly value: unknown };

const MAX_NODES = 5_000;
const MAX_INPUTS = 200;
const MAX_HOPS = 64;

/** undefined for what is no graph. */
export function readGraph(json: unknown): Graph | undefined {
  if (!isObject(json)) return undefined;
  if (Array.isArray(own(json, 'nodes')) && Array.isArray(own(json, 'links'))) return readEditorForm(json);
  return readApiForm(json);
}

function readApiForm(json: Readonly<Record<string, unknown>>): Graph | undefined {
  const nodes = new Map<string, GraphNode>();
  const all = Object.entries(json);
  for (const [id, node] of all.slice(0, MAX_NODES)) {
    const type = textOf(own(node, 'class_type'));
    const inputs = own(node, 'inputs');
    if (type === undefined || !isObject(inputs)) continue;
    const read = Object.entries(inputs)
      .slice(0, MAX_INPUTS)
      .map(([name, value]): [string, Input] => [name, inputOf(value)]);
    nodes.set(id, { id, type, inputs: new Map(read), outputs: [] });
  }
  return nodes.size === 0 ? undefined : { nodes, notes: tooMany(all.length) };
}

function tooMany(nodes: number): string[] {
  return nodes > MAX_NODES ? [`Its graph has more than ${MAX_NODES} nodes, of which the others were not read.`] : [];
}

function inputOf(value: unknown): Input {
  if (!Array.isArray(value) || value.length !== 2) return { value };
  const [node, slot] = value;
  const isLink = (typeof node === 'string' || typeof node === 'number') && typeof slot === 'number';
  return isLink ? { link: { node: String(node), slot } } : { value };
}

/** What the editor's form says of a node, before bypassed nodes and reroutes are taken out of the links. */
interface Raw {
  readonly id: string;
  readonly type: string;
  readonly mode: number;
  readonly inputs: readonly { readonly name: string; readonly type: string; readonly link: string | undefined }[];
  readonly outputs: readonly { readonly name: string; readonly type: string }[];
  readonly widgets: ReadonlyMap<string, unknown>;
}

const MUTED = 2;
const BYPASSED = 4;

function readEditorForm(json: Readonly<Record<string, unknown>>): Graph | undefined {
  const listed = listIn(json, 'nodes');
  const raws = new Map<string, Raw>();
  for (const node of listed.slice(0, MAX_NODES)) {
    const raw = rawNode(node);
    if (raw !== undefined) raws.set(raw.id, raw);
  }
  if (raws.size === 0) return undefined;
  const links = readLinks(listIn(json, 'links'));
  const named = new Map<string, Raw>();
  for (const raw of raws.values()) {
    const name = raw.type === 'SetNode' ? textOf(raw.widgets.get('value')) : undefined;
    if (name !== undefined) named.set(name, raw);
  }

  /** Where a value comes from, behind what only passes it on; undefined behind a muted node. */
  const origin = (link: Link | undefined): Link | undefined => {
    let current = link;
    for (let hops = 0; current !== undefined && hops < MAX_HOPS; hops++) {
      const raw: Raw | undefined = raws.get(current.node);
      if (raw === undefined) return current;
      if (raw.mode === MUTED) return undefined;
      const through = passedOn(raw, current.slot);
      if (through === undefined) return current;
      if (through === 'nothing') return undefined;
      current = links.get(through);
    }
    return undefined;
  };
  const passedOn = (raw: Raw, slot: number): string | 'nothing' | undefined => {
    if (raw.type === 'GetNode') return named.get(String(raw.widgets.get('value')))?.inputs[0]?.link ?? 'nothing';
    if (raw.type === 'SetNode' || /^reroute/i.test(raw.type)) return raw.inputs[0]?.link ?? 'nothing';
    if (raw.mode !== BYPASSED) return undefined;
    const type = raw.outputs[slot]?.type;
    const same = raw.inputs.filter((input) => input.type === type);
    return (raw.inputs[slot]?.type === type ? raw.inputs[slot]?.link : same[0]?.link) ?? 'nothing';
  };

  const nodes = new Map<string, GraphNode>();
  for (const raw of raws.values()) {
    if (raw.mode === MUTED || raw.mode === BYPASSED) continue;
    const inputs = new Map<string, Input>([...raw.widgets].map(([name, value]) => [name, { value }]));
    for (const { name, link } of raw.inputs) {
      const from = link === undefined ? undefined : origin(links.get(link));
      if (from !== undefined) inputs.set(name, { link: from });
    }
    nodes.set(raw.id, { id: raw.id, type: raw.type, inputs, outputs: raw.outputs.map(({ name }) => name) });
  }
  const folded = listIn(own(json, 'definitions'), 'subgraphs').length > 0;
  return {
    nodes,
    notes: [
      ...tooMany(listed.length),
      ...(folded ? ['Parts of its graph are folded into subgraphs, which were not read.'] : []),
    ],
  };
}

function listIn(json: unknown, key: string): readonly unknown[] {
  const list = own(json, key);
  return Array.isArray(list) ? list : [];
}

function rawNode(node: unknown): Raw | undefined {
  const [id, type, mode] = [own(node, 'id'), textOf(own(node, 'type')), own(node, 'mode')];
  if ((typeof id !== 'number' && typeof id !== 'string') || type === undefined) return undefined;
  const inputs = listIn(node, 'inputs').slice(0, MAX_INPUTS);
  return {
    id: String(id),
    type,
    mode: typeof mode === 'number' ? mode : 0,
    inputs: inputs.map((input) => {
      const link = own(input, 'link');
      return {
        name: textOf(own(input, 'name')) ?? '',
        type: String(own(input, 'type')),
        link: typeof link === 'number' || typeof link === 'string' ? String(link) : undefined,
      };
    }),
    outputs: listIn(node, 'outputs')
      .slice(0, MAX_INPUTS)
      .map((output) => ({ name: textOf(own(output, 'name')) ?? '', type: String(own(output, 'type')) })),
    widgets: widgetsOf(type, own(node, 'widgets_values'), inputs),
  };
}

/** Values of a node by their names: widgets stand in a list without names, unless a node keeps them by name itself. */
function widgetsOf(type: string, values: unknown, inputs: readonly unknown[]): ReadonlyMap<string, unknown> {
  if (isObject(values)) return new Map(Object.entries(values).slice(0, MAX_INPUTS));
  if (!Array.isArray(values)) return new Map();
  const declared = inputs.flatMap((input) => textOf(own(own(input, 'widget'), 'name')) ?? []);
  const names = widgetNames(type, declared, values.slice(0, MAX_INPUTS));
  return new Map(names.flatMap((name, index) => (name === undefined ? [] : [[name, values[index]] as const])));
}

/** Link id -> where it begins. A list in most files, objects in newer ones. */
function readLinks(links: readonly unknown[]): ReadonlyMap<string, Link> {
  const found = new Map<string, Link>();
  for (const link of links.slice(0, MAX_NODES * 4)) {
    const [id, node, slot] = Array.isArray(link)
      ? link
      : [own(link, 'id'), own(link, 'origin_id'), own(link, 'origin_slot')];
    if (typeof slot === 'number') found.set(String(id), { node: String(node), slot });
  }
  return found;
}
