import { AttuneError } from '../base/errors.ts';
import { isSpoken } from '../text/prompt.ts';
import { type PromptDialect, parsePromptWeights } from '../text/weights.ts';
import { type Conditioning, cutWords, lostWords, runEncoder } from './condition.ts';
import type { VideoModel } from './videomodel.ts';

/**
 * Encodes a prompt as CogVideoXPipeline does: T5's last states of exactly as many tokens as the network is made for, padding included and
 * attended to. There is no pooled vector. A folder without a T5 may have a CLIP encoder, whose states before its last layer are taken as
 * StableDiffusion3Pipeline takes them.
 */
export async function encodeVideoPrompt(
  model: VideoModel,
  text: string,
  dialect: PromptDialect = 'a1111',
): Promise<Conditioning> {
  const { text: prompt, weights, warnings } = parsePromptWeights(text, dialect);
  const { textWidth, video } = model.denoiser;
  const reader = model.promptEncoders.find(({ encoder }) => encoder.kind === 't5') ?? model.promptEncoders[0];
  if (reader === undefined)
    throw new AttuneError(
      'checkpoint-incomplete',
      `${model.folder} has no text encoder, which the transformer reads prompts by. Download text_encoder and its tokenizer.`,
      { file: model.folder, field: 'text_encoder' },
    );
  if (reader.encoder.width !== textWidth)
    throw new AttuneError(
      'checkpoint-malformed',
      `The text encoder of ${model.folder} gives ${reader.encoder.width} features a token, the transformer reads ${textWidth}. Take both from one checkpoint.`,
      { file: model.folder, field: 'text_embed_dim' },
    );
  const { states, prompt: encoded } = await runEncoder(model, reader, prompt, video.textTokens);
  const blocks = [{ start: 0, encoded }];
  return {
    prompt,
    weights,
    warnings: [...warnings, ...cutWords(blocks)],
    unknown: lostWords(blocks, ({ unknown }) => unknown).filter((word) => isSpoken(word.text)),
    text: states,
    tokenCount: video.textTokens,
    pooled: new Float32Array(),
    blocks,
  };
}
