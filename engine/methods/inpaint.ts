import { TARGET } from '../denoise/report.ts';
import { blend, renoise } from '../sampling/steps.ts';
import { defineMethod } from './method.ts';

/**
 * Fills a masked area from a prompt. At every step the clean estimate outside the mask is replaced by the source's clean latent and
 * the step goes on from the mixture (blended latent diffusion, Avrahami et al., arXiv 2206.02779, with the blend on clean estimates as
 * HD-Painter's base does), so the network always sees the true surroundings at the right noise level.
 */
export const inpaint = defineMethod({
  description: {
    id: 'inpaint',
    title: 'Inpaint',
    summary: 'Repaints the masked area from a prompt and leaves every other pixel as it was.',
    makes: ['picture', 'video'],
    paper: 'Blended Latent Diffusion (arXiv 2206.02779)',
    inputs: { source: 'required', mask: 'required', prompt: 'required', negative: 'optional' },
    params: [
      {
        name: 'strength',
        title: 'Strength',
        summary: 'How much of what was under the mask is forgotten: 1 starts from pure noise.',
        type: 'number',
        min: 0.05,
        max: 1,
        step: 0.01,
        default: 1,
      },
    ],
    defaults: {},
  },
  requirements: ({ request, rows }) => ({ rows: rows(request.guidance), encodes: true }),
  async run(run, { strength }) {
    const weights = run.latentMask();
    const clean = await run.encodeSource();
    const { prompt, negative } = await run.encodePrompts();
    const passes = await run.open([run.branch(TARGET, prompt, negative)]);
    const start = run.firstStep(strength);
    const noised = renoise(clean, run.noise('initial')(0), run.view.level(start).sigma);
    const latent = await run.sampleBlended(passes, noised, start, (estimate) => blend(estimate, clean, weights));
    return run.outcome(latent, passes, { masks: run.mask && [run.mask], sampler: run.flowSampler });
  },
});
