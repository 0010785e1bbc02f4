import type { Imported } from '../../../contract/index.ts';
import { ImportDraft, numberOf } from './importdraft.ts';
import { isObject, own, textOf } from './json.ts';

/**
 * ComfyUI keeps the graph that ran: node id -> `class_type` and `inputs`, an input being a value or a link `[node id, slot]`. There is
 * no "the prompt": it is what reaches the sampler. Graphs come from anywhere, so walks are bounded and remember where they were.
 */
const MAX_NODES = 5_000;
const MAX_VISITS = 2_000;

interface Node {
  readonly id: string;
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

type Graph = ReadonlyMap<string, Node>;

/** What a graph restores; undefined for what is no graph, or has no sampler. */
export function importComfy(json: unknown): Imported | undefined {
  const graph = readGraph(json);
  const sampler = graph && findSampler(graph);
  if (!sampler) return undefined;
  const draft = new ImportDraft();
  const nodes = { sampler, guider: linked(graph, sampler, 'guider'), sigmas: linked(graph, sampler, 'sigmas') };
  const guides = [nodes.sampler, nodes.guider].filter((node) => node !== undefined);
  const first = <T>(from: readonly (Node | undefined)[], read: (node: Node) => T | undefined): T | undefined => {
    for (const node of from) {
      const value = node && read(node);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  const value = (node: Node, names: readonly string[]) =>
    first([node], () =>
      names.map((name) => plainValue(graph, own(node.inputs, name))).find((found) => found !== undefined),
    );

  draft.prompt(first(guides, (node) => promptText(graph, node, 'positive') ?? promptText(graph, node, 'conditioning')));
  draft.negative(first(guides, (node) => promptText(graph, node, 'negative')));
  const noise = linked(graph, sampler, 'noise');
  draft.seed(first([sampler, noise], (node) => value(node, ['seed', 'noise_seed'])));
  draft.steps(first([sampler, nodes.sigmas], (node) => value(node, ['steps'])));
  const distilled = first(guides, (node) => distilledGuidance(graph, node));
  draft.guidance(distilled ?? first(guides, (node) => value(node, ['cfg'])));
  const latent = reach(graph, [own(sampler.inputs, 'latent_image'), own(sampler.inputs, 'latent')], (node) =>
    /latent/i.test(node.type) && value(node, ['width']) !== undefined ? true : undefined,
  );
  if (latent) draft.size(value(latent, ['width']), value(latent, ['height']));
  if (!latent) draft.note('Its size follows from a picture or a node that the file does not explain.');
  draft.strength(first([sampler, nodes.sigmas], (node) => value(node, ['denoise'])));
  const chosen = linked(graph, sampler, 'sampler');
  draft.sampler(
    first([sampler, chosen], (node) => value(node, ['sampler_name'])),
    first([sampler, nodes.sigmas], (node) => value(node, ['scheduler'])),
  );
  for (const node of graph.values()) {
    for (const name of ['ckpt_name', 'unet_name', 'model_path']) draft.model(own(node.inputs, name));
    for (const name of ['lora_name', 'lora_01', 'lora_02']) draft.lora(own(node.inputs, name));
    if (/control.?net.*apply|apply.*control.?net/i.test(node.type))
      draft.note('It used a ControlNet, which cannot be loaded here.');
  }
  return draft.finish('ComfyUI');
}

function readGraph(json: unknown): Graph | undefined {
  if (!isObject(json)) return undefined;
  // An export of the editor wraps the graph.
  const nodes = isObject(own(json, 'prompt')) ? own(json, 'prompt') : json;
  const graph = new Map<string, Node>();
  for (const [id, node] of Object.entries(isObject(nodes) ? nodes : {}).slice(0, MAX_NODES)) {
    const type = textOf(own(node, 'class_type'));
    const inputs = own(node, 'inputs');
    if (type !== undefined && isObject(inputs)) graph.set(id, { id, type, inputs });
  }
  return graph.size === 0 ? undefined : graph;
}

function isSampler({ type, inputs }: Node): boolean {
  const hasSeed = ['seed', 'noise_seed', 'noise'].some((name) => Object.hasOwn(inputs, name));
  const isGuided = ['positive', 'guider'].some((name) => Object.hasOwn(inputs, name));
  return (/sampler/i.test(type) || Object.hasOwn(inputs, 'latent_image')) && hasSeed && isGuided;
}

/** The sampler whose picture is saved; the last one before it, where several stand in a row. */
function findSampler(graph: Graph): Node | undefined {
  const savers = [...graph.values()].filter(({ type }) => /save|preview|output/i.test(type));
  for (const saver of savers) {
    const found = reach(graph, Object.values(saver.inputs), (node) => (isSampler(node) ? true : undefined));
    if (found) return found;
  }
  return [...graph.values()].find(isSampler);
}

function nodeOf(graph: Graph, link: unknown): Node | undefined {
  if (!Array.isArray(link) || link.length !== 2) return undefined;
  const [id] = link;
  return typeof id === 'string' || typeof id === 'number' ? graph.get(String(id)) : undefined;
}

function linked(graph: Graph, node: Node, input: string): Node | undefined {
  return nodeOf(graph, own(node.inputs, input));
}

/** Walks against the links, nearest first, to the first node of which `wanted` says something; `null` stops at a node. */
function reach(
  graph: Graph,
  links: readonly unknown[],
  wanted: (node: Node) => true | null | undefined,
  isFollowed: (input: string) => boolean = () => true,
): Node | undefined {
  const seen = new Set<string>();
  const queue = links.flatMap((link) => nodeOf(graph, link) ?? []);
  for (let at = 0; at < queue.length && at < MAX_VISITS; at++) {
    const node = queue[at]!;
    if (seen.has(node.id)) continue;
    seen.add(node.id);
    const verdict = wanted(node);
    if (verdict === true) return node;
    if (verdict === null) continue;
    for (const [input, link] of Object.entries(node.inputs)) {
      const next = isFollowed(input) ? nodeOf(graph, link) : undefined;
      if (next && !seen.has(next.id) && queue.length < MAX_VISITS) queue.push(next);
    }
  }
  return undefined;
}

const TEXT_INPUTS = ['text', 't5xxl', 'text_g', 'clip_l', 'text_l', 'clip_g', 'prompt', 'positive', 'string', 'value'];

const isTextNode = (node: Node) => /text.?encode|prompt|textencoder/i.test(node.type);

/** The text that reaches one side of the sampler. */
function promptText(graph: Graph, node: Node, side: 'positive' | 'negative' | 'conditioning'): string | undefined {
  const other = side === 'negative' ? 'positive' : 'negative';
  const encoder = reach(
    graph,
    [own(node.inputs, side)],
    (candidate) => {
      // Zeroed: the text before it says nothing.
      if (/zero.?out/i.test(candidate.type)) return null;
      return isTextNode(candidate) && encodedText(graph, candidate) !== undefined ? true : undefined;
    },
    (input) => input !== other && !/^(?:clip|model|vae|image|pixels|latent|control_net|mask)$/i.test(input),
  );
  return encoder && encodedText(graph, encoder);
}

function encodedText(graph: Graph, node: Node): string | undefined {
  for (const name of TEXT_INPUTS) {
    const value = plainValue(graph, own(node.inputs, name));
    if (typeof value === 'string' && value.trim() !== '') return value;
  }
  const hasEmpty = TEXT_INPUTS.some((name) => plainValue(graph, own(node.inputs, name)) === '');
  return hasEmpty ? '' : undefined;
}

function distilledGuidance(graph: Graph, node: Node): number | undefined {
  const found = reach(
    graph,
    [own(node.inputs, 'positive'), own(node.inputs, 'conditioning')],
    (candidate) =>
      /guidance/i.test(candidate.type) && numberOf(own(candidate.inputs, 'guidance')) !== undefined ? true : undefined,
    (input) => /^(?:conditioning|positive)/i.test(input),
  );
  return found && numberOf(own(found.inputs, 'guidance'));
}

const VALUE_INPUTS = [
  'value',
  'text',
  'string',
  'int',
  'float',
  'number',
  'seed',
  'noise_seed',
  'Number',
  'Text',
  'prompt',
];

/** A value, or the value of the node that a link leads to: primitives, text boxes, and switches in front of them. */
function plainValue(graph: Graph, value: unknown): string | number | undefined {
  let current = value;
  const seen = new Set<unknown>();
  for (let hops = 0; hops < 32; hops++) {
    if (typeof current === 'string' || typeof current === 'number') return current;
    const node = nodeOf(graph, current);
    if (!node || seen.has(node.id)) return undefined;
    seen.add(node.id);
    const name = VALUE_INPUTS.find((input) => own(node.inputs, input) !== undefined);
    if (name === undefined) return undefined;
    current = own(node.inputs, name);
  }
  return undefined;
}
