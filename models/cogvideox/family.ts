import { AttuneError } from '../../engine/base/errors.ts';
import type { ConditioningNetworks, ConditioningPlan, PipelineFamily } from '../../engine/family.ts';
import { type CogVideoXDenoiser, cogVideoXTransformer } from './transformer.ts';

/** CogVideoX 2b, 5b and 1.5, as diffusers' `CogVideoXPipeline` runs them. */
export const cogVideoX: PipelineFamily<CogVideoXDenoiser> = {
  id: 'cogvideox',
  title: 'CogVideoX',
  denoiser: cogVideoXTransformer,
  conditioning,
  defaults: ({ temporalPatchSize }) => ({ steps: 50, guidance: 6, fps: PUBLISHED_FPS * temporalPatchSize }),
};

/** Frames a second of published models: 8; those of 1.5, which join two latent frames to one token, 16. */
const PUBLISHED_FPS = 8;

/**
 * T5's last states of exactly as many tokens as the network is made for, padding included and attended to. A folder without a T5 may
 * have a CLIP encoder, whose states before its last layer are taken as `StableDiffusion3Pipeline` takes them.
 */
function conditioning({ folder, denoiser, encoders }: ConditioningNetworks<CogVideoXDenoiser>): ConditioningPlan {
  const reader = encoders.find(({ encoder }) => encoder.kind === 't5') ?? encoders[0];
  if (reader === undefined)
    throw new AttuneError(
      'checkpoint-incomplete',
      `${folder} has no text encoder, which the transformer reads prompts by. Download text_encoder and its tokenizer.`,
      { file: folder, field: 'text_encoder' },
    );
  const { name, encoder } = reader;
  if (encoder.width !== denoiser.textHiddenSize)
    throw new AttuneError(
      'checkpoint-malformed',
      `The text encoder of ${folder} gives ${encoder.width} features a token, the transformer reads ${denoiser.textHiddenSize}. Take both from one checkpoint.`,
      { file: folder, field: 'text_embed_dim' },
    );
  return {
    encodings: [
      {
        encoder: name,
        tokens: denoiser.textTokens,
        tap: encoder.kind === 'clip' ? 'penultimate' : 'last',
        place: { column: 0, feature: 0 },
        aligns: true,
      },
    ],
    tokens: denoiser.textTokens,
    hiddenSize: denoiser.textHiddenSize,
    inputs: {},
  };
}
