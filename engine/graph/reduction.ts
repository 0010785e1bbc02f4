import { LayoutOps } from './layout.ts';
import { axisOf, extentOf, floats, reduced, require, sameShape, show } from './shapes.ts';
import type { Value } from './values.ts';

/** Reductions, softmax and the norms. */
export class ReductionOps extends LayoutOps {
  reduceMean(x: Value, axes: readonly number[], keepDims: boolean): Value {
    return this.#reduce('ReduceMean', x, axes, keepDims);
  }
  reduceSum(x: Value, axes: readonly number[], keepDims: boolean): Value {
    return this.#reduce('ReduceSum', x, axes, keepDims);
  }
  reduceMax(x: Value, axes: readonly number[], keepDims: boolean): Value {
    return this.#reduce('ReduceMax', x, axes, keepDims);
  }

  softmax(x: Value, axis: number): Value {
    return this.node(
      'Softmax',
      [x],
      () => {
        axisOf(axis, x.shape.length);
        return { type: floats(x), shape: x.shape };
      },
      { axis: { int: axis } },
    );
  }

  /** (x - mean) / sqrt(variance + epsilon) over the axes from `axis` on, then times scale, plus bias (both of the normed shape). */
  layerNorm(x: Value, options: { scale?: Value; bias?: Value; epsilon: number; axis?: number }): Value {
    const { epsilon, axis = -1 } = options;
    const normed = this.check('LayerNormalization', [x], () => x.shape.slice(axisOf(axis, x.shape.length)));
    const length = normed.reduce((product, extent) => product * extent, 1);
    const scale = options.scale ?? this.reshape(this.filled(1, length), normed);
    const operands = options.bias === undefined ? [x, scale] : [x, scale, options.bias];
    return this.node(
      'LayerNormalization',
      operands,
      () => {
        for (const affine of operands.slice(1)) {
          require(sameShape(affine.shape, normed), `scale and bias must be ${show(normed)}`);
        }
        return { type: floats(...operands), shape: x.shape };
      },
      { axis: { int: axis }, epsilon: { float: epsilon } },
    );
  }

  /** x / sqrt(mean(x^2) + epsilon) * weight over the last axis: torch's RMSNorm, T5's LayerNorm. */
  rmsNorm(x: Value, weight: Value, epsilon: number): Value {
    return this.node(
      'SimplifiedLayerNormalization',
      [x, weight],
      () => {
        require(sameShape(weight.shape, [extentOf(x.shape, -1)]), `the weight must be [${extentOf(x.shape, -1)}]`);
        return { type: floats(x, weight), shape: x.shape };
      },
      { axis: { int: -1 }, epsilon: { float: epsilon } },
    );
  }

  /**
   * x: [B,C,...]; normed over each of `groups` runs of channels, then times weight [C], plus bias [C]. By InstanceNormalization over
   * the groups: at 128 x 256 x 256 two thirds of the time of LayerNormalization, half of that of ONNX's own GroupNormalization.
   */
  groupNorm(x: Value, groups: number, weight: Value, bias: Value, epsilon: number): Value {
    const operands = [x, weight, bias];
    const [batch, channels] = this.check('GroupNorm', operands, () => {
      floats(...operands);
      require(x.shape.length >= 3, 'the image needs three axes or more');
      const along = extentOf(x.shape, 1);
      require(along % groups === 0, `${along} channels do not divide into ${groups} groups`);
      require(sameShape(weight.shape, [along]) && sameShape(bias.shape, [along]), `the affine must be [${along}]`);
      return [extentOf(x.shape, 0), along];
    });
    const flat = this.reshape(x, [batch ?? 0, groups, -1]);
    const normed = this.node(
      'InstanceNormalization',
      [flat, this.filled(1, groups), this.filled(0, groups)],
      () => ({ type: 'float32', shape: flat.shape }),
      { epsilon: { float: epsilon } },
    );
    const perChannel = [channels ?? 0, ...new Array<number>(x.shape.length - 2).fill(1)];
    const scaled = this.mul(this.reshape(normed, x.shape), this.reshape(weight, perChannel));
    return this.add(scaled, this.reshape(bias, perChannel));
  }

  #reduce(op: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
    return this.node(
      op,
      [x, this.indices(axes)],
      () => ({ type: floats(x), shape: reduced(x.shape, axes, keepDims) }),
      { keepdims: { int: keepDims ? 1 : 0 } },
    );
  }
}
