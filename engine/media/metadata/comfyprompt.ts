import { ABSENT, type Found, untoldBy } from './comfyfound.ts';
import type { GraphNode, Link } from './comfygraph.ts';
import { populated } from './comfytext.ts';
import { linkOf, type Reader } from './comfyvalue.ts';

/** What reaches one side of the sampler: texts, and what was done to them on the way. */
export interface Prompt {
  /** In the order of the inputs that they came through; without doubles. */
  readonly texts: readonly string[];
  /** Types of the nodes that put several together or hold one to a part of the picture or of the steps. */
  readonly combined: readonly string[];
  /** Texts for further encoders that differ from the first one's. */
  readonly further: readonly string[];
  readonly untold: readonly Extract<Found, { is: 'untold' }>[];
  /** Of models that were distilled with a guidance: FluxGuidance, and the encoder that takes it. */
  readonly guidance?: number;
}

export type Side = 'positive' | 'negative';

const TEXT_INPUTS = 'text t5xxl text_g clip_l text_l clip_g prompt user_prompt string value'.split(' ');
const ZEROED = /zero.?out/i;
const IS_ENCODER = /encode|prompt/i;
/** Inputs through which conditioning flows. */
const CONDITIONING = /^(?:conditioning\w{0,20}|cond\d?|positive|negative|guider|\w{0,20}text_embeds|hyvid_embeds)$/;
const PARTIAL = /^Conditioning(?:SetArea|SetMask|SetTimestepRange|SetProperties)/;
const MAX_DEPTH = 200;

interface Draft {
  readonly texts: Set<string>;
  readonly combined: Set<string>;
  readonly further: Set<string>;
  readonly untold: Map<string, Extract<Found, { is: 'untold' }>>;
  guidance: number | undefined;
}

/** @param inputs of the sampler or of its guider, of which the first that is there counts */
export function readPrompt(reader: Reader, node: GraphNode, inputs: readonly string[], side: Side): Prompt | undefined {
  const link = inputs.map((name) => linkOf(node.inputs.get(name))).find((found) => found !== undefined);
  if (link === undefined) return undefined;
  const draft: Draft = {
    texts: new Set(),
    combined: new Set(),
    further: new Set(),
    untold: new Map(),
    guidance: undefined,
  };
  visit({ reader, draft, seen: new Set() }, link, side, 0);
  const { texts, combined, further, untold, guidance } = draft;
  return {
    texts: [...texts],
    combined: [...combined],
    further: [...further].filter((text) => !texts.has(text)),
    untold: [...untold.values()],
    ...(guidance !== undefined && { guidance }),
  };
}

interface Walk {
  readonly reader: Reader;
  readonly draft: Draft;
  readonly seen: Set<string>;
}

function visit(walk: Walk, given: Link, side: Side, depth: number): void {
  const { reader, draft, seen } = walk;
  const link = reader.through(given);
  const node = link && reader.node(link);
  if (link === undefined || node === undefined || depth > MAX_DEPTH || !reader.step()) {
    tell(draft, { is: 'untold', by: 'a node that is not in the file' });
    return;
  }
  const key = `${side} ${node.id} ${link.slot}`;
  // A circle, or a second way to the same text.
  if (seen.has(key)) return;
  seen.add(key);
  if (ZEROED.test(node.type)) return;
  noteGuidance(walk, node);
  const own = ownText(reader, node, link.slot, side);
  if (own !== undefined) {
    take(draft, own);
    return;
  }
  const next = conditioningOf(node, link.slot, side);
  if (next.length === 0) tell(draft, untoldBy(node));
  if (next.length > 1 || (next.length === 1 && PARTIAL.test(node.type))) draft.combined.add(node.type.slice(0, 80));
  for (const { link: from, side: of } of next) visit(walk, from, of, depth + 1);
}

function noteGuidance({ reader, draft }: Walk, node: GraphNode): void {
  if (draft.guidance !== undefined || !(/guidance/i.test(node.type) || IS_ENCODER.test(node.type))) return;
  const found = reader.value(node, ['guidance']);
  if (found.is === 'value' && typeof found.value === 'number') draft.guidance = found.value;
}

interface OwnText {
  readonly found: readonly Found[];
}

/** Texts of a node that encodes them itself: an encoder, or a loader that holds both prompts; undefined for other nodes. */
function ownText(reader: Reader, node: GraphNode, slot: number, side: Side): OwnText | undefined {
  const sided = sidedInputs(reader, node, sideOf(node, slot, side, 'loader'));
  if (sided !== undefined) return { found: [sided] };
  if (node.inputs.has('populated_text')) return { found: [populated(node, (input) => reader.input(input, ['text']))] };
  if (!IS_ENCODER.test(node.type) && !node.inputs.has('clip')) return undefined;
  const names = TEXT_INPUTS.filter((name) => node.inputs.has(name));
  if (names.length === 0) return undefined;
  return { found: names.map((name) => reader.value(node, [name, 'text', 'string', 'prompt'])) };
}

/** The prompt of a node that holds both; undefined where they are conditioning, or not there. */
function sidedInputs(reader: Reader, node: GraphNode, side: Side): Found | undefined {
  for (const name of [side, `${side}_prompt`, `text_${side}`, `prompt_${side}`]) {
    const input = node.inputs.get(name);
    if (input === undefined) continue;
    if ('value' in input) return typeof input.value === 'string' ? reader.input(input, []) : ABSENT;
    // A link is a text where what it leads to can be read as one; otherwise it is conditioning, or neither is told.
    const found = reader.input(input, ['text', 'string', 'prompt']);
    if (found.is === 'value' && typeof found.value === 'string') return found;
    if (name !== side) return found;
  }
  return undefined;
}

/** Nodes that hand on both sides have them as their first two outputs, loaders behind the model. */
function sideOf(node: GraphNode, slot: number, side: Side, kind: 'loader' | 'conditioning'): Side {
  const named = node.outputs[slot]?.toLowerCase() ?? '';
  if (/^pos|conditioning\+/.test(named)) return 'positive';
  if (/^neg|conditioning-/.test(named)) return 'negative';
  if (!node.inputs.has('positive') || !node.inputs.has('negative')) return side;
  if (kind === 'loader' && !/loader/i.test(node.type)) return side;
  const first = kind === 'loader' ? 1 : 0;
  if (slot === first) return 'positive';
  return slot === first + 1 ? 'negative' : side;
}

function conditioningOf(node: GraphNode, slot: number, side: Side): readonly { link: Link; side: Side }[] {
  const hasBoth = node.inputs.has('positive') && node.inputs.has('negative');
  const of = hasBoth ? sideOf(node, slot, side, 'conditioning') : side;
  return [...node.inputs]
    .filter(([name]) => CONDITIONING.test(name) && name !== (of === 'positive' ? 'negative' : 'positive'))
    .toSorted(([one], [other]) => order(one) - order(other))
    .flatMap(([, input]) => {
      const link = linkOf(input);
      return link === undefined ? [] : [{ link, side: of }];
    });
}

/** `conditioning_to` is what `conditioning_from` is put behind. */
const order = (name: string) => (name === 'conditioning_from' ? 1 : 0);

function take(draft: Draft, { found }: OwnText): void {
  const values = found.flatMap((text) => (text.is === 'value' ? [String(text.value)] : []));
  const [first, ...others] = values.filter((text) => text.trim() !== '');
  if (first !== undefined) draft.texts.add(first);
  for (const text of others) if (text !== first) draft.further.add(text);
  for (const text of found) if (text.is === 'untold') tell(draft, text);
  if (values.length > 0 && first === undefined && draft.texts.size === 0) draft.texts.add('');
}

function tell(draft: Draft, found: Extract<Found, { is: 'untold' }>): void {
  draft.untold.set(found.by, found);
}
