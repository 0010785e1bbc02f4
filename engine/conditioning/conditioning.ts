import { AttuneError } from '../base/errors.ts';
import { type FloatTensor, indexTensor, type Tensor } from '../base/tensor.ts';
import type { PromptEncoding } from '../family.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { finite } from '../model/finite.ts';
import { type Model, type PromptEncoder, promptEncoderOf } from '../model/model.ts';
import { type EncodedPrompt, isSpoken, type PromptWord, tokensInRange } from '../text/prompt.ts';
import { type PromptDialect, parsePromptWeights, type WeightedRange } from '../text/weights.ts';

/** A run of columns of the joint text sequence that one tokenizer filled. */
export interface TextBlock {
  /** First column in the text span of an attention call; token positions count from here. */
  readonly start: number;
  readonly encoded: EncodedPrompt;
}

/** What a prompt becomes for the network. */
export interface Conditioning {
  /** The prompt without its weight marks. */
  readonly prompt: string;
  readonly weights: readonly WeightedRange[];
  readonly warnings: readonly string[];
  /** Words that no text encoder knows; `unknownWarnings` tells of them. */
  readonly unknown: readonly PromptWord[];
  /** [tokens, hidden size] */
  readonly promptEmbeds: Float32Array;
  readonly tokenCount: number;
  /** Further inputs of the denoiser that come from the prompt, e.g. `pooled`: numbers of one batch row, by name. */
  readonly inputs: Readonly<Record<string, Float32Array>>;
  /** The columns of each encoder that words are found by, in order. Prompts are aligned within a block. */
  readonly blocks: readonly TextBlock[];
}

/** What of a model encodes prompts. */
export type PromptingModel = Pick<Model, 'folder' | 'sessions' | 'promptEncoders' | 'conditioning'>;

/**
 * Encodes a prompt as the checkpoint's family plans it: every text encoder's states at their place in the prompt embeds, pooled vectors
 * in the further inputs. Throws 'request-invalid' for weights that cannot be used.
 */
export async function encodePrompt(
  model: PromptingModel,
  text: string,
  dialect: PromptDialect = 'a1111',
): Promise<Conditioning> {
  const { text: prompt, weights, warnings } = parsePromptWeights(text, dialect);
  const { encodings, tokens, hiddenSize, inputs } = model.conditioning;
  const promptEmbeds = new Float32Array(tokens * hiddenSize);
  const further = mapValues(inputs, (length) => new Float32Array(length));
  const blocks: TextBlock[] = [];
  for (const { encoder: name, tokens: length, tap, place, aligns, pooled } of encodings) {
    const reader = promptEncoderOf(model, name);
    const encoded = await runEncoder(model, reader, { prompt, length, tap });
    if (place !== undefined)
      copyBlock(encoded.states, reader.encoder.width, promptEmbeds, hiddenSize, place.column, place.feature);
    if (pooled !== undefined) further[pooled.input]?.set(encoded.pooled, pooled.offset);
    if (aligns && place !== undefined) blocks.push({ start: place.column, encoded: encoded.prompt });
  }
  return {
    prompt,
    weights,
    warnings: [...warnings, ...cutWords(blocks)],
    unknown: lostWords(blocks, ({ unknown }) => unknown).filter((word) => isSpoken(word.text)),
    promptEmbeds,
    tokenCount: tokens,
    inputs: further,
    blocks,
  };
}

/** The calls that `encodePrompt` makes, with their cost: the numbers that each multiplies. */
export function encodingCalls({
  components,
  conditioning,
}: Pick<Model, 'components' | 'conditioning'>): readonly { readonly network: string; readonly cost: number }[] {
  return conditioning.encodings.map(({ encoder: network, tokens }) => {
    const weights = components.find(({ name }) => name === network)?.weights;
    const bytes = weights?.names.reduce((sum, name) => sum + weights.get(name).byteLength, 0) ?? 0;
    return { network, cost: bytes * tokens };
  });
}

/** Words that a sentence names before it only counts the rest. */
const WORDS_NAMED = 20;

/** Words that every tokenizer loses. */
function lostWords(
  blocks: readonly TextBlock[],
  lost: (encoded: EncodedPrompt) => readonly PromptWord[],
): readonly PromptWord[] {
  const [first = [], ...rest] = blocks.map(({ encoded }) => lost(encoded));
  return first.filter((word) => rest.every((other) => other.some(({ start }) => start === word.start)));
}

/** A sentence about words at the end that no text encoder saw. */
function cutWords(blocks: readonly TextBlock[]): string[] {
  const cut = lostWords(blocks, (encoded) => encoded.cut);
  const rest = cut.length - WORDS_NAMED;
  const named = cut.slice(0, WORDS_NAMED).map(({ text }) => text);
  const more = rest > 0 ? ` and ${rest} more` : '';
  return cut.length === 0 ? [] : [`The prompt is too long; left out: ${named.join(' ')}${more}.`];
}

/** Columns of the pieces that overlap a stretch of the prompt. */
export function columnsOf({ blocks }: Conditioning, start: number, end: number): readonly number[] {
  return blocks.flatMap((block) => tokensInRange(block.encoded, start, end).map((position) => block.start + position));
}

/** A word of a prompt with its columns in the joint text sequence. */
export interface ReachedWord {
  readonly text: string;
  /** Characters of the prompt. */
  readonly start: number;
  readonly end: number;
  readonly columns: readonly number[];
}

/** The words of a prompt that reached the network, punctuation left out. */
export function wordsOf(condition: Conditioning): readonly ReachedWord[] {
  const words = condition.blocks[0]?.encoded.words ?? [];
  return words
    .filter(({ text }) => isSpoken(text))
    .map(({ text, start, end }) => ({ text, start, end, columns: columnsOf(condition, start, end) }))
    .filter(({ columns }) => columns.length > 0);
}

interface Encoded {
  /** [tokens, width] */
  readonly states: Float32Array;
  readonly pooled: Float32Array;
  readonly prompt: EncodedPrompt;
}

/** One text encoder's states of a prompt, cut or padded to `length` tokens. */
async function runEncoder(
  model: Pick<Model, 'folder' | 'sessions'>,
  { name, encoder, tokenizer, loading }: PromptEncoder,
  { prompt, length, tap }: { readonly prompt: string; readonly length: number; readonly tap: PromptEncoding['tap'] },
): Promise<Encoded> {
  const encoded = await tokenizer.encode(prompt, length);
  const session = await model.sessions.get(
    { network: name, variant: `${model.folder}:${length}:${tap}` },
    loading,
    () => {
      const g = new GraphBuilder();
      const outputs = encoder.build(g, { batch: 1, tokens: length });
      const penultimate = outputs.hiddenStates.at(-2);
      g.output('states', tap === 'penultimate' && penultimate !== undefined ? penultimate : outputs.last);
      if (outputs.pooled !== undefined) g.output('pooled', outputs.pooled);
      return g.build();
    },
  );
  const outputs = await session.run({ ids: indexTensor(encoded.ids, [1, length]) });
  return {
    states: finite(floats(outputs.states), name, model.folder),
    pooled: outputs.pooled === undefined ? new Float32Array() : finite(floats(outputs.pooled), name, model.folder),
    prompt: encoded,
  };
}

function floats(tensor: Tensor | undefined): Float32Array {
  if (tensor?.dtype !== 'float32')
    throw new AttuneError('runtime-failed', 'A session did not return the float32 tensor it declares.');
  return (tensor satisfies FloatTensor).data;
}

/** Writes [tokens, width] into [*, targetWidth] at a token and a feature offset. */
function copyBlock(
  block: Float32Array,
  width: number,
  target: Float32Array,
  targetWidth: number,
  token: number,
  feature: number,
): void {
  for (let t = 0; t * width < block.length; t++)
    target.set(block.subarray(t * width, (t + 1) * width), (token + t) * targetWidth + feature);
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, to: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, to(value)]));
}
