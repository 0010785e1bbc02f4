import type { RouteOp } from '../attention/ops.ts';
import { routeValues } from '../attention/route.ts';
import type { HookValues } from '../attention/values.ts';
import { noiseSource } from '../base/noise.ts';
import { openBranches } from '../pipeline/branches.ts';
import { canvasOf, cellsToMask, decodeOnCanvas, encodeOnCanvas, maskToCells } from '../pipeline/canvas.ts';
import { findConcepts } from '../pipeline/editmask.ts';
import type { BranchLayout } from '../pipeline/layout.ts';
import { flowLevels } from '../pipeline/levels.ts';
import { previewAndCount } from '../pipeline/report.ts';
import { firstActiveStep, runPairedLoop } from '../sampling/pairedloop.ts';
import { isOpen } from '../text/schedule.ts';
import { routedPairs } from './correspondence.ts';
import { editedCells } from './editarea.ts';
import { editedPrompts, requireSource, watchTarget } from './inputs.ts';
import type { Method, MethodContext } from './method.ts';
import { type Params, readParams } from './params.ts';
import { PROMPT_EDIT_PARAMS } from './prompt-edit-params.ts';

/**
 * Changes what a changed word says and nothing else. Source and target run as rows of one batch through the paired transition
 * (`sampling/paired.ts`: kappa 1 is FlowEdit's, kappa 0 InfEdit's virtual inversion), and the target's image tokens take from the source
 *  - the logits of the words that both prompts share (word swap and refinement of Prompt-to-Prompt, arXiv 2208.01626, one step before
 *    the softmax, so the joint softmax stays normalised), until `wordSteps`;
 *  - the logits among image tokens, i.e. the layout, until `layoutSteps` (the self-attention half of InfEdit's unified control, arXiv
 *    2312.04965).
 * The words that differ are looked for in the source picture; outside that area the offset from the source is set to zero at every
 * step (local blend on clean estimates). Differences from InfEdit: two branches instead of three, since the offset form keeps the
 * source exactly and needs no layout branch; masks from the attention of a look at the source before the first step.
 */
export const promptEdit: Method = {
  description: {
    id: 'prompt-edit',
    title: 'Edit by prompt',
    summary: 'Changes what the changed words say, where they are, and keeps the rest of the picture.',
    paper:
      'Prompt-to-Prompt (arXiv 2208.01626) and InfEdit (arXiv 2312.04965), in their form for joint attention and flow models',
    inputs: {
      source: 'required',
      prompt: 'required',
      sourcePrompt: 'required',
      negative: 'optional',
      mask: 'optional',
    },
    params: PROMPT_EDIT_PARAMS,
    defaults: {},
  },
  run,
};

/** Noise levels at which the source is searched for what changes: from details to layout. */
const LOOKS = [0.25, 0.5, 0.75];

async function run(context: MethodContext): ReturnType<Method['run']> {
  const { model, request, progress } = context;
  const params = readParams(request.params);
  const canvas = canvasOf(model, request.size);
  progress.stage('encode');
  const { data: clean } = await encodeOnCanvas(model, canvas, requireSource(context));
  progress.stage('condition');
  const { source, target, negative } = await editedPrompts(model, request);
  const { sigmas } = flowLevels(model, request.steps, canvas);

  const area =
    context.mask !== undefined
      ? maskToCells(model, canvas, context.mask).map((share) => (share > 0 ? 1 : 0))
      : params.boolean('blend')
        ? editedCells(
            await findConcepts(model, canvas, clean, { source, target, sigmas: LOOKS, seed: request.seed }),
            canvas,
            {
              reading: params.text('reading'),
              threshold: params.number('threshold'),
              grow: params.number('grow'),
            },
          )
        : undefined;

  let hooks: Hooks | undefined;
  const branches = await openBranches(model, {
    branches: [
      { name: 'source', condition: source, negative, guidance: params.number('sourceGuidance') },
      { name: 'target', condition: target, negative, guidance: request.guidance },
    ],
    height: canvas.rows,
    width: canvas.columns,
    operations: (layout) => {
      hooks = routes(layout, params, request.steps);
      return hooks.operations;
    },
    ...(await watchTarget(model, request, target)),
  });

  progress.stage('denoise');
  const start = firstActiveStep(request.steps, Math.max(1, Math.round(params.number('strength') * request.steps)));
  const kept = area;
  const [edited = clean] = await runPairedLoop({
    clean,
    sigmas,
    start,
    kappa: params.number('kappa'),
    renewal: 1,
    averages: params.number('averages'),
    noise: noiseSource(request.seed, clean.length, 'step'),
    velocities: async ({ latents, sigma, step }) =>
      (await branches.run({ latents, sigma, values: hooks?.valuesAt(step) ?? {} })).velocities,
    ...(kept === undefined
      ? {}
      : {
          adjust: ({ offsets }) =>
            offsets.map((offset) => offset.map((value, i) => value * (kept[i % kept.length] ?? 0))),
        }),
    onStep: ({ step, cleans }) =>
      previewAndCount(
        { model, canvas, progress, branches, from: start, of: request.steps },
        step,
        cleans.at(-1) ?? clean,
      ),
  });
  progress.stage('decode');
  return {
    image: await decodeOnCanvas(model, canvas, edited),
    maps: branches.maps?.pictures('target', canvas) ?? [],
    ...(context.mask !== undefined
      ? { mask: context.mask }
      : area === undefined
        ? {}
        : { mask: cellsToMask(canvas, area) }),
    prompts: [
      { role: 'sourcePrompt', condition: source },
      { role: 'prompt', condition: target },
      { role: 'negative', condition: negative },
    ],
    sigmas,
    sampler: { name: 'flow-paired', commonName: 'Euler' },
    operations: hooks?.record() ?? [],
    figures: {},
  };
}

interface Hooks {
  readonly operations: readonly RouteOp[];
  valuesAt(step: number): HookValues;
  record(): Awaited<ReturnType<Method['run']>>['operations'];
}

/** The two routes of the target's image rows, from the source's row of the same kind where there is one. */
function routes(layout: BranchLayout, params: Params, steps: number): Hooks {
  const [source, target] = [layout.branches[0], layout.branches[1]];
  if (source === undefined || target === undefined) throw new RangeError('an edit has two branches');
  const pairs = routedPairs(
    source.condition,
    target.condition,
    params.text('replaced') === 'source' ? 'source' : 'own',
  );
  const length = Math.max(layout.sizes.tokens.text.length, pairs.length);
  const words: RouteOp = {
    op: 'route',
    id: 'words-route',
    rows: 'image',
    cols: 'text',
    q: true,
    k: true,
    weight: true,
    pairs: length,
    layers: 'all',
    sites: 'joint',
  };
  const image: RouteOp = {
    op: 'route',
    id: 'layout-route',
    rows: 'image',
    cols: 'image',
    q: words.id,
    k: words.id,
    weight: true,
    layers: 'all',
  };
  const wordWindow = [0, params.number('wordSteps')] as const;
  const layoutWindow = [0, params.number('layoutSteps')] as const;
  const operations = [
    ...(wordWindow[1] > 0 ? [words] : []),
    ...(layoutWindow[1] > 0 ? [wordWindow[1] > 0 ? image : { ...image, q: true, k: true }] : []),
  ];

  const isTarget = layout.rows.map(({ branch }) => branch === 1);
  const from = layout.rows.map((_, row) => (isTarget[row] === true ? layout.row('source') : row));
  return {
    operations,
    valuesAt(step) {
      const wordsOn = isOpen(wordWindow, step, steps);
      const layoutOn = isOpen(layoutWindow, step, steps);
      const values: HookValues[] = [];
      for (const op of operations) {
        if (op.id === words.id) {
          const open = layout.rows.map(({ kind }, row) => isTarget[row] === true && kind === 'positive' && wordsOn);
          values.push(
            routeValues(op, layout.sizes, { from, pairs: open.map((on) => (on ? pairs : closedPairs(layout))) }),
          );
        } else {
          const weight = layout.rows.map((_, row) => (isTarget[row] === true && layoutOn ? 1 : 0));
          values.push(routeValues(op, layout.sizes, { weight, ...(op.q === true ? { from } : {}) }));
        }
      }
      return Object.assign({}, ...values);
    },
    record: () =>
      operations.map((op) => ({
        primitive: op.op,
        steps: [0, Math.max(0, Math.floor((op.id === words.id ? wordWindow[1] : layoutWindow[1]) * steps) - 1)] as [
          number,
          number,
        ],
        values: { rows: op.rows, cols: op.cols, from: 'source', to: 'target' },
      })),
  };
}

/** Every column keeps its own query and key. */
function closedPairs(layout: BranchLayout) {
  return Array.from({ length: layout.sizes.tokens.text.length }, (_, token) => ({
    source: token,
    target: token,
    weight: 0,
  }));
}
