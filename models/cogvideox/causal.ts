import type { FrameSizes } from '../../engine/family.ts';
import type { Value } from '../../engine/graph/builder.ts';
import type { Layers } from '../layers/layers.ts';
import { parameter } from '../layers/parameter.ts';

/** Frames a convolution over time sees at once. */
const KERNEL = 3;
const AROUND = [0, 1, 1, 0, 1, 1] as const;

/**
 * The convolutions over time of one coder and what they carry from batch to batch (`CogVideoXCausalConv3d`): in front of the frames stand
 * two copies of the first one, or the last two that the same convolution saw in the batch before.
 */
export class CausalConvolutions {
  /** The last two frames of every convolution's input, by its name. */
  readonly after = new Map<string, Value>();
  readonly #net: Layers;
  readonly #follows: boolean;

  constructor(net: Layers, { follows }: Pick<FrameSizes, 'follows'>) {
    this.#net = net;
    this.#follows = follows;
  }

  /** x [B, C, F, h, w] -> [B, out, F, h, w] with `name.conv.weight` [out, C, 3, 3, 3]. */
  apply(name: string, x: Value, out: number): Value {
    const { g } = this.#net;
    const [batch = 0, channels = 0, frames = 0, height = 0, width = 0] = x.shape;
    const first = this.#follows ? undefined : g.slice(x, 2, 0, 1);
    const front =
      first === undefined
        ? [g.input(`before.${name}`, 'float32', [batch, channels, KERNEL - 1, height, width])]
        : [first, first];
    const seen = g.concat([...front, x], 2);
    this.after.set(name, g.slice(seen, 2, frames, frames + KERNEL - 1));
    const weight = this.#net.weight(`${name}.conv.weight`, [out, channels, KERNEL, 3, 3]);
    return g.conv3d(seen, weight, this.#net.weight(`${name}.conv.bias`, [out]), { pads: AROUND });
  }
}

/** The plane convolution `name` on each frame: x [B, C, F, h, w] with `name.weight` [out, C, kernel, kernel]. */
export function frameConvolution(
  net: Layers,
  name: string,
  x: Value,
  { out, stride, pads }: { readonly out: number; readonly stride: number; readonly pads: readonly number[] },
): Value {
  const { g } = net;
  const shape = [out, x.shape[1] ?? 0, 3, 3] as const;
  const weight = g.weight(parameter(net.weights, `${name}.weight`, shape), [out, shape[1], 1, 3, 3]);
  return g.conv3d(x, weight, net.weight(`${name}.bias`, [out]), { strides: [1, stride, stride], pads });
}

/** A convolution of one cell of one frame: x [B, C, F, h, w] with `name.weight` [out, C, 1, 1, 1]. */
export function cellConvolution(net: Layers, name: string, x: Value, out: number): Value {
  const { g } = net;
  const [batch = 0, channels = 0, frames = 0, height = 0, width = 0] = x.shape;
  const weight = g.weight(parameter(net.weights, `${name}.weight`, [out, channels, 1, 1, 1]), [out, channels, 1, 1]);
  const flat = g.reshape(x, [batch, channels, frames * height, width]);
  return g.reshape(g.conv2d(flat, weight, net.weight(`${name}.bias`, [out])), [batch, out, frames, height, width]);
}
