import { TARGET } from '../denoise/report.ts';
import { defineMethod } from './method.ts';

/**
 * Carries a source from what its caption says to what the new prompt says along the difference of two velocity fields, without
 * inverting it: at every level the source is noised afresh and the target gets the same noise (Kulikov et al., FlowEdit, arXiv
 * 2412.08629, algorithm 1). No attention is touched. The steps are the paper's n_max of T; `tail` is its n_min and `nAvg` its
 * n_avg. Diffusion models run in their flow form.
 */
export const flowedit = defineMethod({
  description: {
    id: 'flowedit',
    title: 'FlowEdit',
    summary:
      'Follows the difference between two prompts from the source to the result, without inversion and without touching attention.',
    makes: ['picture', 'video'],
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
        name: 'nAvg',
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
  requirements: ({ request, params, rows }) => ({
    rows: rows(request.guidance) + rows(params.sourceGuidance),
    encodes: true,
  }),
  async run(run, { strength, sourceGuidance, nAvg, tail: asked }) {
    const { guidance, steps } = run.request;
    const clean = await run.encodeSource();
    const { source, target, negative } = await run.encodeEdit([guidance]);
    const unconditional = await run.unconditional([sourceGuidance]);
    const targetBranch = run.branch(TARGET, target, negative);
    const start = run.firstStep(strength);
    const tail = Math.min(asked, steps - start);
    const pair = await run.open([run.branch('source', source, unconditional, sourceGuidance), targetBranch]);
    const alone = tail > 0 ? await run.open([targetBranch]) : pair;
    // The words are looked for where the edit happens, and where that has no steps, in the tail.
    const shown = tail < steps - start ? pair : alone;
    const edited = await run.edit(shown, {
      clean,
      start,
      nAvg,
      tail,
      velocities: ({ latents, step, phase }) => run.velocities(phase === 'tail' ? alone : pair, latents, step),
    });
    return run.outcome(edited, shown, { masks: run.mask && [run.mask], sampler: run.pairedSampler });
  },
});
