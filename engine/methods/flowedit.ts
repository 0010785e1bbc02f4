import { noiseSource } from '../base/noise.ts';
import { openBranches } from '../pipeline/branches.ts';
import { canvasOf, decodeOnCanvas, encodeOnCanvas } from '../pipeline/canvas.ts';
import { encodePrompt } from '../pipeline/condition.ts';
import { flowLevels } from '../pipeline/levels.ts';
import { previewAndCount } from '../pipeline/report.ts';
import { runPairedLoop } from '../sampling/pairedloop.ts';
import { editedPrompts, requireSource, startOf, watchTarget } from './inputs.ts';
import { type Method, rowsOf } from './method.ts';
import { readParams } from './params.ts';

/**
 * Carries a picture from what its caption says to what the new prompt says along the difference of two velocity fields, without
 * inverting it: at every level the source is noised afresh and the target gets the same noise (Kulikov et al., FlowEdit, arXiv
 * 2412.08629, algorithm 1). No attention is touched. The steps are the paper's n_max of T; `tail` is its n_min and `averages` its
 * n_avg.
 */
export const flowedit: Method = {
  description: {
    id: 'flowedit',
    title: 'FlowEdit',
    summary:
      'Follows the difference between two prompts from the source to the result, without inversion and without touching attention.',
    makes: 'picture',
    paper: 'FlowEdit: Inversion-Free Text-Based Editing Using Pre-Trained Flow Models (arXiv 2412.08629)',
    inputs: {
      source: 'required',
      prompt: 'required',
      sourcePrompt: 'required',
      negative: 'optional',
      mask: 'optional',
    },
    params: [
      {
        name: 'strength',
        title: 'Strength',
        summary: 'Share of the steps that edit: more changes shape and layout, less keeps them.',
        type: 'number',
        min: 0.05,
        max: 1,
        step: 0.01,
        default: 0.66,
      },
      {
        name: 'sourceGuidance',
        title: 'Source guidance',
        summary: 'Guidance scale of the source prompt; higher removes more of what the source prompt says.',
        type: 'number',
        min: 0,
        max: 30,
        step: 0.1,
        default: 3.5,
      },
      {
        name: 'averages',
        title: 'Noise draws per step',
        summary: 'Averages the change over several noise draws: steadier, and slower in proportion.',
        type: 'integer',
        min: 1,
        max: 8,
        default: 1,
      },
      {
        name: 'tail',
        title: 'Free last steps',
        summary: 'Last steps that follow the new prompt alone; for changes of style.',
        type: 'integer',
        min: 0,
        max: 100,
        default: 0,
      },
    ],
    defaults: { steps: 50, guidance: 13.5 },
  },
  demand: ({ guidance, params }) => ({
    rows: rowsOf(guidance) + rowsOf(readParams(params).number('sourceGuidance')),
    searchRows: 0,
    encodes: true,
    routed: false,
  }),
  async run(context) {
    const { model, request, progress } = context;
    const params = readParams(request.params);
    const canvas = canvasOf(model, request.size);
    progress.stage('encode');
    const { data: clean } = await encodeOnCanvas(model, canvas, requireSource(context));
    progress.stage('condition');
    const { source, target, negative } = await editedPrompts(model, request);
    const { sigmas } = flowLevels(model, request.steps, canvas);
    const plain = { height: canvas.rows, width: canvas.columns };
    const targetBranch = { name: 'target', condition: target, negative, guidance: request.guidance };
    const sourceBranch = {
      name: 'source',
      condition: source,
      negative: await encodePrompt(model, ''),
      guidance: params.number('sourceGuidance'),
    };
    const start = startOf(params.number('strength'), request.steps);
    const tail = Math.min(params.number('tail'), request.steps - start);
    const watched = await watchTarget(model, request, target);
    const pair = await openBranches(model, { ...plain, branches: [sourceBranch, targetBranch], ...watched });
    const alone = tail > 0 ? await openBranches(model, { ...plain, branches: [targetBranch], ...watched }) : pair;
    // The words are looked for where the edit happens, and where that has no steps, in the tail.
    const shown = tail < request.steps - start ? pair : alone;

    progress.stage('denoise');
    const [edited = clean] = await runPairedLoop({
      clean,
      sigmas,
      start,
      kappa: 1,
      renewal: 1,
      averages: params.number('averages'),
      tail,
      noise: noiseSource(request.seed, clean.length, 'step'),
      velocities: async ({ latents, sigma, phase }) =>
        (await (phase === 'tail' ? alone : pair).run({ latents, sigma })).velocities,
      onStep: ({ step, cleans }) =>
        previewAndCount(
          { model, canvas, progress, branches: shown, from: start, of: request.steps },
          step,
          cleans.at(-1) ?? clean,
        ),
    });
    progress.stage('decode');
    return {
      image: await decodeOnCanvas(model, canvas, edited),
      maps: shown.maps?.pictures('target', canvas) ?? [],
      ...(context.mask === undefined ? {} : { mask: context.mask }),
      prompts: [
        { role: 'sourcePrompt', condition: source },
        { role: 'prompt', condition: target },
        { role: 'negative', condition: negative },
      ],
      sigmas,
      sampler: { name: 'flow-paired', commonName: 'Euler' },
      operations: [],
      figures: {},
    };
  },
};
