import type { Imported } from '../../../contract/index.ts';
import { ABSENT, type Found } from './comfyfound.ts';
import { type Graph, type GraphNode, readGraph } from './comfygraph.ts';
import { type Prompt, readPrompt, type Side } from './comfyprompt.ts';
import { readStart } from './comfysize.ts';
import { linkOf, Reader } from './comfyvalue.ts';
import { ImportDraft, quoted } from './importdraft.ts';
import { isObject, own, textOf } from './json.ts';
import { parseLooseJson } from './limits.ts';

/**
 * What a graph of ComfyUI restores: the values that reach the sampler whose picture is saved. What the graph does not tell (a node of an
 * extension, a random draw, a picture of its own) is named and left out. Graphs come from anywhere, so every walk is bounded.
 */
const MAX_SEEN = 2_000;
const MAX_SAVERS = 50;
const SAVES = /save|video_?combine|output/i;
const SHOWS = /preview/i;
const ENLARGES = /upscale|imagescale|image resize|imageresize/i;
const GUIDES = ['positive', 'conditioning', 'text_embeds', 'hyvid_embeds'];

/** undefined for what is no graph. */
export function importComfy(json: unknown): Imported | undefined {
  const graph = readGraph(json) ?? graphIn(json, 'prompt') ?? graphIn(json, 'workflow');
  if (graph === undefined) return undefined;
  const draft = new ImportDraft();
  for (const note of graph.notes) draft.note(note);
  const reader = new Reader(graph);
  const chosen = chooseSampler(reader);
  if (chosen === undefined) draft.note('No sampler of its graph is one that is known here, so no settings were read.');
  else restore(reader, chosen, draft);
  noteModels(graph, draft);
  return draft.finish('ComfyUI');
}

/** Films of VideoHelperSuite hold both forms in one JSON, one of them as a text. */
function graphIn(json: unknown, key: string): Graph | undefined {
  const value = own(json, key);
  return readGraph(typeof value === 'string' ? parseLooseJson(value) : value);
}

function isSampler({ type, inputs }: GraphNode): boolean {
  const hasSeed = ['seed', 'noise_seed', 'noise'].some((name) => inputs.has(name));
  const isGuided = [...GUIDES, 'guider'].some((name) => inputs.has(name));
  return (/sampler/i.test(type) || inputs.has('latent_image')) && hasSeed && isGuided;
}

interface Chosen {
  readonly sampler: GraphNode;
  /** Whether the graph makes pictures by other samplers as well, and the file does not say which it is. */
  readonly isOneOfSeveral: boolean;
  readonly enlargedBy?: string;
}

/** The sampler whose picture is saved; the last one before it, where several stand in a row. */
function chooseSampler(reader: Reader): Chosen | undefined {
  const nodes = [...reader.graph.nodes.values()];
  for (const kind of [SAVES, SHOWS]) {
    const found = new Map<string, Chosen>();
    for (const saver of nodes.filter(({ type }) => kind.test(type)).slice(0, MAX_SAVERS)) {
      const sampler = nearestSampler(reader, saver);
      if (sampler !== undefined && !found.has(sampler.sampler.id)) found.set(sampler.sampler.id, sampler);
    }
    const [first] = found.values();
    if (first !== undefined) return { ...first, isOneOfSeveral: found.size > 1 };
  }
  const [first, ...others] = nodes.filter(isSampler);
  return first && { sampler: first, isOneOfSeveral: others.length > 0 };
}

/** Against the links, nearest first. */
function nearestSampler(reader: Reader, saver: GraphNode): Chosen | undefined {
  const seen = new Set<string>([saver.id]);
  const queue: { readonly node: GraphNode; readonly enlargedBy?: string }[] = [{ node: saver }];
  for (let at = 0; at < queue.length && at < MAX_SEEN; at++) {
    const { node, enlargedBy } = queue[at]!;
    if (at > 0 && isSampler(node))
      return { sampler: node, isOneOfSeveral: false, ...(enlargedBy !== undefined && { enlargedBy }) };
    const enlarges = enlargedBy ?? (ENLARGES.test(node.type) && !/loader/i.test(node.type) ? node.type : undefined);
    for (const input of node.inputs.values()) {
      const link = linkOf(input);
      const next = link && reader.node(link);
      if (next === undefined || seen.has(next.id) || queue.length >= MAX_SEEN) continue;
      seen.add(next.id);
      queue.push({ node: next, ...(enlarges !== undefined && { enlargedBy: enlarges }) });
    }
  }
  return undefined;
}

function restore(reader: Reader, { sampler, isOneOfSeveral, enlargedBy }: Chosen, draft: ImportDraft): void {
  const [guider, sigmas, noise, chosen] = ['guider', 'sigmas', 'noise', 'sampler'].map((name) =>
    reader.linked(sampler, name),
  );
  if (isOneOfSeveral)
    draft.note('Its graph makes several pictures and does not say which this is; the settings are of the first.');
  const of = (nodes: readonly (GraphNode | undefined)[], names: readonly string[]): Found => {
    for (const node of nodes) {
      const found = node === undefined ? ABSENT : reader.value(node, names);
      if (found.is !== 'absent') return found;
    }
    return ABSENT;
  };
  const told = (what: string, found: Found) => {
    if (found.is === 'untold') draft.note(`Its ${what} comes from ${found.by}, whose value the file does not hold.`);
    return found.is === 'value' ? found.value : undefined;
  };

  const positive = promptOf(reader, [sampler, guider], 'positive');
  if (positive === undefined) draft.note('Its prompt reaches the sampler in a way that is not known here.');
  takePrompt(draft, positive, 'prompt');
  takePrompt(draft, promptOf(reader, [sampler, guider], 'negative'), 'negative prompt');
  draft.seed(told('seed', of([sampler, noise], ['seed', 'noise_seed'])));
  draft.steps(told('number of steps', of([sampler, sigmas], ['steps'])));
  draft.guidance(positive?.guidance ?? told('guidance', of([sampler, guider], ['cfg', 'cfg_scale'])));
  const { size, untold, passes } = readStart(reader, sampler, isSampler);
  if (size !== undefined) draft.size(size.width, size.height);
  else draft.note(`Its size follows from ${untold ?? 'a picture or a node that the file does not explain'}.`);
  const strength = told('strength', of([sampler, sigmas], ['denoise']));
  if (passes > 0) draft.note(`It was made in ${passes + 1} passes one after the other; the settings are of the last.`);
  else draft.strength(strength);
  if (enlargedBy !== undefined)
    draft.note(`It was enlarged afterwards by the node ${quoted(enlargedBy)}, which is not done here.`);
  draft.sampler(
    told('sampler', of([sampler, chosen], ['sampler_name'])),
    told('schedule', of([sampler, sigmas], ['scheduler'])),
  );
}

function promptOf(reader: Reader, nodes: readonly (GraphNode | undefined)[], side: Side): Prompt | undefined {
  for (const node of nodes) {
    const prompt = node && readPrompt(reader, node, side === 'positive' ? GUIDES : ['negative', 'text_embeds'], side);
    if (prompt !== undefined) return prompt;
  }
  return undefined;
}

function takePrompt(draft: ImportDraft, prompt: Prompt | undefined, what: 'prompt' | 'negative prompt'): void {
  if (prompt === undefined) return;
  const texts = prompt.texts.filter((text) => text.trim() !== '');
  for (const { by, hint } of prompt.untold) {
    const shown = hint === undefined ? '' : ` There stands: ${quoted(hint)}.`;
    draft.note(
      texts.length > 0
        ? `A part of its ${what} comes from ${by}, whose value the file does not hold; the rest was read.${shown}`
        : `Its ${what} comes from ${by}, whose value the file does not hold.${shown}`,
    );
  }
  if (prompt.untold.length > 0 && texts.length === 0) return;
  const text = texts.length > 0 ? texts.map((part) => part.trim()).join(', ') : prompt.texts[0];
  if (what === 'prompt') draft.prompt(text);
  else draft.negative(text);
  if (prompt.combined.length > 0) {
    const nodes = prompt.combined.map(quoted).join(', ');
    draft.note(
      texts.length > 1
        ? `Its ${what} is joined of ${texts.length} texts that the graph reads one by one and combines (${nodes}).`
        : `Its ${what} passes through ${nodes}, which holds it to a part of the picture or of the steps; here it counts for all.`,
    );
  }
  for (const other of prompt.further)
    draft.note(`Another of its text encoders read a ${what} of its own, which was left out: ${quoted(other)}.`);
}

function noteModels(graph: Graph, draft: ImportDraft): void {
  for (const { type, inputs } of graph.nodes.values()) {
    for (const [name, input] of inputs) {
      if (!('value' in input)) continue;
      if (/^(?:ckpt_name|unet_name|model_path)$/.test(name)) draft.model(input.value);
      if (/^lora(?:_name|_\d{1,2}|_name_\d{1,2})$/.test(name)) draft.lora(loraName(input.value));
    }
    if (/control.?net.*apply|apply.*control.?net/i.test(type))
      draft.note('It used a ControlNet, which cannot be loaded here.');
  }
}

/** A name, or the entry of a list of LoRAs that can be switched off. */
function loraName(value: unknown): string | undefined {
  return isObject(value) && own(value, 'on') === false ? undefined : (textOf(value) ?? textOf(own(value, 'lora')));
}
