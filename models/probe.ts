import { floatTensor, type Tensor } from '../engine/base/tensor.ts';
import { GraphBuilder, type Value } from '../engine/graph/builder.ts';
import type { EncodedModel } from '../engine/ports.ts';

/** A graph that shows whether something computes what the networks need, and how fast. */
export interface ProviderProbe {
  /** Encoded ONNX ModelProto, weights inside. */
  readonly model: EncodedModel;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

const TOKENS = 64;
const HEADS = 4;
/** Software WebGPU gives wrong attention from 32 on where queries, keys and values have one head size (onnxruntime 1.30). */
const HEAD_SIZE = 32;
const WIDTH = HEADS * HEAD_SIZE;
/** Further value columns, as captures add them to the fused kernel. */
const EXTRA = 4;

/**
 * One block of a transformer of the embedded model's width and a convolution of a decoder, each with an output of its own: `block`
 * (layer norm, projections, fused attention, GELU feed-forward, RMS norm: [1, 64, 128]), `captured` (attention whose values are wider than its
 * queries, as captures read it: [1, 64, 144]), `picture` (group norm, SiLU, 3x3 convolution: [1, 32, 8, 8]). Weights are sines, the same
 * everywhere; values of about 1.
 */
export function providerProbe(): ProviderProbe {
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', [1, TOKENS, WIDTH]);
  let seed = 0;
  const constant = (shape: readonly number[], scale: number, offset = 0): Value => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    return g.constant('float32', shape, waves(size, ++seed, scale, offset));
  };
  const linear = (input: Value, into: number, out: number) =>
    g.linear(input, constant([out, into], Math.sqrt(2 / into)), constant([out], 0.1));
  const norm = g.layerNorm(x, { scale: constant([WIDTH], 0.1, 1), bias: constant([WIDTH], 0.1), epsilon: 1e-6 });
  const [q, k, v] = [linear(norm, WIDTH, WIDTH), linear(norm, WIDTH, WIDTH), linear(norm, WIDTH, WIDTH)];
  const scale = 1 / Math.sqrt(HEAD_SIZE);
  const attended = g.add(x, linear(g.multiHeadAttention(q, k, v, { heads: HEADS, scale }), WIDTH, WIDTH));
  const fed = linear(g.gelu(linear(attended, WIDTH, 2 * WIDTH), 'tanh'), 2 * WIDTH, WIDTH);
  g.output('block', g.rmsNorm(g.add(attended, fed), constant([WIDTH], 0.1, 1), 1e-6));

  const wide = linear(norm, WIDTH, HEADS * (HEAD_SIZE + EXTRA));
  g.output('captured', g.multiHeadAttention(q, k, wide, { heads: HEADS, scale }));

  const channels = 32;
  const image = g.reshape(g.slice(norm, 1, 0, 16), [1, channels, 8, 8]);
  const soft = g.silu(g.groupNorm(image, 8, constant([channels], 0.1, 1), constant([channels], 0.1), 1e-6));
  const kernel = constant([channels, channels, 3, 3], Math.sqrt(2 / (9 * channels)));
  g.output('picture', g.conv2d(soft, kernel, constant([channels], 0.1), { stride: 1, pads: [1, 1, 1, 1] }));
  return { model: g.build(), feeds: { x: floatTensor(waves(TOKENS * WIDTH, 0, 1.4, 0), [1, TOKENS, WIDTH]) } };
}

/** Sines of quadratic phase: no two rows alike, no random numbers. */
function waves(size: number, seed: number, scale: number, offset: number): Float32Array {
  return Float32Array.from(
    { length: size },
    (_, i) => offset + scale * Math.sin((seed + 1) * 0.7 + i * 1.3 + i * i * 0.013),
  );
}
