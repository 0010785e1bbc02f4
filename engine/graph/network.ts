import { ReductionOps } from './reduction.ts';
import { attended, convolved, extentOf, floats, matmulShape, require, sameShape } from './shapes.ts';
import type { Value } from './values.ts';

/** The operators that hold nearly all of a network's arithmetic. */
export class NetworkOps extends ReductionOps {
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
    const operands = b === undefined ? [x, w] : [x, w, b];
    return this.node(
      'Conv',
      operands,
      () => {
        const shape = convolved(x.shape, w.shape, stride, pads);
        require(b === undefined || sameShape(b.shape, [extentOf(w.shape, 0)]), 'the bias does not fit the kernel');
        return { type: floats(...operands), shape };
      },
      { kernel_shape: { ints: w.shape.slice(2) }, strides: { ints: [stride, stride] }, pads: { ints: pads } },
    );
  }

  /** [B,C,H,W] -> [B,C,2H,2W], every cell four times. */
  resizeNearest2x(x: Value): Value {
    const [batch, channels, height, width] = this.check('Resize', [x], () => {
      require(x.shape.length === 4, 'the image needs four axes');
      return [extentOf(x.shape, 0), extentOf(x.shape, 1), extentOf(x.shape, 2), extentOf(x.shape, 3)] as const;
    });
    const cells = this.reshape(x, [batch, channels, height, 1, width, 1]);
    return this.reshape(this.expand(cells, [batch, channels, height, 2, width, 2]), [
      batch,
      channels,
      2 * height,
      2 * width,
    ]);
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
}
