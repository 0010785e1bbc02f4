import type { WeightRef } from '../checkpoint/weights.ts';
import { ReductionOps } from './reduction.ts';
import { attended, convolved, extentOf, floats, matmulShape, require, sameShape, show, typed } from './shapes.ts';
import type { Value } from './values.ts';

/** The operators that meet weights: they hold nearly all of a network's arithmetic. */
export class NetworkOps extends ReductionOps {
  /**
   * Rows of a float table of the checkpoint at `index`, as float32. Picked first and widened then: a vocabulary of 16 bits (a third
   * of T5's file) is neither widened whole nor touched beyond the words in use.
   */
  embedding(table: WeightRef, index: Value): Value {
    const rows = this.gather(this.stored(table, table.shape), index, 0);
    this.check('Embedding', [rows], () => typed(rows, 'float32', 'float16', 'bfloat16'));
    return this.cast(rows, 'float32');
  }

  /** [..., m, k] x [..., k, n]; leading axes broadcast. For weights use `linear`. */
  matmul(a: Value, b: Value): Value {
    return this.node('MatMul', [a, b], () => ({ type: floats(a, b), shape: matmulShape(a.shape, b.shape) }));
  }

  /**
   * x [..., in] -> [..., out] with w [out, in] and b [out]: torch's nn.Linear. A Gemm that reads w as it lies in the file; a
   * Transpose before a MatMul would be folded into a second copy of the weight.
   */
  linear(x: Value, w: Value, b?: Value): Value {
    const operands = b === undefined ? [x, w] : [x, w, b];
    const [inputs, outputs] = this.check('Linear', operands, () => {
      floats(...operands);
      require(x.shape.length >= 1 && w.shape.length === 2, 'w must be [out, in]');
      const [out = 0, into = 0] = w.shape;
      require(extentOf(x.shape, -1) === into, `${extentOf(x.shape, -1)} features meet ${into} columns`);
      require(b === undefined || sameShape(b.shape, [out]), `the bias must be [${out}]`);
      return [into, out] as const;
    });
    const rows = x.shape.slice(0, -1);
    const count = rows.reduce((product, extent) => product * extent, 1);
    const flat = this.reshape(x, [count, inputs]);
    const gemm = b === undefined ? [flat, w] : [flat, w, b];
    const result = this.node('Gemm', gemm, () => ({ type: 'float32', shape: [count, outputs] }), {
      transB: { int: 1 },
    });
    return this.reshape(result, [...rows, outputs]);
  }

  /** x [B,C,H,W], w [O,C,kh,kw], b [O]. `pads`: top, left, bottom, right. */
  conv2d(x: Value, w: Value, b?: Value, options: { stride?: number; pads?: readonly number[] } = {}): Value {
    const { stride = 1, pads = [0, 0, 0, 0] } = options;
    return this.#convolution(2, x, w, b, [stride, stride], pads);
  }

  /** x [B,C,F,H,W], w [O,C,kf,kh,kw], b [O]. `strides`: one an axis; `pads`: front, top, left, back, bottom, right. */
  conv3d(x: Value, w: Value, b: Value, options: { strides?: readonly number[]; pads?: readonly number[] } = {}): Value {
    const { strides = [1, 1, 1], pads = [0, 0, 0, 0, 0, 0] } = options;
    return this.#convolution(3, x, w, b, strides, pads);
  }

  /** [B,C,H,W] -> [B,C,f H,f W], every cell f * f times. A quarter of the time of reshape, expand, reshape. */
  resizeNearest(x: Value, factor: number): Value {
    if (factor === 1) return x;
    const noRegion = this.constant('float32', [0], []);
    const scales = this.constant('float32', [4], [1, 1, factor, factor]);
    return this.node(
      'Resize',
      [x, noRegion, scales],
      () => {
        require(x.shape.length === 4, 'the image needs four axes');
        require(Number.isInteger(factor) && factor > 0, `${factor} is no factor`);
        const [batch = 0, channels = 0, height = 0, width = 0] = x.shape;
        return { type: floats(x), shape: [batch, channels, factor * height, factor * width] };
      },
      {
        mode: { text: 'nearest' },
        coordinate_transformation_mode: { text: 'asymmetric' },
        nearest_mode: { text: 'floor' },
      },
    );
  }

  /**
   * Turns the adjacent pairs (2i, 2i+1) of every head: x cos + (-x_2i+1, x_2i) sin. x [B,S,H*D]; cos, sin [S,D/2], one row a token and one
   * entry a pair.
   */
  rotatePairs(x: Value, cos: Value, sin: Value, heads: number): Value {
    const first = this.constant('int64', [1], [0]);
    return this.node(
      'RotaryEmbedding',
      [x, first, cos, sin],
      () => {
        require(x.shape.length === 3, 'the operand needs three axes [batch, tokens, heads * size]');
        const [, tokens = 0, width = 0] = x.shape;
        require(Number.isInteger(heads) &&
          heads > 0 &&
          width % (2 * heads) === 0, `${width} has no pairs in ${heads} heads`);
        const table = [tokens, width / heads / 2];
        require(sameShape(cos.shape, table) && sameShape(sin.shape, table), `the tables must be ${show(table)}`);
        return { type: floats(x, cos, sin), shape: x.shape };
      },
      { interleaved: { int: 1 }, num_heads: { int: heads } },
      'com.microsoft',
    );
  }

  /**
   * softmax(scale q k^T) v in every head, on the runtime's fused kernel, which never writes the scores out. q [B,S,H*D],
   * k [B,L,H*D], v [B,L,H*E] -> [B,S,H*E]; E may differ from D. No bias, no mask, no further outputs: any of them leaves the flash
   * kernel of the CPU provider.
   */
  multiHeadAttention(q: Value, k: Value, v: Value, options: { heads: number; scale: number }): Value {
    const { heads, scale } = options;
    return this.node(
      'MultiHeadAttention',
      [q, k, v],
      () => ({ type: floats(q, k, v), shape: attended(q.shape, k.shape, v.shape, heads) }),
      { num_heads: { int: heads }, scale: { float: scale } },
      'com.microsoft',
    );
  }

  #convolution(
    axes: 2 | 3,
    x: Value,
    w: Value,
    b: Value | undefined,
    strides: readonly number[],
    pads: readonly number[],
  ): Value {
    const operands = b === undefined ? [x, w] : [x, w, b];
    return this.node(
      'Conv',
      operands,
      () => {
        const shape = convolved(x.shape, w.shape, axes, strides, pads);
        require(b === undefined || sameShape(b.shape, [extentOf(w.shape, 0)]), 'the bias does not fit the kernel');
        return { type: floats(...operands), shape };
      },
      { kernel_shape: { ints: w.shape.slice(2) }, strides: { ints: strides }, pads: { ints: pads } },
    );
  }
}
