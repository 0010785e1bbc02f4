import { AttuneError } from '../base/errors.ts';
import { isSpoken } from '../text/prompt.ts';
import { type PromptDialect, parsePromptWeights } from '../text/weights.ts';
import { type Conditioning, cutWords, lostWords, runEncoder } from './condition.ts';
import type { VideoModel } from './videomodel.ts';

/**
 * Encodes a prompt as CogVideoXPipeline does: T5's last states of exactly as many tokens as the network is made for, padding included and
 * attended to. There is no pooled vector.
 */
export async function encodeVideoPrompt(
  model: VideoModel,
  text: string,
  dialect: PromptDialect = 'a1111',
): Promise<Conditioning> {
  const { text: prompt, weights, warnings } = parsePromptWeights(text, dialect);
  const { textWidth, video } = model.denoiser;
  const t5 = model.promptEncoders.find(({ encoder }) => encoder.kind === 't5');
  if (t5 === undefined)
    throw new AttuneError(
      'checkpoint-incomplete',
      `${model.folder} has no T5 text encoder, which the transformer reads prompts by. Download text_encoder and its tokenizer.`,
      { file: model.folder, field: 'text_encoder' },
    );
  if (t5.encoder.width !== textWidth)
    throw new AttuneError(
      'checkpoint-malformed',
      `The text encoder of ${model.folder} gives ${t5.encoder.width} features a token, the transformer reads ${textWidth}. Take both from one checkpoint.`,
      { file: model.folder, field: 'text_embed_dim' },
    );
  const { states, prompt: encoded } = await runEncoder(model, t5, prompt, video.textTokens);
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
