import type { AttentionOp, AttentionSite, EncodedModel, HookValues, TensorRuntime } from '../engine/index.ts';
import {
  type CompiledAttention,
  compileAttention,
  floatTensor,
  GraphBuilder,
  sizesOf,
  type Tensor,
} from '../engine/index.ts';
import type { ReferenceOperands } from './attention-reference.ts';

/** Runs attention calls by themselves, without a network around them. */

/** A call of a made-up network; `order` as in the families: SD3 has the image first, FLUX and CogVideoX the text. */
export function siteOf(shape: {
  readonly batch: number;
  readonly heads: number;
  readonly headDim: number;
  readonly text: number;
  readonly image: { readonly frames: number; readonly height: number; readonly width: number };
  readonly order?: 'text first' | 'image first';
  readonly layer?: number;
}): AttentionSite {
  const { batch, heads, headDim, text, image, order = 'image first', layer = 0 } = shape;
  const length = image.frames * image.height * image.width;
  return {
    id: `blocks.${layer}.attn`,
    layer,
    kind: text === 0 ? 'image' : 'joint',
    batch,
    heads,
    headDim,
    tokens: {
      text: { start: text > 0 && order === 'image first' ? length : 0, length: text },
      image: { start: order === 'image first' ? 0 : text, length, ...image },
    },
  };
}

/** The encoded graph of one call on inputs q, k, v [B, N, H*D]; output `out` and whatever the hooks capture. */
export function callGraph(site: AttentionSite, attention: CompiledAttention): EncodedModel {
  const g = new GraphBuilder();
  const shape = [site.batch, site.tokens.text.length + site.tokens.image.length, site.heads * site.headDim];
  const operands = {
    q: g.input('q', 'float32', shape),
    k: g.input('k', 'float32', shape),
    v: g.input('v', 'float32', shape),
  };
  g.output('out', attention.attend(g, site, operands));
  attention.finish(g);
  return g.build();
}

/** Evaluates one call under operations; inputs that are not given are neutral. */
export async function runCall(
  runtime: TensorRuntime,
  site: AttentionSite,
  ops: readonly AttentionOp[],
  operands: ReferenceOperands,
  values: (attention: CompiledAttention) => readonly HookValues[] = () => [],
): Promise<{ readonly outputs: Record<string, Tensor>; readonly feeds: Record<string, Tensor> }> {
  const attention = compileAttention(ops, sizesOf([site]));
  const session = await runtime.createSession(callGraph(site, attention), { weights: 'private' });
  const feeds = attention.feeds(...values(attention));
  const shape = [site.batch, site.tokens.text.length + site.tokens.image.length, site.heads * site.headDim];
  const outputs = await session.run({
    ...feeds,
    q: floatTensor(operands.q, shape),
    k: floatTensor(operands.k, shape),
    v: floatTensor(operands.v, shape),
  });
  await session.release();
  return { outputs, feeds };
}
