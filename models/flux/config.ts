import type { Config } from '../../engine/checkpoint/config.ts';
import { malformed, refusal } from '../../engine/checkpoint/refusal.ts';
import type { WeightSource } from '../../engine/checkpoint/weights.ts';
import { PATCH } from './packing.ts';
import type { AxisChannels } from './positions.ts';

/** The form of a network as its config gives it, without the numbers of blocks. */
export interface FluxForm {
  readonly latentChannels: number;
  /** Width of the prompt embedding. */
  readonly textHiddenSize: number;
  readonly pooledWidth: number;
  readonly heads: number;
  readonly headDim: number;
  readonly axisChannels: AxisChannels;
  /** Whether the network is told a guidance scale. */
  readonly guided: boolean;
}

/**
 * Reads the config of a `FluxTransformer2DModel`; absent fields take the defaults of the reference class. Throws
 * 'checkpoint-unsupported' for forms that are not text-to-image networks, 'checkpoint-malformed' where fields contradict each other
 * or the weights.
 */
export function readForm(config: Config, weights: WeightSource): FluxForm {
  const headDim = config.optionalInteger('attention_head_dim', { min: 1, max: 4_096 }) ?? 128;
  return {
    latentChannels: latentChannels(config),
    textHiddenSize: config.optionalInteger('joint_attention_dim', { min: 1 }) ?? 4_096,
    pooledWidth: config.optionalInteger('pooled_projection_dim', { min: 1 }) ?? 768,
    heads: config.optionalInteger('num_attention_heads', { min: 1, max: 1_024 }) ?? 24,
    headDim,
    axisChannels: axisChannels(config, headDim),
    guided: isGuided(config, weights),
  };
}

/** The config counts the channels of packed tokens. */
function latentChannels(config: Config): number {
  const patch = config.optionalInteger('patch_size', { min: 1 }) ?? 1;
  if (patch !== 1)
    throw refusal(
      'checkpoint-unsupported',
      config.file,
      `The field "patch_size" is ${patch}; Attune runs models where it is 1, which read packed latents.`,
      { field: 'patch_size' },
    );
  const packed = config.optionalInteger('in_channels', { min: 1, max: 65_536 }) ?? 64;
  const out = config.optionalInteger('out_channels', { min: 1 }) ?? packed;
  if (out !== packed)
    throw refusal(
      'checkpoint-unsupported',
      config.file,
      `The field "out_channels" is ${out} and "in_channels" ${packed}: a Fill, Depth or Canny model reads a picture besides. Attune runs FLUX.1 dev and schnell, where they are equal.`,
      { field: 'out_channels' },
    );
  if (packed % (PATCH * PATCH) === 0) return packed / (PATCH * PATCH);
  throw malformed(
    config.file,
    `The field "in_channels" is ${packed}, no multiple of the ${PATCH * PATCH} cells of a token`,
    {
      field: 'in_channels',
    },
  );
}

function axisChannels(config: Config, headDim: number): AxisChannels {
  const [index, row, column] = config.optionalIntArray('axes_dims_rope', {
    min: 2,
    max: 4_096,
    minLength: 3,
    maxLength: 3,
  }) ?? [16, 56, 56];
  const channels: AxisChannels = [index!, row!, column!];
  const sum = channels.reduce((total, count) => total + count, 0);
  if (sum === headDim && channels.every((count) => count % 2 === 0)) return channels;
  throw malformed(
    config.file,
    `The field "axes_dims_rope" is [${channels.join(', ')}] where even numbers that add up to attention_head_dim = ${headDim} are expected`,
    { field: 'axes_dims_rope' },
  );
}

/** Dropping an embedder that the weights hold would silently change every picture. */
function isGuided(config: Config, weights: WeightSource): boolean {
  const guided = config.optionalBoolean('guidance_embeds') ?? false;
  if (guided || !weights.has('time_text_embed.guidance_embedder.linear_1.weight')) return guided;
  throw malformed(
    config.file,
    'The field "guidance_embeds" is not true, but the weights hold time_text_embed.guidance_embedder',
    { field: 'guidance_embeds' },
  );
}
