import { AttuneError } from '../base/errors.ts';
import { TARGET } from '../denoise/report.ts';
import { latentSizeOf } from '../latents/size.ts';
import { dynamicGuidance } from '../sampling/dynamicguidance.ts';
import { framesWished } from './frames.ts';
import { defineMethod } from './method.ts';
import { PER_FRAME_NOISE, renoisingOf } from './perframenoise.ts';

/**
 * A picture or a clip from one prompt: plain sampling along the checkpoint's own scheduler with classifier-free guidance (Ho & Salimans,
 * arXiv 2207.12598), a clip in one pass of the network a step as CogVideoXPipeline makes it (arXiv 2408.06072).
 */
export const generate = defineMethod({
  description: {
    id: 'generate',
    title: 'Generate',
    summary: 'Makes a picture, or a clip as long as the model makes at once, from a prompt.',
    makes: ['picture', 'video'],
    inputs: { prompt: 'required', negative: 'optional' },
    params: [
      {
        name: 'dynamicGuidance',
        title: 'Dynamic guidance',
        summary: "Guidance changes over the steps as in CogVideoX's published samples, instead of staying the same.",
        only: 'video',
        type: 'boolean',
        default: false,
      },
      PER_FRAME_NOISE,
    ],
    defaults: {},
  },
  requirements: ({ request, rows }) => ({ rows: rows(request.guidance) }),
  size({ model, request }) {
    const frames = framesWished(request, model);
    const most = model.defaults.frames;
    if (frames > most)
      throw new AttuneError(
        'request-invalid',
        `${model.name} makes at most ${most} frames at once and ${frames} were asked for. Ask for fewer frames, or take the method ditctrl, which makes longer videos.`,
        { field: 'frames' },
      );
    return latentSizeOf(model, { ...request.size, frames });
  },
  async run(run, params) {
    const { guidance, steps } = run.request;
    const { prompt, negative } = await run.encodePrompts();
    const passes = await run.open([run.branch(TARGET, prompt, negative)]);
    const latent = await run.sample(passes, {
      guidance:
        params.dynamicGuidance && guidance !== 1 ? (timestep) => dynamicGuidance(guidance, timestep, steps) : undefined,
      renoising: renoisingOf(params, run.request, run.size),
    });
    return run.outcome(latent, passes);
  },
});
