import { folderOf, type Shapes, tensorsOf } from './checkpoint-files.ts';

/** Component folders of the families with random weights, small enough to be written for each test. */

/** A config.json and the tensors that go with it. */
export interface TinyNetwork {
  readonly config: Readonly<Record<string, unknown>>;
  readonly shapes: Shapes;
}

/** Writes the folder and gives its path; weights are uniform in -0.25..0.25, drawn from `seed`. Gone when the test has ended. */
export function writeNetwork({ config, shapes }: TinyNetwork, seed = 1): string {
  const count = Object.values(shapes).reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const values = new Float32Array(count);
  let state = seed;
  for (let i = 0; i < count; i += 1) {
    // Numerical Recipes' linear congruence: any spread of values does.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    values[i] = (state / 2 ** 32 - 0.5) / 2;
  }
  const file = tensorsOf(shapes, 'F32', new Uint8Array(values.buffer));
  return folderOf({ 'config.json': config, 'model.safetensors': file });
}

const linear = (name: string, out: number, into: number): Shapes => ({
  [`${name}.weight`]: [out, into],
  [`${name}.bias`]: [out],
});
const norm = (name: string, width: number): Shapes => ({ [`${name}.weight`]: [width], [`${name}.bias`]: [width] });
const convolution = (name: string, out: number, into: number, kernel: number): Shapes => ({
  [`${name}.weight`]: [out, into, kernel, kernel],
  [`${name}.bias`]: [out],
});
const all = (...parts: readonly Shapes[]): Shapes => Object.assign({}, ...parts);
const times = (count: number, part: (index: number) => Shapes): Shapes =>
  all(...Array.from({ length: count }, (_, i) => part(i)));

/** SD3.5's forms unless told otherwise: a query/key norm, a second attention in block 0. */
export function tinySd3(
  options: {
    readonly dual?: readonly number[];
    readonly layers?: number;
    readonly textHiddenSize?: number;
    readonly pooledWidth?: number;
    readonly width?: number;
    readonly heads?: number;
    readonly channels?: number;
    /** Patches along each side of the position table. */
    readonly side?: number;
  } = {},
): TinyNetwork {
  const { dual = [0], layers = 2, textHiddenSize = 12, pooledWidth = 10 } = options;
  const { width = 16, heads = 2, channels = 4, side = 6 } = options;
  const streams = (attn: string, names: readonly string[]) =>
    all(...names.map((name) => linear(`${attn}.${name}`, width, width)));
  const headNorms = (attn: string, names: readonly string[]): Shapes =>
    Object.fromEntries(names.map((name) => [`${attn}.${name}.weight`, [width / heads]]));
  const feedForward = (name: string) =>
    all(linear(`${name}.net.0.proj`, 4 * width, width), linear(`${name}.net.2`, width, 4 * width));
  const block = (index: number): Shapes => {
    const name = `transformer_blocks.${index}`;
    const isLast = index === layers - 1;
    const isDual = dual.includes(index);
    return all(
      linear(`${name}.norm1.linear`, (isDual ? 9 : 6) * width, width),
      linear(`${name}.norm1_context.linear`, (isLast ? 2 : 6) * width, width),
      streams(`${name}.attn`, ['to_q', 'to_k', 'to_v', 'add_q_proj', 'add_k_proj', 'add_v_proj', 'to_out.0']),
      headNorms(`${name}.attn`, ['norm_q', 'norm_k', 'norm_added_q', 'norm_added_k']),
      feedForward(`${name}.ff`),
      isDual ? streams(`${name}.attn2`, ['to_q', 'to_k', 'to_v', 'to_out.0']) : {},
      isDual ? headNorms(`${name}.attn2`, ['norm_q', 'norm_k']) : {},
      isLast ? {} : all(streams(`${name}.attn`, ['to_add_out']), feedForward(`${name}.ff_context`)),
    );
  };
  return {
    config: {
      _class_name: 'SD3Transformer2DModel',
      attention_head_dim: width / heads,
      num_attention_heads: heads,
      num_layers: layers,
      caption_projection_dim: width,
      joint_attention_dim: textHiddenSize,
      pooled_projection_dim: pooledWidth,
      in_channels: channels,
      out_channels: channels,
      patch_size: 2,
      pos_embed_max_size: side,
      qk_norm: 'rms_norm',
      dual_attention_layers: dual,
    },
    shapes: all(
      { 'pos_embed.pos_embed': [1, side * side, width] },
      convolution('pos_embed.proj', width, channels, 2),
      linear('time_text_embed.timestep_embedder.linear_1', width, 256),
      linear('time_text_embed.timestep_embedder.linear_2', width, width),
      linear('time_text_embed.text_embedder.linear_1', width, pooledWidth),
      linear('time_text_embed.text_embedder.linear_2', width, width),
      linear('context_embedder', width, textHiddenSize),
      times(layers, block),
      linear('norm_out.linear', 2 * width, width),
      linear('proj_out', 4 * channels, width),
    ),
  };
}

/** 2b's form (`sincos`), 5b's (`rotary`) or 1.5's (`spanning`, tokens of two frames). Made for 2 x 4 x 6 cells. */
export function tinyCogVideoX(
  form: 'sincos' | 'rotary' | 'spanning' = 'sincos',
  options: {
    readonly textHiddenSize?: number;
    readonly textTokens?: number;
    /** Pixel frames of a latent frame. */
    readonly frameScale?: number;
  } = {},
): TinyNetwork {
  const { textHiddenSize = 12, textTokens = 3, frameScale } = options;
  const [heads, headDim, channels, timeWidth, layers] = [2, 16, 4, 10, 2];
  const width = heads * headDim;
  const isSpanning = form === 'spanning';
  const cells = 4 * (isSpanning ? 2 : 1);
  const block = (index: number): Shapes => {
    const name = `transformer_blocks.${index}`;
    return all(
      ...['norm1', 'norm2'].map((part) =>
        all(linear(`${name}.${part}.linear`, 6 * width, timeWidth), norm(`${name}.${part}.norm`, width)),
      ),
      ...['to_q', 'to_k', 'to_v', 'to_out.0'].map((part) => linear(`${name}.attn1.${part}`, width, width)),
      ...['norm_q', 'norm_k'].map((part) => norm(`${name}.attn1.${part}`, headDim)),
      linear(`${name}.ff.net.0.proj`, 4 * width, width),
      linear(`${name}.ff.net.2`, width, 4 * width),
    );
  };
  return {
    config: {
      _class_name: 'CogVideoXTransformer3DModel',
      attention_head_dim: headDim,
      num_attention_heads: heads,
      num_layers: layers,
      in_channels: channels,
      out_channels: channels,
      text_embed_dim: textHiddenSize,
      time_embed_dim: timeWidth,
      max_text_seq_length: textTokens,
      ...(frameScale === undefined ? {} : { temporal_compression_ratio: frameScale }),
      patch_size: 2,
      patch_size_t: isSpanning ? 2 : null,
      patch_bias: !isSpanning,
      sample_frames: 5,
      sample_height: 4,
      sample_width: 6,
      use_rotary_positional_embeddings: form !== 'sincos',
    },
    shapes: all(
      isSpanning
        ? linear('patch_embed.proj', width, channels * cells)
        : convolution('patch_embed.proj', width, channels, 2),
      linear('patch_embed.text_proj', width, textHiddenSize),
      linear('time_embedding.linear_1', timeWidth, width),
      linear('time_embedding.linear_2', timeWidth, timeWidth),
      times(layers, block),
      norm('norm_final', width),
      linear('norm_out.linear', 2 * width, timeWidth),
      norm('norm_out.norm', width),
      linear('proj_out', channels * cells, width),
    ),
  };
}

/** `dev`'s form, or `schnell`'s, which is told no guidance scale. */
export function tinyFlux(
  options: {
    readonly guided?: boolean;
    readonly layers?: number;
    readonly singleLayers?: number;
    readonly textHiddenSize?: number;
    readonly pooledWidth?: number;
    readonly heads?: number;
    /** Channels of a head that turn by index, row and column. */
    readonly axes?: readonly [number, number, number];
    /** Of the latent. */
    readonly channels?: number;
  } = {},
): TinyNetwork {
  const { guided = true, layers = 2, singleLayers = 2, textHiddenSize = 12, pooledWidth = 10 } = options;
  const { heads = 2, axes = [2, 4, 6], channels = 4 } = options;
  const headDim = axes.reduce((sum, count) => sum + count, 0);
  const width = heads * headDim;
  const embedder = (name: string, into: number): Shapes =>
    all(
      linear(`time_text_embed.${name}.linear_1`, width, into),
      linear(`time_text_embed.${name}.linear_2`, width, width),
    );
  const attention = (name: string, projections: readonly string[], norms: readonly string[]): Shapes =>
    all(
      ...projections.map((part) => linear(`${name}.attn.${part}`, width, width)),
      ...norms.map((part) => ({ [`${name}.attn.${part}.weight`]: [headDim] })),
    );
  const feedForward = (name: string): Shapes =>
    all(linear(`${name}.net.0.proj`, 4 * width, width), linear(`${name}.net.2`, width, 4 * width));
  const double = (index: number): Shapes => {
    const name = `transformer_blocks.${index}`;
    return all(
      linear(`${name}.norm1.linear`, 6 * width, width),
      linear(`${name}.norm1_context.linear`, 6 * width, width),
      attention(
        name,
        ['to_q', 'to_k', 'to_v', 'to_out.0', 'add_q_proj', 'add_k_proj', 'add_v_proj', 'to_add_out'],
        ['norm_q', 'norm_k', 'norm_added_q', 'norm_added_k'],
      ),
      feedForward(`${name}.ff`),
      feedForward(`${name}.ff_context`),
    );
  };
  const single = (index: number): Shapes => {
    const name = `single_transformer_blocks.${index}`;
    return all(
      linear(`${name}.norm.linear`, 3 * width, width),
      attention(name, ['to_q', 'to_k', 'to_v'], ['norm_q', 'norm_k']),
      linear(`${name}.proj_mlp`, 4 * width, width),
      linear(`${name}.proj_out`, width, 5 * width),
    );
  };
  return {
    config: {
      _class_name: 'FluxTransformer2DModel',
      attention_head_dim: headDim,
      num_attention_heads: heads,
      num_layers: layers,
      num_single_layers: singleLayers,
      joint_attention_dim: textHiddenSize,
      pooled_projection_dim: pooledWidth,
      in_channels: 4 * channels,
      out_channels: null,
      patch_size: 1,
      axes_dims_rope: axes,
      guidance_embeds: guided,
    },
    shapes: all(
      linear('x_embedder', width, 4 * channels),
      linear('context_embedder', width, textHiddenSize),
      embedder('timestep_embedder', 256),
      embedder('text_embedder', pooledWidth),
      guided ? embedder('guidance_embedder', 256) : {},
      times(layers, double),
      times(singleLayers, single),
      linear('norm_out.linear', 2 * width, width),
      linear('proj_out', 4 * channels, width),
    ),
  };
}

/** Two resolutions; with the 1x1 convolutions around the latent, which SD3's own leaves out. */
export function tinyAutoencoder(options: { readonly attends?: boolean } = {}): TinyNetwork {
  const { attends = true } = options;
  const [widths, latent] = [[8, 16] as const, 4];
  const deepest = widths[1];
  const resnet = (name: string, into: number, out: number): Shapes =>
    all(
      norm(`${name}.norm1`, into),
      convolution(`${name}.conv1`, out, into, 3),
      norm(`${name}.norm2`, out),
      convolution(`${name}.conv2`, out, out, 3),
      into === out ? {} : convolution(`${name}.conv_shortcut`, out, into, 1),
    );
  const middle = (half: string): Shapes =>
    all(
      resnet(`${half}.mid_block.resnets.0`, deepest, deepest),
      resnet(`${half}.mid_block.resnets.1`, deepest, deepest),
      attends ? norm(`${half}.mid_block.attentions.0.group_norm`, deepest) : {},
      ...(attends ? ['to_q', 'to_k', 'to_v', 'to_out.0'] : []).map((part) =>
        linear(`${half}.mid_block.attentions.0.${part}`, deepest, deepest),
      ),
    );
  return {
    config: {
      _class_name: 'AutoencoderKL',
      block_out_channels: widths,
      down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'],
      up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D'],
      latent_channels: latent,
      layers_per_block: 1,
      norm_num_groups: 4,
      mid_block_add_attention: attends,
    },
    shapes: all(
      convolution('encoder.conv_in', widths[0], 3, 3),
      resnet('encoder.down_blocks.0.resnets.0', widths[0], widths[0]),
      convolution('encoder.down_blocks.0.downsamplers.0.conv', widths[0], widths[0], 3),
      resnet('encoder.down_blocks.1.resnets.0', widths[0], widths[1]),
      middle('encoder'),
      norm('encoder.conv_norm_out', deepest),
      convolution('encoder.conv_out', 2 * latent, deepest, 3),
      convolution('quant_conv', 2 * latent, 2 * latent, 1),
      convolution('post_quant_conv', latent, latent, 1),
      convolution('decoder.conv_in', deepest, latent, 3),
      middle('decoder'),
      times(2, (i) => resnet(`decoder.up_blocks.0.resnets.${i}`, deepest, deepest)),
      convolution('decoder.up_blocks.0.upsamplers.0.conv', deepest, deepest, 3),
      resnet('decoder.up_blocks.1.resnets.0', deepest, widths[0]),
      resnet('decoder.up_blocks.1.resnets.1', widths[0], widths[0]),
      norm('decoder.conv_norm_out', widths[0]),
      convolution('decoder.conv_out', 3, widths[0], 3),
    ),
  };
}

/** Two resolutions, the time halved once; with the convolutions around the latent, which published ones leave out. */
export function tinyVideoAutoencoder(): TinyNetwork {
  const [widths, latent] = [[8, 16] as const, 4];
  const deepest = widths[1];
  const volume = (name: string, out: number, into: number, kernel: number): Shapes => ({
    [`${name}.weight`]: [out, into, kernel, kernel, kernel],
    [`${name}.bias`]: [out],
  });
  const spatialNorm = (name: string, width: number): Shapes =>
    all(
      norm(`${name}.norm_layer`, width),
      volume(`${name}.conv_y.conv`, width, latent, 1),
      volume(`${name}.conv_b.conv`, width, latent, 1),
    );
  const resnet = (name: string, into: number, out: number): Shapes => {
    const ownNorm = name.startsWith('decoder.') ? spatialNorm : norm;
    return all(
      ownNorm(`${name}.norm1`, into),
      volume(`${name}.conv1.conv`, out, into, 3),
      ownNorm(`${name}.norm2`, out),
      volume(`${name}.conv2.conv`, out, out, 3),
      into === out ? {} : volume(`${name}.conv_shortcut`, out, into, 1),
    );
  };
  const middle = (half: string) => times(2, (i) => resnet(`${half}.mid_block.resnets.${i}`, deepest, deepest));
  return {
    config: {
      _class_name: 'AutoencoderKLCogVideoX',
      block_out_channels: widths,
      down_block_types: ['CogVideoXDownBlock3D', 'CogVideoXDownBlock3D'],
      up_block_types: ['CogVideoXUpBlock3D', 'CogVideoXUpBlock3D'],
      latent_channels: latent,
      layers_per_block: 1,
      norm_num_groups: 4,
      temporal_compression_ratio: 2,
      use_quant_conv: true,
      use_post_quant_conv: true,
    },
    shapes: all(
      volume('encoder.conv_in.conv', widths[0], 3, 3),
      resnet('encoder.down_blocks.0.resnets.0', widths[0], widths[0]),
      convolution('encoder.down_blocks.0.downsamplers.0.conv', widths[0], widths[0], 3),
      resnet('encoder.down_blocks.1.resnets.0', widths[0], deepest),
      middle('encoder'),
      norm('encoder.norm_out', deepest),
      volume('encoder.conv_out.conv', 2 * latent, deepest, 3),
      volume('quant_conv', 2 * latent, 2 * latent, 1),
      volume('post_quant_conv', latent, latent, 1),
      volume('decoder.conv_in.conv', deepest, latent, 3),
      middle('decoder'),
      times(2, (i) => resnet(`decoder.up_blocks.0.resnets.${i}`, deepest, deepest)),
      convolution('decoder.up_blocks.0.upsamplers.0.conv', deepest, deepest, 3),
      resnet('decoder.up_blocks.1.resnets.0', deepest, widths[0]),
      resnet('decoder.up_blocks.1.resnets.1', widths[0], widths[0]),
      spatialNorm('decoder.norm_out', widths[0]),
      volume('decoder.conv_out.conv', 3, widths[0], 3),
    ),
  };
}

export function tinyClip(options: { readonly eosTokenId?: number; readonly projects?: boolean } = {}): TinyNetwork {
  const { eosTokenId = 2, projects = true } = options;
  const [width, inner, layers] = [16, 24, 2];
  const layer = (index: number): Shapes => {
    const name = `text_model.encoder.layers.${index}`;
    return all(
      ...['q_proj', 'k_proj', 'v_proj', 'out_proj'].map((part) => linear(`${name}.self_attn.${part}`, width, width)),
      norm(`${name}.layer_norm1`, width),
      linear(`${name}.mlp.fc1`, inner, width),
      linear(`${name}.mlp.fc2`, width, inner),
      norm(`${name}.layer_norm2`, width),
    );
  };
  return {
    config: {
      architectures: [projects ? 'CLIPTextModelWithProjection' : 'CLIPTextModel'],
      hidden_size: width,
      intermediate_size: inner,
      num_hidden_layers: layers,
      num_attention_heads: 2,
      max_position_embeddings: 9,
      vocab_size: 20,
      projection_dim: 6,
      hidden_act: 'quick_gelu',
      eos_token_id: eosTokenId,
    },
    shapes: all(
      { 'text_model.embeddings.token_embedding.weight': [20, width] },
      { 'text_model.embeddings.position_embedding.weight': [9, width] },
      times(layers, layer),
      norm('text_model.final_layer_norm', width),
      projects ? { 'text_projection.weight': [6, width] } : {},
    ),
  };
}

export function tinyT5(
  options: { readonly gated?: boolean; readonly table?: string; readonly width?: number } = {},
): TinyNetwork {
  const { gated = true, table = 'shared.weight', width = 16 } = options;
  const [heads, headDim, inner] = [2, 6, 20];
  const block = (index: number): Shapes => {
    const attention = `encoder.block.${index}.layer.0`;
    const feedForward = `encoder.block.${index}.layer.1`;
    const dense = `${feedForward}.DenseReluDense`;
    const wide = heads * headDim;
    return {
      ...Object.fromEntries(
        ['q', 'k', 'v'].map((part) => [`${attention}.SelfAttention.${part}.weight`, [wide, width]]),
      ),
      [`${attention}.SelfAttention.o.weight`]: [width, wide],
      [`${attention}.layer_norm.weight`]: [width],
      ...Object.fromEntries(
        (gated ? ['wi_0', 'wi_1'] : ['wi']).map((part) => [`${dense}.${part}.weight`, [inner, width]]),
      ),
      [`${dense}.wo.weight`]: [width, inner],
      [`${feedForward}.layer_norm.weight`]: [width],
    };
  };
  return {
    config: {
      architectures: ['T5EncoderModel'],
      d_model: width,
      d_kv: headDim,
      d_ff: inner,
      num_layers: 2,
      num_heads: heads,
      vocab_size: 20,
      feed_forward_proj: gated ? 'gated-gelu' : 'relu',
    },
    shapes: all(
      { [table]: [20, width] },
      { 'encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight': [32, heads] },
      times(2, block),
      { 'encoder.final_layer_norm.weight': [width] },
    ),
  };
}
