import {
  type AttentionOp,
  type CompiledAttention,
  compileAttention,
  type Denoiser,
  type DenoiserSizes,
  type EncodedModel,
  floatTensor,
  GraphBuilder,
  gaussianNoise,
  type HookSizes,
  type HookValues,
  openComponent,
  plainAttention,
  type RuntimeSession,
  type SessionOptions,
  sizesOf,
  type Tensor,
  type TensorRuntime,
} from '../engine/index.ts';
import { sd3Transformer } from '../models/sd3/transformer.ts';

/** 512 x 512 pixels and the 333 text tokens of SD3 with all three encoders: 1357 tokens. */
export const MEDIUM = { batch: 1, frames: 1, height: 64, width: 64, textTokens: 333 } as const satisfies DenoiserSizes;

export const openDenoiser = (folder: string): Denoiser => sd3Transformer.open(openComponent(folder));

/** Hooks with what one step feeds them. */
export interface Hooks {
  readonly operations: readonly AttentionOp[];
  values(sizes: HookSizes): readonly HookValues[];
}

/** A denoiser loaded for fixed sizes and hooks. */
export interface Step {
  readonly session: RuntimeSession;
  run(): Promise<unknown>;
}

/** The graph without hooks. */
export function encodePlain(denoiser: Denoiser, sizes: DenoiserSizes): EncodedModel {
  const g = new GraphBuilder();
  g.output('velocity', denoiser.build(g, sizes, plainAttention));
  return g.build();
}

export function encodeHooked(denoiser: Denoiser, sizes: DenoiserSizes, processor: CompiledAttention): EncodedModel {
  const g = new GraphBuilder();
  g.output('velocity', denoiser.build(g, sizes, processor));
  processor.finish(g);
  return g.build();
}

export const compileFor = (denoiser: Denoiser, sizes: DenoiserSizes, operations: readonly AttentionOp[]) =>
  compileAttention(operations, sizesOf(denoiser.sites(sizes)));

export interface StepOptions {
  readonly hooks?: Hooks;
  /** Default `mapped`, as the engine loads networks of this size. */
  readonly weights?: SessionOptions['weights'];
}

export async function openStep(
  runtime: TensorRuntime,
  denoiser: Denoiser,
  sizes: DenoiserSizes,
  { hooks, weights = 'mapped' }: StepOptions = {},
): Promise<Step> {
  const network = stepFeeds(denoiser, sizes);
  if (hooks === undefined) {
    const session = await runtime.createSession(encodePlain(denoiser, sizes), { weights });
    return { session, run: () => session.run(network) };
  }
  const processor = compileFor(denoiser, sizes, hooks.operations);
  const session = await runtime.createSession(encodeHooked(denoiser, sizes, processor), { weights });
  const feeds = { ...network, ...processor.feeds(...hooks.values(processor.sizes)) };
  return { session, run: () => session.run(feeds) };
}

/** Noise in the place of everything a step reads. */
export function stepFeeds(denoiser: Denoiser, sizes: DenoiserSizes): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(denoiser.inputs(sizes)).map(([name, shape], seed) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      const isTime = name === 'timestep';
      return [name, floatTensor(isTime ? new Float32Array(count).fill(500) : gaussianNoise(count, seed), shape)];
    }),
  );
}
