import { AttuneError } from '../base/errors.ts';
import { noiseSource } from '../base/noise.ts';
import { openBranches } from '../pipeline/branches.ts';
import { latentOn } from '../pipeline/latentframes.ts';
import { videoCanvasOf } from '../pipeline/videocanvas.ts';
import { encodeVideoPrompt } from '../pipeline/videocondition.ts';
import { encodeFrames } from '../pipeline/videoencode.ts';
import type { Pixels } from '../ports.ts';
import { flowView } from '../sampling/flowview.ts';
import { runPairedLoop } from '../sampling/pairedloop.ts';
import { clipLength } from './clip.ts';
import { startOf } from './inputs.ts';
import { rowsOf } from './method.ts';
import { readParams } from './params.ts';
import { PROMPT_EDIT_PARAMS } from './prompt-edit-params.ts';
import { planRoutes, recordRoutes, routeAmounts } from './prompt-edit-routes.ts';
import { editedFrames } from './video-edit-area.ts';
import type { VideoContext, VideoMethod } from './videomethod.ts';
import { levelsOf, previewFrame } from './videosampling.ts';

/** Of prompt-edit's controls those that make sense for frames: the area is read from the change of the prediction alone. */
const PARAMS = PROMPT_EDIT_PARAMS.filter(({ name }) => name !== 'reading' && name !== 'averages');

/**
 * Changes what a changed word says in a clip, frame by frame where it is, and nothing else: `prompt-edit` over frames. Source and target
 * are rows of one batch; the target reads the source's logits for shared words and for the layout (across frames too, which keeps the
 * motion); the paired transition runs on the flow view of the diffusion model (`sampling/flowview.ts`), so that its offset form keeps the
 * source exactly outside the area.
 */
export const videoEdit: VideoMethod = {
  description: {
    id: 'video-edit',
    title: 'Edit a clip by prompt',
    summary: 'Changes what the changed words say in every frame of a clip and keeps the rest of it.',
    makes: 'video',
    paper:
      'InfEdit (arXiv 2312.04965) and Prompt-to-Prompt (arXiv 2208.01626), in their form for joint attention, over frames',
    inputs: {
      source: 'required',
      prompt: 'required',
      sourcePrompt: 'required',
      negative: 'optional',
      mask: 'optional',
    },
    params: PARAMS,
    defaults: {},
  },
  demand(request, model) {
    const canvas = videoCanvasOf(model, { ...request.size, frames: clipLength(request, model) });
    const rows = rowsOf(request.guidance) + rowsOf(readParams(request.params).number('sourceGuidance'));
    return { canvas, rows, window: canvas.codedFrames, routed: true };
  },
  readsNegative: ({ guidance, params }) => guidance !== 1 || readParams(params).number('sourceGuidance') !== 1,
  async run(context) {
    const { model, request, progress } = context;
    const params = readParams(request.params);
    const canvas = videoCanvasOf(model, { ...request.size, frames: clipLength(request, model) });
    progress.stage('encode');
    const clean = await encodeFrames(model, canvas, requireClip(context));
    progress.stage('condition');
    const [source, target, negative] = [
      await encodeVideoPrompt(model, request.sourcePrompt ?? ''),
      await encodeVideoPrompt(model, request.prompt),
      await encodeVideoPrompt(model, request.negative ?? ''),
    ];
    const plan = model.scheduler.plan(request.steps);
    const view = flowView(plan);
    const area = await editedFrames(context, canvas, clean, { source, target }, { plan, view }, params);
    const routes = planRoutes(source, target, params);
    const branches = await openBranches(model, {
      branches: [
        { name: 'source', condition: source, negative, guidance: params.number('sourceGuidance') },
        { name: 'target', condition: target, negative, guidance: request.guidance },
      ],
      frames: canvas.leadingFrames + canvas.codedFrames,
      height: canvas.rows,
      width: canvas.columns,
      operations: () => routes.operations,
    });

    progress.stage('denoise');
    const start = startOf(params.number('strength'), request.steps);
    const [edited = clean] = await runPairedLoop({
      clean,
      sigmas: view.sigmas,
      start,
      kappa: params.number('kappa'),
      renewal: 1,
      noise: noiseSource(request.seed, clean.length, 'step'),
      velocities: async ({ latents, step }) => {
        const states = latents.map((latent) => view.state(step, latent));
        const { velocities } = await branches.run({
          latents: states,
          timestep: plan.timesteps[step] ?? 0,
          values: routeAmounts(routes, branches, step, request.steps),
        });
        return velocities.map((velocity, branch) => view.velocity(step, states[branch] ?? velocity, velocity));
      },
      ...(area === undefined ? {} : { adjust: ({ offsets }) => offsets.map((offset) => area.inside(offset)) }),
      onStep: ({ step, cleans }) =>
        previewFrame(
          { model, canvas, progress, of: request.steps - start },
          step - start,
          latentOn(canvas, cleans.at(-1) ?? clean),
        ),
    });
    return {
      canvas,
      latent: latentOn(canvas, edited),
      maps: [],
      ...(area === undefined ? {} : { masks: area.masks }),
      prompts: [
        { role: 'sourcePrompt', condition: source },
        { role: 'prompt', condition: target },
        { role: 'negative', condition: negative },
      ],
      levels: levelsOf(plan),
      sampler: { name: 'diffusion-paired', commonName: 'DDIM' },
      operations: recordRoutes(routes, request.steps),
      figures: {},
    };
  },
};

function requireClip({ source, request }: VideoContext): readonly Pixels[] {
  if (source !== undefined && source.length > 0) return source;
  throw new AttuneError('request-invalid', `The method ${request.method} needs a clip to edit.`, { field: 'source' });
}
