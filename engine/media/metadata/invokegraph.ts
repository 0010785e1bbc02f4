import type { Imported } from '../../../contract/index.ts';
import { ImportDraft, quoted } from './importdraft.ts';
import { importInvoke } from './importinvoke.ts';
import { isObject, own, textOf } from './json.ts';

/**
 * The graph that InvokeAI ran: nodes by their names, edges from the field of one to the field of another. Pictures of its node editor hold
 * no other record.
 */
const MAX_NODES = 2_000;
const MAX_EDGES = 10_000;
const MAX_HOPS = 32;
const DENOISES = /denoise|^t2l$|^l2l$/;
const PROMPT_FIELDS = ['prompt', 'clip_prompt'];
const VALUE_TYPES = /^(?:string|integer|float|boolean)(?:_\d)?$/;

interface InvokeGraph {
  readonly nodes: ReadonlyMap<string, unknown>;
  /** `node field` of an input -> where its value comes from. */
  readonly edges: ReadonlyMap<string, { readonly node: string; readonly field: string }>;
}

/** undefined for what is no graph of InvokeAI. */
export function importInvokeGraph(json: unknown): Imported | undefined {
  const graph = readGraph(json);
  if (graph === undefined) return undefined;
  const typed = (matches: (type: string) => boolean) =>
    [...graph.nodes].filter(([, node]) => matches(textOf(own(node, 'type')) ?? '')).map(([id]) => id);
  const [core] = typed((type) => type === 'core_metadata');
  if (core !== undefined) return importInvoke(withEdges(graph, core));
  const [denoise, ...others] = typed((type) => DENOISES.test(type));
  const draft = new ImportDraft();
  if (denoise === undefined)
    draft.note('No node of its graph is a sampler that is known here, so no settings were read.');
  else restore(graph, denoise, others.length, draft);
  return draft.finish('InvokeAI');
}

function readGraph(json: unknown): InvokeGraph | undefined {
  const [nodes, edges] = [own(json, 'nodes'), own(json, 'edges')];
  if (!isObject(nodes) || !Array.isArray(edges)) return undefined;
  const found = new Map<string, { node: string; field: string }>();
  for (const edge of edges.slice(0, MAX_EDGES)) {
    const [source, target] = [own(edge, 'source'), own(edge, 'destination')];
    const [node, field] = [textOf(own(source, 'node_id')), textOf(own(source, 'field'))];
    const input = `${textOf(own(target, 'node_id'))} ${textOf(own(target, 'field'))}`;
    if (node !== undefined && field !== undefined) found.set(input, { node, field });
  }
  return { nodes: new Map(Object.entries(nodes).slice(0, MAX_NODES)), edges: found };
}

/** The value of a field: its own, or that of the plain value that an edge brings; `{ node }` for what a node makes of others. */
function fieldOf(graph: InvokeGraph, id: string, field: string): unknown {
  let [node, name] = [id, field];
  for (let hops = 0; hops < MAX_HOPS; hops++) {
    const edge = graph.edges.get(`${node} ${name}`);
    if (edge === undefined) return own(graph.nodes.get(node), name);
    const type = textOf(own(graph.nodes.get(edge.node), 'type')) ?? '';
    const isPlain = VALUE_TYPES.test(type) && edge.field === 'value';
    if (!isPlain && !isHandedOn(graph, edge)) return { node: type };
    [node, name] = [edge.node, edge.field];
  }
  return undefined;
}

/** A field that a node takes in and gives out under the same name, as `noise` does with width and height. */
function isHandedOn(graph: InvokeGraph, { node, field }: { node: string; field: string }): boolean {
  const value = own(graph.nodes.get(node), field);
  return field !== 'value' && (typeof value === 'string' || typeof value === 'number');
}

/** The metadata node with the values that edges bring. */
function withEdges(graph: InvokeGraph, id: string): unknown {
  const node = graph.nodes.get(id);
  if (!isObject(node)) return undefined;
  const fields = new Set([...Object.keys(node), ...Object.keys(EMPTY_CORE)]);
  return Object.fromEntries([...fields].slice(0, 200).map((field) => [field, fieldOf(graph, id, field)]));
}

const EMPTY_CORE = { positive_prompt: 0, negative_prompt: 0, seed: 0, steps: 0, cfg_scale: 0, width: 0, height: 0 };

function restore(graph: InvokeGraph, denoise: string, others: number, draft: ImportDraft): void {
  if (others > 0)
    draft.note(
      'Its graph has several samplers and does not say which made this picture; the settings are of the first.',
    );
  const told = (what: string, id: string, fields: readonly string[]): unknown => {
    for (const field of fields) {
      const value = fieldOf(graph, id, field);
      const by = textOf(own(value, 'node'));
      if (by !== undefined)
        draft.note(`Its ${what} comes from the node ${quoted(by)}, whose value the file does not hold.`);
      else if (value !== undefined && value !== null) return value;
    }
    return undefined;
  };
  const behind = (field: string) => graph.edges.get(`${denoise} ${field}`)?.node;
  const promptIn = (what: string, names: readonly string[]) => {
    const encoder = names.map(behind).find((node) => node !== undefined);
    if (encoder === undefined) return undefined;
    if (PROMPT_FIELDS.some((name) => fieldOf(graph, encoder, name) !== undefined))
      return told(what, encoder, PROMPT_FIELDS);
    const type = textOf(own(graph.nodes.get(encoder), 'type')) ?? '';
    draft.note(`Its ${what} comes from the node ${quoted(type)}, whose value the file does not hold.`);
    return undefined;
  };
  const noise = behind('noise');
  draft.prompt(promptIn('prompt', ['positive_conditioning', 'positive_text_conditioning']));
  draft.negative(promptIn('negative prompt', ['negative_conditioning', 'negative_text_conditioning']));
  const from = noise ?? denoise;
  draft.seed(told('seed', from, ['seed']));
  draft.size(told('width', from, ['width']), told('height', from, ['height']));
  draft.steps(told('number of steps', denoise, ['steps', 'num_steps']));
  draft.guidance(told('guidance', denoise, ['guidance', 'cfg_scale']));
  draft.sampler(told('sampler', denoise, ['scheduler']));
  const start = fieldOf(graph, denoise, 'denoising_start');
  if (behind('latents') !== undefined && typeof start === 'number' && start > 0) draft.strength(1 - start);
}
