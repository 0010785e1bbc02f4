import { TARGET } from '../denoise/report.ts';
import { defineMethod } from './method.ts';

/** Plain image-to-image: the source is noised part of the way and sampled anew from a prompt (SDEdit, Meng et al., arXiv 2108.01073). */
export const sdedit = defineMethod({
  description: {
    id: 'sdedit',
    title: 'Image to image',
    summary: 'Noises the source part of the way and makes it anew from a prompt; nothing but the layout is kept.',
    makes: ['picture', 'video'],
    paper: 'SDEdit: Guided Image Synthesis and Editing with Stochastic Differential Equations (arXiv 2108.01073)',
    inputs: { source: 'required', prompt: 'required', negative: 'optional', mask: 'optional' },
    params: [
      {
        name: 'strength',
        title: 'Strength',
        summary: 'Share of the steps that run: more follows the prompt, less keeps the source.',
        type: 'number',
        min: 0.05,
        max: 1,
        step: 0.01,
        default: 0.6,
      },
    ],
    defaults: {},
  },
  requirements: ({ request, rows }) => ({ rows: rows(request.guidance), encodes: true }),
  async run(run, { strength }) {
    const clean = await run.encodeSource();
    const { prompt, negative } = await run.encodePrompts();
    const passes = await run.open([run.branch(TARGET, prompt, negative)]);
    const start = run.firstStep(strength);
    const latent = run.plan.addNoise(clean, run.noise('initial')(0), start);
    return run.outcome(await run.sample(passes, { latent, start }), passes, { masks: run.mask && [run.mask] });
  },
});
