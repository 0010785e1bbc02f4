import { GraphCore } from './core.ts';
import { broadcast, floats, require, sameShape, sameType, typed } from './shapes.ts';
import { type ElementType, elementTypes, type Value } from './values.ts';

export type GeluKind = 'erf' | 'tanh' | 'quick';

/** Operators that act on each element by itself; two operands broadcast as in numpy. */
export class ElementwiseOps extends GraphCore {
  add(a: Value, b: Value): Value {
    return this.#arithmetic('Add', a, b);
  }
  sub(a: Value, b: Value): Value {
    return this.#arithmetic('Sub', a, b);
  }
  mul(a: Value, b: Value): Value {
    return this.#arithmetic('Mul', a, b);
  }
  div(a: Value, b: Value): Value {
    return this.#arithmetic('Div', a, b);
  }
  pow(a: Value, b: Value): Value {
    return this.#arithmetic('Pow', a, b);
  }
  min(a: Value, b: Value): Value {
    return this.#arithmetic('Min', a, b);
  }
  max(a: Value, b: Value): Value {
    return this.#arithmetic('Max', a, b);
  }

  neg(x: Value): Value {
    return this.#float('Neg', x);
  }
  sqrt(x: Value): Value {
    return this.#float('Sqrt', x);
  }
  exp(x: Value): Value {
    return this.#float('Exp', x);
  }
  log(x: Value): Value {
    return this.#float('Log', x);
  }
  sin(x: Value): Value {
    return this.#float('Sin', x);
  }
  cos(x: Value): Value {
    return this.#float('Cos', x);
  }
  tanh(x: Value): Value {
    return this.#float('Tanh', x);
  }
  erf(x: Value): Value {
    return this.#float('Erf', x);
  }
  sigmoid(x: Value): Value {
    return this.#float('Sigmoid', x);
  }
  reciprocal(x: Value): Value {
    return this.#float('Reciprocal', x);
  }

  /** bool: where a equals b. */
  equal(a: Value, b: Value): Value {
    return this.node('Equal', [a, b], () => {
      sameType(a, b);
      return { type: 'bool', shape: broadcast(a.shape, b.shape) };
    });
  }

  /** a where `condition` holds, else b. */
  where(condition: Value, a: Value, b: Value): Value {
    return this.node('Where', [condition, a, b], () => {
      typed(condition, 'bool');
      return { type: sameType(a, b), shape: broadcast(condition.shape, a.shape, b.shape) };
    });
  }

  cast(x: Value, type: ElementType): Value {
    if (x.type === type) return x;
    return this.node('Cast', [x], () => ({ type, shape: x.shape }), { to: { int: elementTypes[type].onnx } });
  }

  /** `erf`: exact; `tanh`: GPT-2's approximation, torch's `approximate='tanh'`; `quick`: x * sigmoid(1.702 x), as in CLIP. */
  gelu(x: Value, kind: GeluKind): Value {
    if (kind === 'quick') return this.#swish(x, 1.702);
    const approximate = { text: kind === 'tanh' ? 'tanh' : 'none' };
    return this.node('Gelu', [x], () => ({ type: floats(x), shape: x.shape }), { approximate });
  }

  /** x * sigmoid(x). */
  silu(x: Value): Value {
    return this.#swish(x, 1);
  }

  /** x above zero, `slope` * x below; the slope broadcasts to x. */
  prelu(x: Value, slope: Value): Value {
    return this.node('PRelu', [x, slope], () => {
      require(sameShape(broadcast(x.shape, slope.shape), x.shape), 'the slope does not broadcast to x');
      return { type: floats(x, slope), shape: x.shape };
    });
  }

  #swish(x: Value, alpha: number): Value {
    const info = () => ({ type: floats(x), shape: x.shape });
    return this.node('QuickGelu', [x], info, { alpha: { float: alpha } }, 'com.microsoft');
  }

  #float(op: string, x: Value): Value {
    return this.node(op, [x], () => ({ type: floats(x), shape: x.shape }));
  }

  #arithmetic(op: string, a: Value, b: Value): Value {
    return this.node(op, [a, b], () => {
      typed(a, 'float32', 'int64', 'int32');
      return { type: sameType(a, b), shape: sameShape(a.shape, b.shape) ? a.shape : broadcast(a.shape, b.shape) };
    });
  }
}
