import { compileAttention } from '../attention/compile.ts';
import type { AttentionOp } from '../attention/ops.ts';
import { sizesOf } from '../attention/sizes.ts';
import type { HookValues } from '../attention/values.ts';
import { AttuneError } from '../base/errors.ts';
import { elementCount, type FloatTensor, floatTensor } from '../base/tensor.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { RuntimeSession } from '../ports.ts';
import { guide } from '../sampling/steps.ts';
import { finite } from './finite.ts';
import type { BranchLayout, BranchRow, BranchSpec } from './layout.ts';
import type { Model } from './model.ts';
import { type WatchedBranch, WordMaps } from './wordmaps.ts';
import { wordWeights } from './wordweights.ts';

export interface BranchCall {
  /** One latent a branch, in the order of the branches: [channels, height, width], of videos [frames, channels, height, width]. */
  readonly latents: readonly Float32Array[];
  /** Noise level, 1 to 0: the timestep of flow models, in thousandths. */
  readonly sigma?: number;
  /** What the scheduler of a diffusion model tells the network; this or `sigma`. */
  readonly timestep?: number;
  /** Guidance scales of this run, by branch, where they differ from the plan's; a branch planned with 1 has no negative row. */
  readonly guidance?: readonly number[];
  /** Run-time inputs of the operations; those left out are neutral. */
  readonly values?: HookValues;
}

export interface BranchResult {
  /** Velocity (what the network predicts) of each branch with its guidance applied. */
  readonly velocities: readonly Float32Array[];
  /** What capture operations read out, by output name. */
  readonly captures: Readonly<Record<string, FloatTensor>>;
}

export interface Branches extends BranchLayout {
  /** Filled by every run; absent unless words are watched. */
  readonly maps?: WordMaps;
  run(call: BranchCall): Promise<BranchResult>;
}

export interface BranchPlan {
  readonly branches: readonly BranchSpec[];
  /** Latent cells. */
  readonly height: number;
  readonly width: number;
  /** Latent frames of a video. */
  readonly frames?: number;
  /** Operations for this layout; their sizes are the layout's. */
  readonly operations?: (layout: BranchLayout) => readonly AttentionOp[];
  /** Words whose maps are read out of every run. */
  readonly watched?: readonly WatchedBranch[];
}

/** What of a model runs branches. */
export type DenoisingModel = Pick<Model, 'folder' | 'denoiser' | 'sessions' | 'loading'>;

/** Builds (or finds) the session for a plan. Prompt weights other than 1 are added to the operations by themselves. */
export async function openBranches(model: DenoisingModel, plan: BranchPlan): Promise<Branches> {
  const layout = layOut(model, plan);
  const weighting = wordWeights(layout);
  const maps = plan.watched === undefined ? undefined : new WordMaps(layout, plan.watched);
  const operations = [
    ...(plan.operations?.(layout) ?? []),
    ...weighting.operations,
    ...(maps === undefined ? [] : [maps.operation]),
  ];
  const seam = compileAttention(operations, layout.sizes);
  const sizes = { batch: layout.rows.length, ...gridOf(plan), textTokens: layout.sizes.tokens.text.length };
  const key = `${model.folder}:denoise:${Object.values(sizes).join('x')}:${seam.signature}`;
  const session = await model.sessions.get(key, model.loading.denoiser, () => {
    const g = new GraphBuilder();
    g.output('velocity', model.denoiser.build(g, sizes, seam));
    seam.finish(g);
    return g.build();
  });
  const text = textInputs(model, layout);
  const feeds = (values: HookValues = {}) => ({ ...text, ...seam.feeds(weighting.values, maps?.values ?? {}, values) });
  return {
    ...layout,
    ...(maps === undefined ? {} : { maps }),
    async run(call) {
      const result = await runBranches(model, session, layout, plan, feeds(call.values), call);
      maps?.record(result.captures);
      return result;
    },
  };
}

async function runBranches(
  model: DenoisingModel,
  session: RuntimeSession,
  layout: BranchLayout,
  plan: BranchPlan,
  feeds: HookValues,
  call: BranchCall,
): Promise<BranchResult> {
  const { height, width } = plan;
  const frames = plan.frames === undefined ? [] : [plan.frames];
  const shape = [layout.rows.length, ...frames, model.denoiser.latentChannels, height, width];
  const size = elementCount(shape.slice(1));
  const latent = new Float32Array(layout.rows.length * size);
  layout.rows.forEach(({ branch }, row) => {
    const data = call.latents[branch];
    if (data?.length !== size)
      throw new RangeError(`branch ${branch} has ${data?.length ?? 'no'} latent values instead of ${size}`);
    latent.set(data, row * size);
  });
  const outputs = await session.run({
    ...feeds,
    latent: floatTensor(latent, shape),
    timestep: floatTensor(new Float32Array(layout.rows.length).fill(timestepOf(call)), [layout.rows.length]),
  });
  const { velocity, ...captured } = outputs;
  if (velocity?.dtype !== 'float32')
    throw new AttuneError('runtime-failed', 'The network did not return its velocity.');
  finite(velocity.data, 'transformer', model.folder);
  const rowVelocity = (row: number) => velocity.data.subarray(row * size, (row + 1) * size);
  const velocities = layout.branches.map(({ name, guidance: planned }, branch) => {
    const guidance = planned === 1 ? 1 : (call.guidance?.[branch] ?? planned);
    const positive = rowVelocity(layout.row(name));
    return guidance === 1 ? positive : guide(rowVelocity(layout.row(name, 'negative')), positive, guidance);
  });
  const captures: Record<string, FloatTensor> = {};
  for (const [name, tensor] of Object.entries(captured)) if (tensor.dtype === 'float32') captures[name] = tensor;
  return { velocities, captures };
}

function timestepOf({ sigma, timestep }: BranchCall): number {
  const step = timestep ?? (sigma === undefined ? undefined : Math.fround(sigma) * 1000);
  if (step === undefined) throw new RangeError('a run of the network needs its noise level');
  return step;
}

function gridOf({ frames, height, width }: BranchPlan) {
  return { ...(frames === undefined ? {} : { frames }), height, width };
}

function layOut(model: DenoisingModel, plan: BranchPlan): BranchLayout {
  const { branches } = plan;
  const rows = branches.flatMap(({ name, condition, negative, guidance }, branch): BranchRow[] => {
    const positive: BranchRow = { branch, kind: 'positive', condition };
    if (guidance === 1) return [positive];
    if (negative === undefined) throw new RangeError(`branch ${name} is guided and has no negative prompt`);
    return [{ branch, kind: 'negative', condition: negative }, positive];
  });
  const textTokens = rows[0]?.condition.tokenCount ?? 0;
  const sizes = sizesOf(model.denoiser.sites({ batch: rows.length, ...gridOf(plan), textTokens }));
  return {
    branches,
    rows,
    sizes,
    row: (name, kind = 'positive') => {
      const found = rows.findIndex((row) => branches[row.branch]?.name === name && row.kind === kind);
      if (found < 0) throw new RangeError(`there is no ${kind} row of branch ${name}`);
      return found;
    },
  };
}

function textInputs(model: DenoisingModel, { rows }: BranchLayout): HookValues {
  const { textWidth, pooledWidth } = model.denoiser;
  const tokens = rows[0]?.condition.tokenCount ?? 0;
  const text = new Float32Array(rows.length * tokens * textWidth);
  const pooled = new Float32Array(rows.length * pooledWidth);
  rows.forEach(({ condition }, row) => {
    text.set(condition.text, row * tokens * textWidth);
    pooled.set(condition.pooled, row * pooledWidth);
  });
  return {
    text: floatTensor(text, [rows.length, tokens, textWidth]),
    ...(pooledWidth === 0 ? {} : { pooled: floatTensor(pooled, [rows.length, pooledWidth]) }),
  };
}
