import { AttuneError } from '../base/errors.ts';
import type { WeightRef } from '../checkpoint/weights.ts';
import type { Attributes, ConstantRecord, Domain, GraphRecord, NodeRecord, WeightRecord } from './record.ts';
import { Misfit, require, size, valid } from './shapes.ts';
import {
  type ConstantData,
  constantBytes,
  describe,
  type ElementType,
  elementTypes,
  type Shape,
  type Value,
  type ValueInfo,
} from './values.ts';

/** Constants up to this size are shared when equal: shapes, axes, scalars. */
const SHARED_CONSTANT_BYTES = 256;

const weightTypes = { F32: 'float32', F16: 'float16', BF16: 'bfloat16', I64: 'int64' } as const;

/** What holds a graph together: its values, their names and scopes, inputs, outputs, weights, constants, and how a node is added. */
export class GraphCore {
  readonly #inputs: Value[] = [];
  readonly #outputs: { name: string; value: Value }[] = [];
  readonly #nodes: NodeRecord[] = [];
  readonly #casts: NodeRecord[] = [];
  readonly #weights: WeightRecord[] = [];
  readonly #constants: ConstantRecord[] = [];
  readonly #sharedValues = new Map<string, Value>();
  readonly #values = new Set<Value>();
  readonly #names = new Set<string>();
  readonly #scopes: string[] = [];
  #counter = 0;

  /** A run-time input. Inputs stay inputs even if nothing reads them. */
  input(name: string, type: ElementType, shape: Shape): Value {
    return this.check('input', [], () => {
      const value = this.#value(this.#take(name), { type, shape: valid(shape) });
      this.#inputs.push(value);
      return value;
    });
  }

  /** Makes a value fetchable under `name`. */
  output(name: string, value: Value): void {
    this.check('output', [value], () => this.#outputs.push({ name: this.#take(name), value }));
  }

  /**
   * A tensor of a checkpoint, left where it is: the runtime maps it. `shape` reads the same bytes under another shape of equal
   * element count. F16 and BF16 come out widened to float32, so that no operator meets 16 bits (the CPU has no arithmetic for them).
   * Asking twice gives the same value.
   */
  weight(ref: WeightRef, shape: Shape = ref.shape): Value {
    const stored = this.stored(ref, shape);
    if (stored.type !== 'float16' && stored.type !== 'bfloat16') return stored;
    return this.#shared(`widened ${stored.name}`, () => this.#widened(stored));
  }

  /** A tensor stored in the graph itself. Give float16 and bfloat16 as bit patterns. */
  constant(type: ElementType, shape: Shape, data: ConstantData): Value {
    return this.check('constant', [], () => {
      require(data.length === size(valid(shape)), `${data.length} elements for shape [${shape}]`);
      const bytes = constantBytes(type, data);
      const add = (): Value => {
        const value = this.#value(this.#fresh('constant'), { type, shape: [...shape] });
        this.#constants.push({ value, bytes });
        return value;
      };
      if (bytes.length > SHARED_CONSTANT_BYTES) return add();
      return this.#shared(`${type} ${shape} ${bytes}`, add);
    });
  }

  /** A float32 constant without axes. */
  scalar(value: number): Value {
    return this.constant('float32', [], [value]);
  }

  /** Names the nodes that `body` adds, for profiles and errors; scopes nest. */
  scope<T>(name: string, body: () => T): T {
    this.#scopes.push(name);
    try {
      return body();
    } finally {
      this.#scopes.pop();
    }
  }

  /** A tensor of a checkpoint in the type it has there; operators take it only through a Cast. */
  protected stored(ref: WeightRef, shape: Shape): Value {
    return this.#shared(`${ref.dtype} ${ref.offset} ${ref.byteLength} ${shape} ${ref.file}`, () =>
      this.check(`weight ${ref.name}`, [], () => {
        const type = weightTypes[ref.dtype];
        const bytes = size(valid(shape)) * elementTypes[type].bytes;
        require(size(shape) === size(ref.shape), `[${ref.shape}] cannot be read as [${shape}]`);
        require(bytes === ref.byteLength, `${ref.byteLength} bytes for ${ref.dtype}[${shape}]`);
        const stored = this.#value(this.#fresh(ref.name), { type, shape: [...shape] });
        this.#weights.push({ stored, ref });
        return stored;
      }),
    );
  }

  protected indices(values: readonly number[]): Value {
    return this.constant('int64', [values.length], values);
  }

  /** One value repeated along one axis; shared, however long. */
  protected filled(value: number, length: number): Value {
    return this.#shared(`filled ${value} ${length}`, () =>
      this.constant('float32', [length], new Float32Array(length).fill(value)),
    );
  }

  /** Adds a node with one result. `rule` says what the result is, or throws Misfit. */
  protected node(
    op: string,
    operands: readonly Value[],
    rule: () => ValueInfo,
    attributes: Attributes = {},
    domain: Domain = '',
  ): Value {
    const [value] = this.nodes(op, operands, () => [rule()], attributes, domain);
    if (value === undefined) throw new Error('a rule without a result');
    return value;
  }

  /** Adds a node with as many results as the rule says. */
  protected nodes(
    op: string,
    operands: readonly Value[],
    rule: () => readonly ValueInfo[],
    attributes: Attributes = {},
    domain: Domain = '',
  ): readonly Value[] {
    const results = this.check(op, operands, rule);
    const name = this.#fresh([...this.#scopes, op].join('/'));
    const outputs = results.map((info, i) => this.#value(i === 0 ? name : this.#fresh(`${name}.${i}`), info));
    // A list of operands stays its owner's, who may go on with it.
    this.#nodes.push({ name, op, domain, inputs: [...operands], outputs, attributes });
    return outputs;
  }

  /** Runs a shape rule; a Misfit becomes an error that names scope, operator and operands. */
  protected check<T>(op: string, operands: readonly Value[], rule: () => T): T {
    try {
      for (const value of operands) require(this.#values.has(value), `${value.name} belongs to another graph`);
      return rule();
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      const scope = this.#scopes.length > 0 ? `${this.#scopes.join('/')}: ` : '';
      const given = operands.length > 0 ? ` of ${operands.map(describe).join(', ')}` : '';
      throw new AttuneError('graph-invalid', `${scope}${op}${given}: ${error.message}.`, { field: op });
    }
  }

  /** Casts stand first: see `build`. */
  protected record(): GraphRecord {
    return {
      inputs: this.#inputs,
      outputs: this.#outputs,
      weights: this.#weights,
      constants: this.#constants,
      nodes: [...this.#casts, ...this.#nodes],
    };
  }

  #widened(stored: Value): Value {
    const name = this.#fresh(`${stored.name}/widened`);
    const widened = this.#value(name, { type: 'float32', shape: stored.shape });
    const attributes = { to: { int: elementTypes.float32.onnx } };
    this.#casts.push({ name, op: 'Cast', domain: '', inputs: [stored], outputs: [widened], attributes });
    return widened;
  }

  #value(name: string, { type, shape }: ValueInfo): Value {
    const value: Value = { name, type, shape };
    this.#values.add(value);
    return value;
  }

  /** The weight or constant of this key, made once. */
  #shared(key: string, make: () => Value): Value {
    const value = this.#sharedValues.get(key) ?? make();
    this.#sharedValues.set(key, value);
    return value;
  }

  #take(name: string): string {
    require(!this.#names.has(name) && name !== '', `the name "${name}" is taken`);
    this.#names.add(name);
    return name;
  }

  #fresh(stem: string): string {
    let name = this.#names.has(stem) ? `${stem}_${this.#counter++}` : stem;
    while (this.#names.has(name)) name = `${stem}_${this.#counter++}`;
    return this.#take(name);
  }
}
