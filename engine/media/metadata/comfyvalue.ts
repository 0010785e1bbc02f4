import { ABSENT, type Found, untoldBy, valueIs } from './comfyfound.ts';
import type { Graph, GraphNode, Input, Link } from './comfygraph.ts';
import { joinedText } from './comfytext.ts';

const MAX_DEPTH = 32;
/** All steps of all walks through one graph: nodes may be reached in many ways. */
const MAX_STEPS = 20_000;

/** Names under which nodes hand settings on. A node that has these alone gives each by its name. */
const SETTINGS = new Set(
  'seed noise_seed steps cfg guidance denoise sampler_name scheduler width height length batch_size start_at_step end_at_step control_after_generate'.split(
    ' ',
  ),
);
const CONSTANT_NAMES = new Set(
  'value text string prompt int float number seed noise_seed steps cfg text_multiline wildcard_text'.split(' '),
);
/** Types of one input that do not give what they hold. */
const CHANGES_IT =
  /random|wildcard|upper|lower|case|trim|length|translat|negat|\babs|sqrt|round|math|expression|evaluat|load|interrogat|caption|enhanc|convert|split|encode/i;
const PASSES_ON = /^reroute/i;
const SWITCH_OF_ANY = /^any switch \(rgthree\)$/i;
const NUMBERED_SWITCH = /switch|selector/i;
/** Nodes that show what goes through them. */
const SHOWS = /^(?:show|display|preview)\s?(?:text|any|string|anything)|^easy show/i;

/** Reads values of a graph through links; every walk ends. */
export class Reader {
  readonly graph: Graph;
  /** Outputs that were read, by node, slot and what they were asked for; a value that leads to itself finds itself untold. */
  readonly #known = new Map<string, Found>();
  #stepsLeft = MAX_STEPS;

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /** false once the graph has been walked more than any that makes a picture. */
  step(): boolean {
    return this.#stepsLeft-- > 0;
  }

  node(link: Link): GraphNode | undefined {
    return this.graph.nodes.get(link.node);
  }

  linked(node: GraphNode, input: string): GraphNode | undefined {
    const link = linkOf(node.inputs.get(input));
    const through = link && this.through(link);
    return through && this.node(through);
  }

  /** The first of the inputs that is there. */
  value(node: GraphNode, names: readonly string[], depth = 0): Found {
    const name = names.find((candidate) => node.inputs.has(candidate));
    return name === undefined ? ABSENT : this.input(node.inputs.get(name), names, depth);
  }

  /** @param names under which the value is known: that of the input, and others for the same */
  input(input: Input | undefined, names: readonly string[], depth = 0): Found {
    if (input === undefined) return ABSENT;
    if ('value' in input) {
      const { value } = input;
      if (typeof value === 'string' || typeof value === 'number') return valueIs(value);
      return value === null || value === undefined ? ABSENT : { is: 'untold', by: 'a value of another form' };
    }
    if (depth > MAX_DEPTH || !this.step()) return { is: 'untold', by: 'too many nodes' };
    const link = this.through(input.link);
    const node = link && this.node(link);
    if (link === undefined || node === undefined) return { is: 'untold', by: 'a node that is not in the file' };
    const key = `${link.slot} ${names[0]} ${node.id}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, untoldBy(node));
    const found = this.#output(node, link.slot, names, depth);
    this.#known.set(key, found);
    return found;
  }

  /** Behind reroutes and switches whose position is written. */
  through(link: Link): Link | undefined {
    let current: Link | undefined = link;
    for (let hops = 0; current !== undefined && hops < MAX_DEPTH; hops++) {
      const node = this.node(current);
      const next = node && nextBehind(node);
      if (next === undefined) return current;
      current = next;
    }
    return undefined;
  }

  #output(node: GraphNode, slot: number, names: readonly string[], depth: number): Found {
    const named = node.outputs[slot]?.toLowerCase();
    const inputs = [...node.inputs.keys()];
    const byOutput = named !== undefined && names.includes(named) && node.inputs.has(named) ? named : undefined;
    const isSettings = inputs.length > 0 && inputs.every((name) => SETTINGS.has(name));
    const sameName = isSettings ? names.find((name) => node.inputs.has(name)) : undefined;
    const direct = byOutput ?? sameName;
    if (direct !== undefined) return this.input(node.inputs.get(direct), names, depth + 1);
    const text = joinedText(node, slot, (input) => this.input(input, ['text', 'string', 'prompt'], depth + 1));
    if (text !== undefined) return text;
    if (SHOWS.test(node.type)) return this.#shown(node, names, depth);
    const constant = slot === 0 ? constantOf(node) : undefined;
    if (constant !== undefined) return this.input(constant, names, depth + 1);
    return untoldBy(node);
  }

  /** A text is passed on as it is; what is shown was left there by a run, perhaps an earlier one. */
  #shown(node: GraphNode, names: readonly string[], depth: number): Found {
    const source = [...node.inputs.values()].find((input) => 'link' in input);
    const found = this.input(source, names, depth + 1);
    if (found.is === 'value') return found;
    const shown = [...node.inputs.values()].flatMap((input) =>
      'value' in input && typeof input.value === 'string' && input.value.trim() !== '' ? [input.value] : [],
    );
    const by = found.is === 'untold' ? found : untoldBy(node);
    return shown[0] === undefined ? by : { ...by, hint: shown[0] };
  }
}

export function linkOf(input: Input | undefined): Link | undefined {
  return input !== undefined && 'link' in input ? input.link : undefined;
}

function nextBehind(node: GraphNode): Link | undefined {
  if (PASSES_ON.test(node.type)) return [...node.inputs.values()].map(linkOf).find((link) => link !== undefined);
  if (SWITCH_OF_ANY.test(node.type)) return [...node.inputs.values()].map(linkOf).find((link) => link !== undefined);
  if (!NUMBERED_SWITCH.test(node.type)) return undefined;
  const position = node.inputs.get('select') ?? node.inputs.get('Input') ?? node.inputs.get('index');
  const chosen = position && 'value' in position ? position.value : undefined;
  if (typeof chosen !== 'number') return undefined;
  // Inputs of a switch are numbered, and only the kind that it switches: `input2`, `text2`, `model2`.
  const numbered = [...node.inputs].filter(([name]) => new RegExp(`^[a-z_]+${chosen}$`).test(name));
  return numbered.length === 1 ? linkOf(numbered[0]?.[1]) : undefined;
}

/** The one value of a node that is nothing but a value. */
function constantOf(node: GraphNode): Input | undefined {
  const own = [...node.inputs].filter(([name]) => name !== 'control_after_generate');
  const [first] = own;
  if (own.length !== 1 || first === undefined || !CONSTANT_NAMES.has(first[0])) return undefined;
  return CHANGES_IT.test(node.type) && !/^primitive/i.test(node.type) ? undefined : first[1];
}
