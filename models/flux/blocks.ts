import type { AttentionProcessor, AttentionSite } from '../../engine/attention/site.ts';
import type { Probe } from '../../engine/family.ts';
import type { Value } from '../../engine/graph/builder.ts';
import type { Layers } from '../layers/layers.ts';
import { gatedResidual, modulate, modulationChunks } from '../layers/modulation.ts';
import type { RotaryValues } from '../layers/rotary.ts';

/** All LayerNorms and all query/key norms; fixed in the reference's code, absent from configs. */
export const EPSILON = 1e-6;

/** [B, T, D] and [B, I, D]. */
export interface Streams {
  readonly text: Value;
  readonly image: Value;
}

/** Everything the blocks of one build share. */
export interface Pass {
  readonly net: Layers;
  /** Width D of the streams. */
  readonly width: number;
  /** SiLU of the conditioning vector [B, D]. */
  readonly conditioning: Value;
  /** Over text and image tokens. */
  readonly rotary: RotaryValues;
  readonly processor: AttentionProcessor;
}

/** One block: its module path in the checkpoint, and its attention call. */
export interface Block {
  readonly name: string;
  readonly site: AttentionSite;
}

/** `FluxTransformerBlock`: text and image have weights of their own and meet in one attention. */
export function doubleBlock(pass: Pass, { name, site }: Block, streams: Streams, probe: Probe): Streams {
  const image = zeroNorm(pass, `${name}.norm1`, streams.image);
  const text = zeroNorm(pass, `${name}.norm1_context`, streams.text);
  probe('norm1', image.normed);
  const attended = jointAttention(pass, site, { text: text.normed, image: image.normed });
  probe('attn.hidden', attended.image);
  probe('attn.context', attended.text);
  const { g } = pass.net;
  const middle = {
    text: gatedResidual(g, streams.text, text.gate, attended.text),
    image: gatedResidual(g, streams.image, image.gate, attended.image),
  };
  return {
    text: feedForward(pass, `${name}.ff_context`, middle.text, text.mlp),
    image: feedForward(pass, `${name}.ff`, middle.image, image.mlp, (value) => probe('ff', value)),
  };
}

/**
 * `FluxSingleTransformerBlock`: attention and MLP side by side over one sequence [text, image], of one norm and into one projection.
 * x: [B, T + I, D].
 */
export function singleBlock(pass: Pass, { name, site }: Block, x: Value, probe: Probe): Value {
  const { net, width, conditioning } = pass;
  const { g } = net;
  const [shift, scale, gate] = modulationChunks(net, `${name}.norm`, conditioning, 3);
  const normed = modulate(g, g.layerNorm(x, { epsilon: EPSILON }), shift!, scale!);
  probe('norm', normed);
  const attended = pass.processor.attend(g, site, {
    q: turned(pass, site, normalised(pass, site, 'norm_q', net.linear(`${site.id}.to_q`, normed, width))),
    k: turned(pass, site, normalised(pass, site, 'norm_k', net.linear(`${site.id}.to_k`, normed, width))),
    v: net.linear(`${site.id}.to_v`, normed, width),
  });
  probe('attn', attended);
  const inner = g.gelu(net.linear(`${name}.proj_mlp`, normed, 4 * width), 'tanh');
  return gatedResidual(g, x, gate!, net.linear(`${name}.proj_out`, g.concat([attended, inner], 2), width));
}

/** A modulated stream, with the gate of its attention and the shift, scale and gate of its MLP; each chunk [B, 1, D]. */
interface ZeroNorm {
  readonly normed: Value;
  readonly gate: Value;
  readonly mlp: readonly [shift: Value, scale: Value, gate: Value];
}

/** `AdaLayerNormZero`. */
function zeroNorm({ net, conditioning }: Pass, name: string, x: Value): ZeroNorm {
  const [shift, scale, gate, ...mlp] = modulationChunks(net, name, conditioning, 6);
  const normed = modulate(net.g, net.g.layerNorm(x, { epsilon: EPSILON }), shift!, scale!);
  return { normed, gate: gate!, mlp: [mlp[0]!, mlp[1]!, mlp[2]!] };
}

/** Tokens run text first, then image. */
function jointAttention(pass: Pass, site: AttentionSite, { text, image }: Streams): Streams {
  const { net, width } = pass;
  const { g } = net;
  const project = (part: string, x: Value) => net.linear(`${site.id}.${part}`, x, width);
  const joint = (added: string, addedNorm: string, own: string, ownNorm: string) => {
    const parts = [
      normalised(pass, site, addedNorm, project(added, text)),
      normalised(pass, site, ownNorm, project(own, image)),
    ];
    return turned(pass, site, g.concat(parts, 1));
  };
  const attended = pass.processor.attend(g, site, {
    q: joint('add_q_proj', 'norm_added_q', 'to_q', 'norm_q'),
    k: joint('add_k_proj', 'norm_added_k', 'to_k', 'norm_k'),
    v: g.concat([project('add_v_proj', text), project('to_v', image)], 1),
  });
  const [textPart, imagePart] = g.split(attended, 1, [site.tokens.text.length, site.tokens.image.length]);
  return { text: project('to_add_out', textPart!), image: project('to_out.0', imagePart!) };
}

/** Queries or keys [B, T, D] under the RMSNorm of each head. */
function normalised({ net }: Pass, { id, heads, headDim }: AttentionSite, norm: string, x: Value): Value {
  const [batch = 0, tokens = 0] = x.shape;
  const perHead = net.g.reshape(x, [batch, tokens, heads, headDim]);
  return net.g.reshape(net.rmsNorm(`${id}.${norm}`, perHead, EPSILON), x.shape);
}

function turned({ net, rotary }: Pass, { heads }: AttentionSite, x: Value): Value {
  return net.g.rotatePairs(x, rotary.cos, rotary.sin, heads);
}

/** x + gate * FF(norm(x) * (1 + scale) + shift), with tanh-GELU. */
function feedForward(
  { net, width }: Pass,
  name: string,
  x: Value,
  [shift, scale, gate]: ZeroNorm['mlp'],
  seen: (value: Value) => void = () => {},
): Value {
  const { g } = net;
  const normed = modulate(g, g.layerNorm(x, { epsilon: EPSILON }), shift, scale);
  const inner = g.gelu(net.linear(`${name}.net.0.proj`, normed, 4 * width), 'tanh');
  const result = net.linear(`${name}.net.2`, inner, width);
  seen(result);
  return gatedResidual(g, x, gate, result);
}
