import { TARGET } from '../../denoise/report.ts';
import { defineMethod } from '../method.ts';
import { editArea } from './area.ts';
import { PROMPT_EDIT_PARAMS } from './params.ts';
import { planRoutes, recordRoutes, routeAmounts } from './routes.ts';

/**
 * Changes what a changed word says and nothing else, in a picture or in every frame of a clip. Source and target run as rows of one batch
 * through the paired transition (`sampling/paired.ts`: kappa 1 is FlowEdit's, kappa 0 InfEdit's virtual inversion), and the target's
 * image tokens take from the source
 *  - the logits of the words that both prompts share (word swap and refinement of Prompt-to-Prompt, arXiv 2208.01626, one step before
 *    the softmax, so the joint softmax stays normalised), until `crossReplaceSteps`;
 *  - the logits among image tokens, i.e. the layout, across frames too, which keeps the motion, until `selfReplaceSteps` (the self-attention
 *    half of InfEdit's unified control, arXiv 2312.04965).
 * The words that differ are looked for in the source; outside that area the offset from the source is set to zero at every step (local
 * blend on clean estimates). Differences from InfEdit: two branches instead of three, since the offset form keeps the source exactly and
 * needs no layout branch; the area comes from a look at the source before the first step, where captured attention and the change of the
 * prediction agree (`denoise/editmask.ts`), so that it holds from the first step on.
 */
export const promptEdit = defineMethod({
  description: {
    id: 'prompt-edit',
    title: 'Edit by prompt',
    summary: 'Changes what the changed words say, where they are, and keeps the rest of the picture or clip.',
    makes: ['picture', 'video'],
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
  requirements: ({ request, params, hasMask, rows }) => ({
    rows: rows(request.guidance) + rows(params.sourceGuidance),
    searchRows: params.blend && !hasMask ? 2 : 0,
    encodes: true,
    routed: params.crossReplaceSteps > 0 || params.selfReplaceSteps > 0,
  }),
  readsNegative: ({ request, params, rows }) => rows(request.guidance) + rows(params.sourceGuidance) > 2,
  async locate(run, params) {
    const clean = await run.encodeSource();
    const area = await editArea(run, clean, await run.encodeEdit([1]), params);
    return area?.masks;
  },
  async run(run, params) {
    const { guidance, steps } = run.request;
    const clean = await run.encodeSource();
    const prompts = await run.encodeEdit([guidance, params.sourceGuidance]);
    const { source, target, negative } = prompts;
    const area = await editArea(run, clean, prompts, params);
    const routes = planRoutes(source, target, params);
    const passes = await run.open(
      [run.branch('source', source, negative, params.sourceGuidance), run.branch(TARGET, target, negative)],
      () => routes.operations,
    );
    const edited = await run.edit(passes, {
      clean,
      start: run.firstStep(params.strength),
      kappa: params.kappa,
      nAvg: params.nAvg,
      velocities: ({ latents, step }) =>
        run.velocities(passes, latents, step, routeAmounts(routes, passes, step, steps)),
      ...(area === undefined ? {} : { adjust: ({ offsets }) => offsets.map((offset) => area.inside(offset)) }),
    });
    return run.outcome(edited, passes, {
      masks: area?.masks,
      sampler: run.pairedSampler,
      operations: recordRoutes(routes, steps),
    });
  },
});
