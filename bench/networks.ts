import type { PlannedTensor } from '../engine/index.ts';

/** Component folders of the sizes that are measured: config and tensors, without any data. */
export interface PlannedNetwork {
  readonly config: Readonly<Record<string, unknown>>;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

export type StoredFloat = 'F32' | 'F16';

export function plannedTensors({ shapes }: PlannedNetwork, dtype: StoredFloat): readonly PlannedTensor[] {
  return [...shapes].map(([name, shape]) => ({ name, dtype, shape }));
}

class ShapeList {
  readonly shapes = new Map<string, readonly number[]>();

  linear(name: string, out: number, into: number): void {
    this.shapes.set(`${name}.weight`, [out, into]).set(`${name}.bias`, [out]);
  }

  convolution(name: string, out: number, into: number, kernel: number): void {
    this.shapes.set(`${name}.weight`, [out, into, kernel, kernel]).set(`${name}.bias`, [out]);
  }

  norm(name: string, width: number): void {
    this.shapes.set(`${name}.weight`, [width]).set(`${name}.bias`, [width]);
  }
}

/** Stable Diffusion 3 medium has 24 layers; its position table is cut from 192 to 96 patches a side, of which a step reads a part. */
export function sd3Medium(layers: number): PlannedNetwork {
  const [heads, headDim, textHiddenSize, pooledWidth, channels, patch, side] = [24, 64, 4096, 2048, 16, 2, 96];
  const width = heads * headDim;
  const list = new ShapeList();
  list.shapes.set('pos_embed.pos_embed', [1, side * side, width]);
  list.convolution('pos_embed.proj', width, channels, patch);
  for (const [name, into] of [
    ['timestep', 256],
    ['text', pooledWidth],
  ] as const) {
    list.linear(`time_text_embed.${name}_embedder.linear_1`, width, into);
    list.linear(`time_text_embed.${name}_embedder.linear_2`, width, width);
  }
  list.linear('context_embedder', width, textHiddenSize);
  for (let layer = 0; layer < layers; layer += 1) addJointBlock(list, layer, width, layer === layers - 1);
  list.linear('norm_out.linear', 2 * width, width);
  list.linear('proj_out', patch * patch * channels, width);
  const config = {
    _class_name: 'SD3Transformer2DModel',
    attention_head_dim: headDim,
    num_attention_heads: heads,
    num_layers: layers,
    caption_projection_dim: width,
    joint_attention_dim: textHiddenSize,
    pooled_projection_dim: pooledWidth,
    in_channels: channels,
    out_channels: channels,
    patch_size: patch,
    pos_embed_max_size: side,
  };
  return { config, shapes: list.shapes };
}

/** The last block has no text of its own behind the attention. */
function addJointBlock(list: ShapeList, layer: number, width: number, isLast: boolean): void {
  const block = `transformer_blocks.${layer}`;
  const feedForward = (name: string) => {
    list.linear(`${block}.${name}.net.0.proj`, 4 * width, width);
    list.linear(`${block}.${name}.net.2`, width, 4 * width);
  };
  list.linear(`${block}.norm1.linear`, 6 * width, width);
  list.linear(`${block}.norm1_context.linear`, (isLast ? 2 : 6) * width, width);
  for (const part of ['to_q', 'to_k', 'to_v', 'add_q_proj', 'add_k_proj', 'add_v_proj', 'to_out.0'])
    list.linear(`${block}.attn.${part}`, width, width);
  feedForward('ff');
  if (isLast) return;
  list.linear(`${block}.attn.to_add_out`, width, width);
  feedForward('ff_context');
}

/** The autoencoder of Stable Diffusion 3. */
export function sd3Autoencoder(): PlannedNetwork {
  const [widths, latent, resnets] = [[128, 256, 512, 512], 16, 2];
  const list = new ShapeList();
  list.convolution('encoder.conv_in', widths[0] ?? 0, 3, 3);
  let into = widths[0] ?? 0;
  for (const [level, out] of widths.entries()) {
    const block = `encoder.down_blocks.${level}`;
    for (let i = 0; i < resnets; i += 1) into = addResnet(list, `${block}.resnets.${i}`, into, out);
    if (level < widths.length - 1) list.convolution(`${block}.downsamplers.0.conv`, out, out, 3);
  }
  addMiddle(list, 'encoder', into);
  list.norm('encoder.conv_norm_out', into);
  list.convolution('encoder.conv_out', 2 * latent, into, 3);
  list.convolution('decoder.conv_in', into, latent, 3);
  addMiddle(list, 'decoder', into);
  for (const [level, out] of widths.toReversed().entries()) {
    const block = `decoder.up_blocks.${level}`;
    for (let i = 0; i <= resnets; i += 1) into = addResnet(list, `${block}.resnets.${i}`, into, out);
    if (level < widths.length - 1) list.convolution(`${block}.upsamplers.0.conv`, out, out, 3);
  }
  list.norm('decoder.conv_norm_out', into);
  list.convolution('decoder.conv_out', 3, into, 3);
  const config = {
    _class_name: 'AutoencoderKL',
    block_out_channels: widths,
    down_block_types: widths.map(() => 'DownEncoderBlock2D'),
    up_block_types: widths.map(() => 'UpDecoderBlock2D'),
    latent_channels: latent,
    layers_per_block: resnets,
    norm_num_groups: 32,
    scaling_factor: 1.5305,
    shift_factor: 0.0609,
    use_quant_conv: false,
    use_post_quant_conv: false,
  };
  return { config, shapes: list.shapes };
}

function addResnet(list: ShapeList, name: string, into: number, out: number): number {
  list.norm(`${name}.norm1`, into);
  list.convolution(`${name}.conv1`, out, into, 3);
  list.norm(`${name}.norm2`, out);
  list.convolution(`${name}.conv2`, out, out, 3);
  if (into !== out) list.convolution(`${name}.conv_shortcut`, out, into, 1);
  return out;
}

function addMiddle(list: ShapeList, half: string, width: number): void {
  const block = `${half}.mid_block`;
  for (const index of [0, 1]) addResnet(list, `${block}.resnets.${index}`, width, width);
  list.norm(`${block}.attentions.0.group_norm`, width);
  for (const part of ['to_q', 'to_k', 'to_v', 'to_out.0']) list.linear(`${block}.attentions.0.${part}`, width, width);
}
