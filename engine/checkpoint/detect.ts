import type { WeightSource } from './weights.ts';

/**
 * How many layers `prefix.0.`, `prefix.1.`, ... the weights have: the highest number plus one, 0 when there are none.
 */
export function countLayers(source: WeightSource, prefix: string): number {
  let count = 0;
  for (const name of source.names) {
    if (!name.startsWith(`${prefix}.`)) continue;
    const number = /^\d{1,6}(?=\.)/.exec(name.slice(prefix.length + 1))?.[0];
    if (number !== undefined) count = Math.max(count, Number(number) + 1);
  }
  return count;
}

/** A component class of diffusers or transformers as told by tensor names and ranks. */
export interface ComponentClass {
  readonly className: string;
  /** In a user's words. */
  readonly title: string;
}

/**
 * Which class the weights are of, whatever a config says of them; `undefined` when they are of none that is known here.
 */
export function componentClass(source: WeightSource): ComponentClass | undefined {
  return SIGNATURES.find(({ ranks }) =>
    Object.entries(ranks).every(([name, rank]) => source.shape(name)?.length === rank),
  );
}

/**
 * Names that only this class has together, with the number of axes of each. The narrower class stands before the wider
 * one.
 */
const SIGNATURES: readonly (ComponentClass & { readonly ranks: Readonly<Record<string, number>> })[] = [
  {
    className: 'SD3Transformer2DModel',
    title: 'Stable Diffusion 3 transformer',
    ranks: { 'pos_embed.pos_embed': 3, 'transformer_blocks.0.attn.add_k_proj.weight': 2, 'context_embedder.weight': 2 },
  },
  {
    className: 'FluxTransformer2DModel',
    title: 'FLUX transformer',
    // Chroma has these blocks as well, and no embedder of pooled text.
    ranks: {
      'x_embedder.weight': 2,
      'single_transformer_blocks.0.proj_mlp.weight': 2,
      'time_text_embed.text_embedder.linear_1.weight': 2,
    },
  },
  {
    className: 'CogVideoXTransformer3DModel',
    title: 'CogVideoX transformer',
    ranks: { 'patch_embed.text_proj.weight': 2, 'transformer_blocks.0.norm1.linear.weight': 2, 'norm_final.weight': 1 },
  },
  {
    className: 'Flux2Transformer2DModel',
    title: 'FLUX.2 transformer',
    ranks: { 'single_stream_modulation.linear.weight': 2, 'double_stream_modulation_img.linear.weight': 2 },
  },
  {
    className: 'ZImageTransformer2DModel',
    title: 'Z-Image transformer',
    ranks: { x_pad_token: 2, cap_pad_token: 2, 'context_refiner.0.attention.to_q.weight': 2 },
  },
  {
    className: 'WanTransformer3DModel',
    title: 'Wan video transformer',
    ranks: { 'patch_embedding.weight': 5, 'blocks.0.scale_shift_table': 3, 'blocks.0.attn2.to_q.weight': 2 },
  },
  {
    className: 'AutoencoderKLCogVideoX',
    title: 'CogVideoX video autoencoder',
    ranks: {
      'encoder.conv_in.conv.weight': 5,
      'decoder.conv_out.conv.weight': 5,
      'decoder.norm_out.conv_y.conv.weight': 5,
    },
  },
  {
    className: 'AutoencoderKLWan',
    title: 'Wan or Qwen-Image autoencoder',
    ranks: { 'encoder.conv_in.weight': 5, 'decoder.conv_out.weight': 5, 'decoder.norm_out.gamma': 4 },
  },
  {
    className: 'AutoencoderKLFlux2',
    title: 'FLUX.2 image autoencoder',
    ranks: { 'encoder.conv_in.weight': 4, 'decoder.conv_out.weight': 4, 'bn.running_mean': 1 },
  },
  {
    className: 'AutoencoderKL',
    title: 'image autoencoder',
    ranks: {
      'encoder.conv_in.weight': 4,
      'decoder.conv_out.weight': 4,
      'decoder.up_blocks.0.resnets.0.conv1.weight': 4,
    },
  },
  {
    className: 'CLIPTextModelWithProjection',
    title: 'CLIP text encoder with projection',
    ranks: { 'text_model.embeddings.token_embedding.weight': 2, 'text_projection.weight': 2 },
  },
  {
    className: 'CLIPTextModel',
    title: 'CLIP text encoder',
    ranks: { 'text_model.embeddings.token_embedding.weight': 2, 'text_model.final_layer_norm.weight': 1 },
  },
  {
    className: 'UMT5EncoderModel',
    title: 'UMT5 text encoder',
    ranks: {
      'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight': 2,
      'encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight': 2,
    },
  },
  {
    className: 'Qwen3Model',
    title: 'Qwen3 language model',
    ranks: { 'model.embed_tokens.weight': 2, 'model.layers.0.self_attn.q_norm.weight': 1 },
  },
  {
    className: 'T5EncoderModel',
    title: 'T5 text encoder',
    ranks: { 'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight': 2 },
  },
  {
    className: 'UNet2DConditionModel',
    title: 'U-Net of Stable Diffusion 1, 2 or XL',
    ranks: { 'down_blocks.0.resnets.0.conv1.weight': 4, 'time_embedding.linear_1.weight': 2 },
  },
];
