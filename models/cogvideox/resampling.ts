import type { GraphBuilder, Value } from '../../engine/graph/builder.ts';
import type { Layers } from '../layers/layers.ts';
import { frameConvolution } from './causal.ts';

/** How videos [B, C, F, h, w] shrink and grow in the coders of CogVideoX. An odd number of frames keeps its first one apart. */

/** `CogVideoXDownsample3D`: pairs of frames become their mean if `time`; then each frame half as high and wide. */
export function downsampled(net: Layers, name: string, x: Value, time: boolean): Value {
  // One row below and one column right: the reference's stride-2 convolution is not centred.
  const shape = { out: x.shape[1] ?? 0, stride: 2, pads: [0, 0, 0, 0, 1, 1] };
  return frameConvolution(net, `${name}.conv`, time ? pairMeans(net.g, x) : x, shape);
}

/**
 * `CogVideoXUpsample3D`: each frame twice as high and wide, and twice as many if `time`. Frames are doubled after the convolution, which
 * treats each by itself.
 */
export function upsampled(net: Layers, name: string, x: Value, time: boolean): Value {
  const { g } = net;
  const [, channels = 0, frames = 0] = x.shape;
  const shape = { out: channels, stride: 1, pads: [0, 1, 1, 0, 1, 1] };
  const grown = frameConvolution(net, `${name}.conv`, resizedFrames(g, x, 2), shape);
  if (!time || frames === 1) return grown;
  return framesAt(g, grown, stretched(frames, frames % 2 === 1 ? 2 * frames - 1 : 2 * frames));
}

/** Every frame `factor` times as high and wide. */
export function resizedFrames(g: GraphBuilder, x: Value, factor: number): Value {
  const [batch = 0, channels = 0, frames = 0, height = 0, width = 0] = x.shape;
  const planes = g.resizeNearest(g.reshape(x, [batch, channels * frames, height, width]), factor);
  return g.reshape(planes, [batch, channels, frames, factor * height, factor * width]);
}

/** Frames at the given places. */
export function framesAt(g: GraphBuilder, x: Value, places: readonly number[]): Value {
  const same = places.length === x.shape[2] && places.every((place, i) => place === i);
  return same ? x : g.gather(x, g.constant('int64', [places.length], places), 2);
}

/** Which of `from` frames stands at each of `to` (nearest): an odd `to` above 1 takes the first frame apart. */
export function stretched(from: number, to: number): readonly number[] {
  const apart = to > 1 && to % 2 === 1 ? 1 : 0;
  return Array.from({ length: to }, (_, i) =>
    i < apart ? 0 : apart + Math.floor(((i - apart) * (from - apart)) / (to - apart)),
  );
}

function pairMeans(g: GraphBuilder, x: Value): Value {
  const [batch = 0, channels = 0, frames = 0, height = 0, width = 0] = x.shape;
  if (frames === 1) return x;
  const apart = frames % 2;
  const pairs = g.reshape(g.slice(x, 2, apart, frames), [batch, channels, (frames - apart) / 2, 2, height, width]);
  const means = g.reduceMean(pairs, [3], false);
  return apart === 0 ? means : g.concat([g.slice(x, 2, 0, 1), means], 2);
}
