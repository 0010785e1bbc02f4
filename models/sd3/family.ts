import { AttuneError } from '../../engine/base/errors.ts';
import type { ConditioningNetworks, ConditioningPlan, PipelineFamily, PromptEncoding } from '../../engine/family.ts';
import { type Sd3Denoiser, sd3Transformer } from './transformer.ts';

/** Stable Diffusion 3 and 3.5, as diffusers' `StableDiffusion3Pipeline` runs them. */
export const sd3: PipelineFamily<Sd3Denoiser> = {
  id: 'sd3',
  title: 'Stable Diffusion 3 / 3.5',
  denoiser: sd3Transformer,
  singleFiles: [
    {
      id: 'sd3.5-large-single-file',
      title: 'Stable Diffusion 3.5 large as a single file',
      key: 'joint_blocks.37.x_block.mlp.fc1.weight',
    },
    {
      id: 'sd3-single-file',
      title: 'Stable Diffusion 3 or 3.5 medium as a single file',
      key: 'joint_blocks.0.context_block.adaLN_modulation.1.bias',
    },
  ],
  conditioning,
  defaults: () => ({ steps: 28, guidance: 7 }),
};

/** Tokens that the reference pipeline gives T5, `max_sequence_length`. */
const T5_TOKENS = 256;

/**
 * The penultimate states of the CLIP encoders side by side, padded with zeros to the network's width, then T5's states along the
 * sequence; the pooled vectors joined. A checkpoint published without T5 keeps the columns of the reference as zeros; one whose hidden
 * size is that of its CLIP encoders has no such columns.
 */
function conditioning({ folder, denoiser, encoders }: ConditioningNetworks<Sd3Denoiser>): ConditioningPlan {
  const clips = encoders.filter(({ encoder }) => encoder.kind === 'clip');
  const others = encoders.filter(({ encoder }) => encoder.kind !== 'clip');
  const clipWidth = clips.reduce((sum, { encoder }) => sum + encoder.width, 0);
  const pooledWidth = clips.reduce((sum, { encoder }) => sum + encoder.pooledWidth, 0);
  const widest = Math.max(clipWidth, ...others.map(({ encoder }) => encoder.width));
  if (clips.length === 0)
    throw new AttuneError(
      'checkpoint-incomplete',
      `${folder} has no CLIP text encoder, and the transformer needs its pooled vector. Download text_encoder and its tokenizer.`,
      { file: folder, field: 'text_encoder' },
    );
  if (widest > denoiser.textHiddenSize)
    throw new AttuneError(
      'checkpoint-malformed',
      `The text encoders of ${folder} give ${widest} features a token, the transformer reads ${denoiser.textHiddenSize}. Take encoders and transformer from one checkpoint.`,
      { file: folder, field: 'joint_attention_dim' },
    );
  if (pooledWidth !== denoiser.pooledWidth)
    throw new AttuneError(
      'checkpoint-malformed',
      `The text encoders of ${folder} give a pooled vector of ${pooledWidth} values, the transformer expects ${denoiser.pooledWidth}.`,
      { file: folder, field: 'pooled_projection_dim' },
    );
  const clipTokens = Math.min(...clips.map(({ encoder }) => encoder.maxTokens));
  const padded = clipWidth === denoiser.textHiddenSize ? 0 : others.length > 0 ? T5_TOKENS : clipTokens;
  let [feature, offset] = [0, 0];
  const encodings: PromptEncoding[] = clips.map(({ name, encoder }, index) => {
    const encoding: PromptEncoding = {
      encoder: name,
      tokens: clipTokens,
      tap: 'penultimate',
      place: { column: 0, feature },
      // The tokens of all CLIP encoders are the same.
      aligns: index === 0,
      pooled: { input: 'pooled', offset },
    };
    feature += encoder.width;
    offset += encoder.pooledWidth;
    return encoding;
  });
  for (const { name } of others)
    encodings.push({
      encoder: name,
      tokens: T5_TOKENS,
      tap: 'last',
      place: { column: clipTokens, feature: 0 },
      aligns: true,
    });
  return {
    encodings,
    tokens: clipTokens + padded,
    hiddenSize: denoiser.textHiddenSize,
    inputs: { pooled: pooledWidth },
  };
}
