import type { AttentionOp, AttentionSite, CompiledAttention, HookValues, Tensor } from '../../engine/index.ts';
import { runCall, siteOf } from '../attention-harness.ts';
import type { MethodCase } from './method.ts';
import type { FixtureArray } from './types.ts';

/** A method fixture's q, k, v ([H, N, d] or [B, H, N, d]) as one attention call of the product. */
export class FixtureCall {
  readonly site: AttentionSite;
  /** [B, N, H*d] each. */
  readonly operands: { readonly q: Float32Array; readonly k: Float32Array; readonly v: Float32Array };
  readonly #case: MethodCase;

  /** `text`, `image`: tokens, text first; `tensors` may hold more batch rows than the case's q, k and v. */
  constructor(
    testCase: MethodCase,
    layout: { readonly text: number; readonly frames?: number },
    tensors: { readonly q: FixtureArray; readonly k: FixtureArray; readonly v: FixtureArray } = {
      q: testCase.input('q'),
      k: testCase.input('k'),
      v: testCase.has('v') ? testCase.input('v') : testCase.input('k'),
    },
  ) {
    this.#case = testCase;
    const [batch = 1, heads = 1, tokens = 1, headDim = 1] = fourAxes(tensors.q);
    const { text, frames = 1 } = layout;
    const image = { frames, height: 1, width: (tokens - text) / frames };
    this.site = siteOf({ batch, heads, headDim, text, image, order: 'text first' });
    this.operands = { q: tokensFirst(tensors.q), k: tokensFirst(tensors.k), v: tokensFirst(tensors.v) };
  }

  /** Evaluates under operations and gives all outputs. */
  async run(
    ops: readonly AttentionOp[],
    values: (attention: CompiledAttention) => readonly HookValues[] = () => [],
  ): Promise<Record<string, Tensor>> {
    return (await runCall(this.#case.context.runtime, this.site, ops, this.operands, values)).outputs;
  }

  /** As `run`; the attention's result of one batch row in the fixture's layout [H, N, d]. */
  async result(
    ops: readonly AttentionOp[],
    values?: (attention: CompiledAttention) => readonly HookValues[],
    row = 0,
  ): Promise<Float32Array> {
    return this.headsFirst((await this.run(ops, values)).out, row);
  }

  /** [B, N, H*d] -> [H, N, d] of one batch row. */
  headsFirst(out: Tensor | undefined, row = 0): Float32Array {
    const { heads, headDim } = this.site;
    const [, tokens = 0] = out?.dims ?? [];
    const result = new Float32Array(heads * tokens * headDim);
    for (let i = 0; i < result.length; i++) {
      const [h, n, d] = [Math.floor(i / (tokens * headDim)), Math.floor(i / headDim) % tokens, i % headDim];
      result[i] = Number(out?.data[((row * tokens + n) * heads + h) * headDim + d]);
    }
    return result;
  }
}

/** A float32 output's data. */
export function data(tensor: Tensor | undefined): Float32Array {
  if (tensor?.dtype !== 'float32') throw new Error('an output is missing');
  return tensor.data;
}

function fourAxes({ shape }: FixtureArray): readonly number[] {
  return shape.length === 3 ? [1, ...shape] : shape;
}

/** [B, H, N, d] -> [B, N, H*d] */
function tokensFirst(array: FixtureArray): Float32Array {
  const [batch = 1, heads = 1, tokens = 1, width = 1] = fourAxes(array);
  const result = new Float32Array(batch * heads * tokens * width);
  for (let i = 0; i < result.length; i++) {
    const d = i % width;
    const h = Math.floor(i / width) % heads;
    const n = Math.floor(i / (width * heads)) % tokens;
    const b = Math.floor(i / (width * heads * tokens));
    result[i] = Number(array.data[((b * heads + h) * tokens + n) * width + d]);
  }
  return result;
}

/** Row `r` of a matrix [rows, columns]. */
export function row(array: FixtureArray, r: number): Float32Array {
  const [, columns = 0] = array.shape;
  return Float32Array.from(array.data.subarray(r * columns, (r + 1) * columns));
}
