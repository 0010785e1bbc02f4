import { compileAttention } from '../attention/compile.ts';
import type { AttentionOp } from '../attention/ops.ts';
import { sizesOf } from '../attention/sizes.ts';
import type { HookValues } from '../attention/values.ts';
import { AttuneError } from '../base/errors.ts';
import { elementCount, type FloatTensor, floatTensor } from '../base/tensor.ts';
import type { InputShapes } from '../family.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { finite } from '../model/finite.ts';
import type { Model } from '../model/model.ts';
import type { RuntimeSession } from '../ports.ts';
import { guide } from '../sampling/steps.ts';
import { isGuided } from './guidance.ts';
import type { BranchLayout, BranchRow, BranchSpec } from './layout.ts';
import { type WatchedBranch, WordMaps } from './wordmaps.ts';
import { wordWeights } from './wordweights.ts';

export interface BranchCall {
  /** One latent a branch, in the order of the branches: [frames, channels, height, width]. */
  readonly latents: readonly Float32Array[];
  /** What the network is told of the noise level, 0..1000. */
  readonly timestep: number;
  /** Guidance scales of this run, by branch, where they differ from the plan's; a branch planned with 1 has no negative row. */
  readonly guidance?: readonly number[];
  /** Run-time inputs of the operations; those left out are neutral. */
  readonly values?: HookValues;
}

export interface BranchResult {
  /** What the network predicts for each branch, with its guidance applied. */
  readonly outputs: readonly Float32Array[];
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
  /** Latent pixels. */
  readonly height: number;
  readonly width: number;
  /** Latent frames of one pass. */
  readonly frames: number;
  /** Operations for this layout; their sizes are the layout's. */
  readonly operations?: (layout: BranchLayout) => readonly AttentionOp[];
  /** Words whose maps are read out of every run. */
  readonly watched?: readonly WatchedBranch[];
}

/** What of a model runs branches. */
export type DenoisingModel = Pick<Model, 'folder' | 'denoiser' | 'sessions' | 'loading'>;

/** Builds (or finds) the session for a plan. Prompt weights other than 1 are added to the operations by themselves. */
export async function openBranches(model: DenoisingModel, plan: BranchPlan): Promise<Branches> {
  const { denoiser } = model;
  const layout = layOut(model, plan);
  const weighting = wordWeights(layout);
  const maps = plan.watched === undefined ? undefined : new WordMaps(layout, plan.watched);
  const operations = [
    ...(plan.operations?.(layout) ?? []),
    ...weighting.operations,
    ...(maps === undefined ? [] : [maps.operation]),
  ];
  const processor = compileAttention(operations, layout.sizes);
  const { frames, height, width } = plan;
  const sizes = {
    batch: layout.rows.length,
    ...{ frames, height, width },
    textTokens: layout.sizes.tokens.text.length,
  };
  const shapes = denoiser.inputs(sizes);
  const variant = `${model.folder}:${Object.values(sizes).join('x')}:${processor.signature}`;
  const session = await model.sessions.get({ network: 'transformer', variant }, model.loading.denoiser, () => {
    const g = new GraphBuilder();
    g.output('output', denoiser.build(g, sizes, processor));
    processor.finish(g);
    return g.build();
  });
  const prompts = promptInputs(shapes, layout);
  const feeds = (values: HookValues = {}) => ({
    ...prompts,
    ...processor.feeds(weighting.values, maps?.values ?? {}, values),
  });
  return {
    ...layout,
    ...(maps === undefined ? {} : { maps }),
    async run(call) {
      const result = await runBranches(model, session, layout, shapes, feeds(call.values), call);
      maps?.record(result.captures);
      return result;
    },
  };
}

async function runBranches(
  { denoiser, folder }: DenoisingModel,
  session: RuntimeSession,
  layout: BranchLayout,
  shapes: InputShapes,
  feeds: HookValues,
  call: BranchCall,
): Promise<BranchResult> {
  const shape = shapeOf(shapes, 'latent');
  const size = elementCount(shape) / layout.rows.length;
  const latent = new Float32Array(elementCount(shape));
  layout.rows.forEach(({ branch }, row) => {
    const data = call.latents[branch];
    if (data?.length !== size)
      throw new RangeError(`branch ${branch} has ${data?.length ?? 'no'} latent values instead of ${size}`);
    latent.set(data, row * size);
  });
  const scaleOf = (branch: number, planned: number) => call.guidance?.[branch] ?? planned;
  const perRow = (value: (row: BranchRow) => number) =>
    floatTensor(Float32Array.from(layout.rows, value), [layout.rows.length]);
  const outputs = await session.run({
    ...feeds,
    latent: floatTensor(latent, shape),
    timestep: perRow(() => call.timestep),
    ...(denoiser.guidance === 'embedded'
      ? { guidance: perRow(({ branch }) => scaleOf(branch, branchAt(layout, branch).guidance)) }
      : {}),
  });
  const { output, ...captured } = outputs;
  if (output?.dtype !== 'float32')
    throw new AttuneError('runtime-failed', 'The network did not return its prediction.');
  finite(output.data, 'transformer', folder);
  const ofRow = (row: number) => output.data.subarray(row * size, (row + 1) * size);
  const predictions = layout.branches.map(({ name, guidance: planned }, branch) => {
    const positive = ofRow(layout.row(name));
    if (!isGuided(denoiser, planned)) return positive;
    const guidance = scaleOf(branch, planned);
    return guidance === 1 ? positive : guide(ofRow(layout.row(name, 'negative')), positive, guidance);
  });
  const captures: Record<string, FloatTensor> = {};
  for (const [name, tensor] of Object.entries(captured)) if (tensor.dtype === 'float32') captures[name] = tensor;
  return { outputs: predictions, captures };
}

/** The prediction of the branch at an index. Throws RangeError where there is none. */
export function outputOf({ outputs }: Pick<BranchResult, 'outputs'>, branch: number): Float32Array {
  const output = outputs[branch];
  if (output === undefined) throw new RangeError(`a run of ${outputs.length} branches has no prediction ${branch}`);
  return output;
}

function layOut({ denoiser }: DenoisingModel, plan: BranchPlan): BranchLayout {
  const { branches } = plan;
  const rows = branches.flatMap(({ name, condition, negative, guidance }, branch): BranchRow[] => {
    if (!isGuided(denoiser, guidance)) return [{ branch, kind: 'positive', condition }];
    if (negative === undefined) throw new RangeError(`branch ${name} is guided and has no negative prompt`);
    return [
      { branch, kind: 'negative', condition: negative },
      { branch, kind: 'positive', condition },
    ];
  });
  const textTokens = rows[0]?.condition.tokenCount;
  if (textTokens === undefined || rows.some(({ condition }) => condition.tokenCount !== textTokens))
    throw new RangeError('the prompts of a batch have different numbers of text columns');
  const { frames, height, width } = plan;
  const sizes = sizesOf(denoiser.sites({ batch: rows.length, frames, height, width, textTokens }));
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

function branchAt({ branches }: BranchLayout, index: number): BranchSpec {
  const branch = branches[index];
  if (branch === undefined) throw new RangeError(`there is no branch ${index}`);
  return branch;
}

function shapeOf(shapes: InputShapes, name: string): readonly number[] {
  const shape = shapes[name];
  if (shape === undefined) throw new RangeError(`the network declares no input ${name}`);
  return shape;
}

/** Inputs that are not the prompt's. */
const OF_THE_RUN = new Set(['latent', 'timestep', 'guidance']);

/** What the network reads of prompts: `text` and the further inputs of their conditioning, row by row. */
function promptInputs(shapes: InputShapes, { rows }: BranchLayout): HookValues {
  return Object.fromEntries(
    Object.entries(shapes)
      .filter(([name]) => !OF_THE_RUN.has(name))
      .map(([name, shape]) => {
        const joined = new Float32Array(elementCount(shape));
        const size = joined.length / rows.length;
        rows.forEach(({ condition }, row) => {
          const values = name === 'text' ? condition.promptEmbeds : condition.inputs[name];
          if (values?.length !== size)
            throw new RangeError(`a prompt has ${values?.length ?? 'no'} values of ${name} instead of ${size}`);
          joined.set(values, row * size);
        });
        return [name, floatTensor(joined, shape)];
      }),
  );
}
