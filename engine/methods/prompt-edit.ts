import { noiseSource } from '../base/noise.ts';
import { openBranches } from '../pipeline/branches.ts';
import { type Canvas, canvasOf, cellsToMask, decodeOnCanvas, encodeOnCanvas, maskToCells } from '../pipeline/canvas.ts';
import type { Conditioning } from '../pipeline/condition.ts';
import { findConcepts } from '../pipeline/editmask.ts';
import { flowLevels } from '../pipeline/levels.ts';
import { previewAndCount } from '../pipeline/report.ts';
import type { Pixels } from '../ports.ts';
import { runPairedLoop } from '../sampling/pairedloop.ts';
import { editedCells } from './editarea.ts';
import { editedPrompts, requireSource, startOf, watchTarget } from './inputs.ts';
import { type Method, type MethodContext, rowsOf } from './method.ts';
import { type Params, readParams } from './params.ts';
import { PROMPT_EDIT_PARAMS } from './prompt-edit-params.ts';
import { planRoutes, recordRoutes, routeAmounts } from './prompt-edit-routes.ts';

/**
 * Changes what a changed word says and nothing else. Source and target run as rows of one batch through the paired transition
 * (`sampling/paired.ts`: kappa 1 is FlowEdit's, kappa 0 InfEdit's virtual inversion), and the target's image tokens take from the source
 *  - the logits of the words that both prompts share (word swap and refinement of Prompt-to-Prompt, arXiv 2208.01626, one step before
 *    the softmax, so the joint softmax stays normalised), until `wordSteps`;
 *  - the logits among image tokens, i.e. the layout, until `layoutSteps` (the self-attention half of InfEdit's unified control, arXiv
 *    2312.04965).
 * The words that differ are looked for in the source picture; outside that area the offset from the source is set to zero at every
 * step (local blend on clean estimates). Differences from InfEdit: two branches instead of three, since the offset form keeps the
 * source exactly and needs no layout branch; the area comes from a look at the source before the first step, where captured attention
 * and the change of the prediction agree (`pipeline/editmask.ts`), so that it holds from the first step on.
 */
export const promptEdit: Method = {
  description: {
    id: 'prompt-edit',
    title: 'Edit by prompt',
    summary: 'Changes what the changed words say, where they are, and keeps the rest of the picture.',
    makes: 'picture',
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
  demand({ guidance, params }, hasMask) {
    const read = readParams(params);
    return {
      rows: rowsOf(guidance) + rowsOf(read.number('sourceGuidance')),
      searchRows: read.boolean('blend') && !hasMask ? 2 : 0,
      encodes: true,
      routed: read.number('wordSteps') > 0 || read.number('layoutSteps') > 0,
    };
  },
  readsNegative: ({ guidance, params }) => guidance !== 1 || readParams(params).number('sourceGuidance') !== 1,
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

  const area = await editArea(context, canvas, clean, { source, target }, params);
  const routes = planRoutes(source, target, params);
  const branches = await openBranches(model, {
    branches: [
      { name: 'source', condition: source, negative, guidance: params.number('sourceGuidance') },
      { name: 'target', condition: target, negative, guidance: request.guidance },
    ],
    height: canvas.rows,
    width: canvas.columns,
    operations: () => routes.operations,
    ...(await watchTarget(model, request, target)),
  });

  progress.stage('denoise');
  const start = startOf(params.number('strength'), request.steps);
  const [edited = clean] = await runPairedLoop({
    clean,
    sigmas,
    start,
    kappa: params.number('kappa'),
    renewal: 1,
    averages: params.number('averages'),
    noise: noiseSource(request.seed, clean.length, 'step'),
    velocities: async ({ latents, sigma, step }) =>
      (await branches.run({ latents, sigma, values: routeAmounts(routes, branches, step, request.steps) })).velocities,
    ...(area === undefined ? {} : { adjust: ({ offsets }) => offsets.map((offset) => inside(offset, area.cells)) }),
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
    ...(area === undefined ? {} : { mask: area.mask }),
    prompts: [
      { role: 'sourcePrompt', condition: source },
      { role: 'prompt', condition: target },
      { role: 'negative', condition: negative },
    ],
    sigmas,
    sampler: { name: 'flow-paired', commonName: 'Euler' },
    operations: recordRoutes(routes, request.steps),
    figures: {},
  };
}

interface EditArea {
  /** [rows, columns] of 0 and 1. */
  readonly cells: Float32Array;
  /** One channel, of the request's size. */
  readonly mask: Pixels;
}

/** The user's mask, or where the changed words are; undefined where the whole picture may change. */
async function editArea(
  { model, request, mask }: MethodContext,
  canvas: Canvas,
  clean: Float32Array,
  prompts: { readonly source: Conditioning; readonly target: Conditioning },
  params: Params,
): Promise<EditArea | undefined> {
  if (mask !== undefined) return { mask, cells: maskToCells(model, canvas, mask).map((share) => (share > 0 ? 1 : 0)) };
  if (!params.boolean('blend')) return undefined;
  const maps = await findConcepts(model, canvas, clean, { ...prompts, sigmas: LOOKS, seed: request.seed });
  const cells = editedCells(maps, canvas, {
    reading: params.text('reading'),
    threshold: params.number('threshold'),
    grow: params.number('grow'),
  });
  return { cells, mask: cellsToMask(canvas, cells) };
}

/** The offset from the source, 0 outside the area. */
function inside(offset: Float32Array, cells: Float32Array): Float32Array {
  return offset.map((value, i) => value * (cells[i % cells.length] ?? 0));
}
