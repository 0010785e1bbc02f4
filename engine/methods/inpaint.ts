import { noiseSource } from '../base/noise.ts';
import { openBranches } from '../pipeline/branches.ts';
import { canvasOf, decodeOnCanvas, encodeOnCanvas, maskToCells } from '../pipeline/canvas.ts';
import { encodePrompt } from '../pipeline/condition.ts';
import { flowLevels } from '../pipeline/levels.ts';
import { previewAndCount } from '../pipeline/report.ts';
import { runEulerLoop } from '../sampling/eulerloop.ts';
import { blend, renoise } from '../sampling/steps.ts';
import { requireMask, requireSource, startOf, watchTarget } from './inputs.ts';
import { type Method, rowsOf } from './method.ts';
import { readParams } from './params.ts';

/**
 * Fills a masked area from a prompt. At every step the clean estimate outside the mask is replaced by the source's clean latent and
 * the step goes on from the mixture (blended latent diffusion, Avrahami et al., arXiv 2206.02779, with the blend on clean estimates as
 * HD-Painter's base does), so the network always sees the true surroundings at the right noise level.
 */
export const inpaint: Method = {
  description: {
    id: 'inpaint',
    title: 'Inpaint',
    summary: 'Repaints the masked area from a prompt and leaves every other pixel as it was.',
    makes: 'picture',
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
  demand: ({ guidance }) => ({ rows: rowsOf(guidance), searchRows: 0, encodes: true, routed: false }),
  async run(context) {
    const { model, request, progress } = context;
    const canvas = canvasOf(model, request.size);
    const mask = requireMask(context);
    progress.stage('encode');
    const { data: clean } = await encodeOnCanvas(model, canvas, requireSource(context));
    // A cell that holds any repainted pixel is free: a hard border inside a cell would leave half of it to the old picture.
    const cells = maskToCells(model, canvas, mask).map((share) => (share > 0 ? 1 : 0));
    progress.stage('condition');
    const prompt = await encodePrompt(model, request.prompt);
    const negative = await encodePrompt(model, request.negative ?? '');
    const { sigmas } = flowLevels(model, request.steps, canvas);
    const branches = await openBranches(model, {
      branches: [{ name: 'target', condition: prompt, negative, guidance: request.guidance }],
      height: canvas.rows,
      width: canvas.columns,
      ...(await watchTarget(model, request, prompt)),
    });

    progress.stage('denoise');
    const noise = noiseSource(request.seed, clean.length, 'initial')(0);
    const start = startOf(readParams(request.params).number('strength'), request.steps);
    const latent = await runEulerLoop({
      latent: renoise(clean, noise, sigmas[start] ?? 1),
      sigmas,
      start,
      velocity: async ({ latent: state, sigma }) =>
        (await branches.run({ latents: [state], sigma })).velocities[0] ?? state,
      replaceClean: (estimate) => blend(estimate, clean, cells),
      onStep: (report) =>
        previewAndCount(
          { model, canvas, progress, branches, from: start, of: request.steps },
          report.step,
          report.clean,
        ),
    });
    progress.stage('decode');
    return {
      image: await decodeOnCanvas(model, canvas, latent),
      maps: branches.maps?.pictures('target', canvas) ?? [],
      mask,
      prompts: [
        { role: 'prompt', condition: prompt },
        { role: 'negative', condition: negative },
      ],
      sigmas,
      sampler: { name: 'flow-euler', commonName: 'Euler' },
      operations: [],
      figures: {},
    };
  },
};
