import { noiseSource } from '../base/noise.ts';
import { openBranches } from '../pipeline/branches.ts';
import { canvasOf, decodeOnCanvas } from '../pipeline/canvas.ts';
import { encodePrompt } from '../pipeline/condition.ts';
import { flowLevels } from '../pipeline/levels.ts';
import { previewAndCount } from '../pipeline/report.ts';
import { runEulerLoop } from '../sampling/eulerloop.ts';
import { watchTarget } from './inputs.ts';
import { type Method, rowsOf } from './method.ts';

/** A picture from a prompt: plain sampling of the flow with classifier-free guidance (Ho & Salimans, arXiv 2207.12598). */
export const generate: Method = {
  description: {
    id: 'generate',
    title: 'Generate',
    summary: 'Makes a picture from a prompt.',
    makes: 'picture',
    inputs: { prompt: 'required', negative: 'optional' },
    params: [],
    defaults: {},
  },
  demand: ({ guidance }) => ({ rows: rowsOf(guidance), searchRows: 0, encodes: false, routed: false }),
  async run({ model, request, progress }) {
    const canvas = canvasOf(model, request.size);
    progress.stage('condition');
    const prompt = await encodePrompt(model, request.prompt);
    const negative = await encodePrompt(model, request.negative ?? '');
    const { sigmas } = flowLevels(model, request.steps, canvas);

    const watched = await watchTarget(model, request, prompt);
    const branches = await openBranches(model, {
      branches: [{ name: 'target', condition: prompt, negative, guidance: request.guidance }],
      height: canvas.rows,
      width: canvas.columns,
      ...watched,
    });

    progress.stage('denoise');
    const latent = await runEulerLoop({
      latent: noiseSource(request.seed, canvas.latentLength, 'initial')(0),
      sigmas,
      velocity: async ({ latent: state, sigma }) =>
        (await branches.run({ latents: [state], sigma })).velocities[0] ?? state,
      onStep: (report) =>
        previewAndCount({ model, canvas, progress, branches, from: 0, of: request.steps }, report.step, report.clean),
    });
    progress.stage('decode');
    return {
      image: await decodeOnCanvas(model, canvas, latent),
      maps: branches.maps?.pictures('target', canvas) ?? [],
      prompts: [
        { role: 'prompt', condition: prompt },
        ...(request.guidance === 1 ? [] : [{ role: 'negative' as const, condition: negative }]),
      ],
      sigmas,
      sampler: { name: 'flow-euler', commonName: 'Euler' },
      operations: [],
      figures: {},
    };
  },
};
