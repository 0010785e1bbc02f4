import { AttuneError } from '../base/errors.ts';
import { type FloatTensor, indexTensor, type Tensor } from '../base/tensor.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { type EncodedPrompt, isSpoken, type PromptWord, tokensInRange } from '../text/prompt.ts';
import { type PromptDialect, parsePromptWeights, type WeightedRange } from '../text/weights.ts';
import { finite } from './finite.ts';
import type { Model, OpenCheckpoint, PromptEncoder } from './model.ts';

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
  /** [tokens, textWidth] */
  readonly text: Float32Array;
  readonly tokenCount: number;
  /** [pooledWidth] */
  readonly pooled: Float32Array;
  /** CLIP's columns (those of its encoders are the same), then T5's. Prompts are aligned within a block. */
  readonly blocks: readonly TextBlock[];
}

/** Tokens that the reference pipeline gives T5 (diffusers, StableDiffusion3Pipeline, `max_sequence_length`). */
const T5_TOKENS = 256;

/** How many tokens the text encoders are given, and the columns of the joint text sequence. */
export function promptTokens({ denoiser, promptEncoders }: Pick<Model, 'denoiser' | 'promptEncoders'>): {
  readonly clipTokens: number;
  readonly t5Tokens: number;
  readonly tokenCount: number;
} {
  const clips = promptEncoders.filter(({ encoder }) => encoder.kind === 'clip');
  const clipTokens = Math.min(...clips.map(({ encoder }) => encoder.maxTokens));
  const clipWidth = clips.reduce((sum, { encoder }) => sum + encoder.width, 0);
  const hasOthers = promptEncoders.length > clips.length;
  const padded = clipWidth === denoiser.textWidth ? 0 : hasOthers ? T5_TOKENS : clipTokens;
  return { clipTokens, t5Tokens: T5_TOKENS, tokenCount: clipTokens + padded };
}

/**
 * Encodes a prompt as StableDiffusion3Pipeline does: the penultimate states of the CLIP encoders side by side, padded with zeros to
 * the network's width, then T5's states along the sequence; the pooled vectors joined. A checkpoint published without T5 gets the zero
 * block of the reference; one whose text width is that of its CLIP encoders has no such block.
 */
export async function encodePrompt(
  model: Model,
  text: string,
  dialect: PromptDialect = 'a1111',
): Promise<Conditioning> {
  const { text: prompt, weights, warnings } = parsePromptWeights(text, dialect);
  const { textWidth, pooledWidth } = model.denoiser;
  const clips = model.promptEncoders.filter(({ encoder }) => encoder.kind === 'clip');
  const others = model.promptEncoders.filter(({ encoder }) => encoder.kind === 't5');
  const clipWidth = clips.reduce((sum, { encoder }) => sum + encoder.width, 0);
  const widest = Math.max(clipWidth, ...others.map(({ encoder }) => encoder.width));
  if (clips.length === 0 || widest > textWidth)
    throw new AttuneError(
      clips.length === 0 ? 'checkpoint-incomplete' : 'checkpoint-malformed',
      clips.length === 0
        ? `${model.folder} has no CLIP text encoder, and the transformer needs its pooled vector. Download text_encoder and its tokenizer.`
        : `The text encoders of ${model.folder} give ${widest} features a token, the transformer reads ${textWidth}. Take encoders and transformer from one checkpoint.`,
      { file: model.folder, field: clips.length === 0 ? 'text_encoder' : 'joint_attention_dim' },
    );

  const { clipTokens, tokenCount } = promptTokens(model);
  const states = new Float32Array(tokenCount * textWidth);
  const pooled: number[] = [];
  const blocks: TextBlock[] = [];

  let feature = 0;
  for (const [index, clip] of clips.entries()) {
    const encoded = await runEncoder(model, clip, prompt, clipTokens);
    copyBlock(encoded.states, clip.encoder.width, states, textWidth, 0, feature);
    feature += clip.encoder.width;
    pooled.push(...encoded.pooled);
    if (index === 0) blocks.push({ start: 0, encoded: encoded.prompt });
  }
  for (const t5 of others) {
    const encoded = await runEncoder(model, t5, prompt, T5_TOKENS);
    copyBlock(encoded.states, t5.encoder.width, states, textWidth, clipTokens, 0);
    blocks.push({ start: clipTokens, encoded: encoded.prompt });
  }
  if (pooled.length !== pooledWidth)
    throw new AttuneError(
      'checkpoint-malformed',
      `The text encoders of ${model.folder} give a pooled vector of ${pooled.length} values, the transformer expects ${pooledWidth}.`,
      { file: model.folder, field: 'pooled_projection_dim' },
    );
  return {
    prompt,
    weights,
    warnings: [...warnings, ...cutWords(blocks)],
    unknown: lostWords(blocks, ({ unknown }) => unknown).filter((word) => isSpoken(word.text)),
    text: states,
    tokenCount,
    pooled: Float32Array.from(pooled),
    blocks,
  };
}

/** Words that a sentence names before it only counts the rest. */
const WORDS_NAMED = 20;

/** Words that every tokenizer loses. */
export function lostWords(
  blocks: readonly TextBlock[],
  lost: (encoded: EncodedPrompt) => readonly PromptWord[],
): readonly PromptWord[] {
  const [first = [], ...rest] = blocks.map(({ encoded }) => lost(encoded));
  return first.filter((word) => rest.every((other) => other.some(({ start }) => start === word.start)));
}

/** A sentence about words at the end that no text encoder saw. */
export function cutWords(blocks: readonly TextBlock[]): string[] {
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

/** What of a model encodes prompts. */
export type PromptingModel = Pick<OpenCheckpoint, 'folder' | 'sessions'>;

interface Encoded {
  /** [tokens, width] */
  readonly states: Float32Array;
  readonly pooled: Float32Array;
  readonly prompt: EncodedPrompt;
}

/** One text encoder's states of a prompt, cut or padded to `length` tokens. */
export async function runEncoder(
  model: PromptingModel,
  { name, encoder, tokenizer, loading }: PromptEncoder,
  prompt: string,
  length: number,
): Promise<Encoded> {
  const encoded = await tokenizer.encode(prompt, length);
  const session = await model.sessions.get(`${model.folder}:${name}:${length}`, loading, () => {
    const g = new GraphBuilder();
    const outputs = encoder.build(g, { batch: 1, tokens: length });
    const penultimate = outputs.hiddenStates.at(-2);
    g.output('states', encoder.kind === 'clip' && penultimate !== undefined ? penultimate : outputs.last);
    if (outputs.pooled !== undefined) g.output('pooled', outputs.pooled);
    return g.build();
  });
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
