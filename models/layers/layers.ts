import type { WeightSource } from '../../engine/checkpoint/weights.ts';
import type { GraphBuilder, Value } from '../../engine/graph/builder.ts';
import { parameter } from './parameter.ts';

export interface ConvolutionShape {
  readonly out: number;
  readonly kernel: number;
  readonly stride?: number;
  /** Top, left, bottom, right. Default 0. */
  readonly pads?: readonly [number, number, number, number];
  /** Default true. */
  readonly bias?: boolean;
}

/**
 * The layers that hold weights, by their module path in the checkpoint. A shape that the graph asks for and the file does not have
 * throws 'checkpoint-malformed', an absent tensor 'checkpoint-incomplete'; both name file and tensor.
 */
export class Layers {
  readonly g: GraphBuilder;
  readonly weights: WeightSource;

  constructor(g: GraphBuilder, weights: WeightSource) {
    this.g = g;
    this.weights = weights;
  }

  /** The tensor `name` of exactly this shape, as float32. */
  weight(name: string, shape: readonly number[]): Value {
    return this.g.weight(parameter(this.weights, name, shape));
  }

  /** x: [..., in] -> [..., out] with `name.weight` [out, in] and, unless told otherwise, `name.bias` [out]. */
  linear(name: string, x: Value, out: number, options: { readonly bias?: boolean } = {}): Value {
    const weight = this.weight(`${name}.weight`, [out, lastExtent(x)]);
    if (options.bias === false) return this.g.linear(x, weight);
    return this.g.linear(x, weight, this.weight(`${name}.bias`, [out]));
  }

  /** Rows of the table `name` [rows, width] at `ids` [...] -> [..., width]. */
  embedding(name: string, rows: number, width: number, ids: Value): Value {
    return this.g.embedding(parameter(this.weights, name, [rows, width]), ids);
  }

  /** Over the last axis, with scale and bias. */
  layerNorm(name: string, x: Value, epsilon: number): Value {
    const width = [lastExtent(x)];
    return this.g.layerNorm(x, {
      scale: this.weight(`${name}.weight`, width),
      bias: this.weight(`${name}.bias`, width),
      epsilon,
    });
  }

  /** Over the last axis: x / sqrt(mean(x^2) + epsilon) * weight; no mean is taken off and there is no bias. */
  rmsNorm(name: string, x: Value, epsilon: number): Value {
    return this.g.rmsNorm(x, this.weight(`${name}.weight`, [lastExtent(x)]), epsilon);
  }

  /** x: [B, C, h, w]. */
  groupNorm(name: string, x: Value, groups: number, epsilon: number): Value {
    const channels = [channelsOf(x)];
    return this.g.groupNorm(
      x,
      groups,
      this.weight(`${name}.weight`, channels),
      this.weight(`${name}.bias`, channels),
      epsilon,
    );
  }

  /** x: [B, in, h, w] -> [B, out, h', w'] with `name.weight` [out, in, kernel, kernel] and, unless told otherwise, `name.bias` [out]. */
  convolution(name: string, x: Value, shape: ConvolutionShape): Value {
    const { out, kernel, stride = 1, pads = [0, 0, 0, 0], bias = true } = shape;
    const weight = this.weight(`${name}.weight`, [out, channelsOf(x), kernel, kernel]);
    return this.g.conv2d(x, weight, bias ? this.weight(`${name}.bias`, [out]) : undefined, { stride, pads });
  }
}

/** Splits [B, T, heads * d] into [B, heads, T, d]. */
export function splitHeads(g: GraphBuilder, x: Value, heads: number): Value {
  const [batch = 0, tokens = 0, width = 0] = x.shape;
  return g.transpose(g.reshape(x, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]);
}

/** Joins [B, heads, T, d] to [B, T, heads * d]. */
export function joinHeads(g: GraphBuilder, x: Value): Value {
  const [batch = 0, heads = 0, tokens = 0, width = 0] = x.shape;
  return g.reshape(g.transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * width]);
}

function lastExtent(x: Value): number {
  return x.shape.at(-1) ?? 0;
}

function channelsOf(x: Value): number {
  return x.shape[1] ?? 0;
}
