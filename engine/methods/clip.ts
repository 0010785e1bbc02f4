import { AttuneError } from '../base/errors.ts';
import { noiseSource } from '../base/noise.ts';
import { openBranches } from '../pipeline/branches.ts';
import { latentOn } from '../pipeline/latentframes.ts';
import { videoCanvasOf } from '../pipeline/videocanvas.ts';
import { encodeVideoPrompt } from '../pipeline/videocondition.ts';
import type { VideoModel } from '../pipeline/videomodel.ts';
import { watchWords } from '../pipeline/wordmaps.ts';
import { runDiffusionLoop } from '../sampling/diffusionloop.ts';
import { dynamicGuidance } from '../sampling/dynamicguidance.ts';
import { rowsOf } from './method.ts';
import { OWN_NOISE, renoisingOf } from './ownnoise.ts';
import { readParams } from './params.ts';
import type { VideoMethod } from './videomethod.ts';
import { frameMaps, framesOf, levelsOf, previewFrame, samplerOf } from './videosampling.ts';

/** A clip from one prompt, as CogVideoXPipeline makes it (arXiv 2408.06072): the whole clip in one pass of the network a step. */
export const clip: VideoMethod = {
  description: {
    id: 'clip',
    title: 'Clip',
    summary: 'Makes a clip from one prompt, as long as the model makes at once.',
    makes: 'video',
    paper: 'CogVideoX: Text-to-Video Diffusion Models with An Expert Transformer (arXiv 2408.06072)',
    inputs: { prompt: 'required', negative: 'optional' },
    params: [
      {
        name: 'dynamicGuidance',
        title: 'Dynamic guidance',
        summary: "Guidance changes over the steps as in CogVideoX's published samples, instead of staying the same.",
        type: 'boolean',
        default: false,
      },
      OWN_NOISE,
    ],
    defaults: {},
  },
  demand(request, model) {
    const canvas = videoCanvasOf(model, { ...request.size, frames: framesOf(request, model) });
    return { canvas, rows: rowsOf(request.guidance), window: canvas.codedFrames };
  },
  async run({ model, request, progress }) {
    const canvas = videoCanvasOf(model, { ...request.size, frames: clipLength(request, model) });
    progress.stage('condition');
    const prompt = await encodeVideoPrompt(model, request.prompt);
    const negative = await encodeVideoPrompt(model, request.negative ?? '');
    const plan = model.scheduler.plan(request.steps);
    const open = (guidance: number) =>
      openBranches(model, {
        branches: [{ name: 'target', condition: prompt, negative, guidance }],
        frames: canvas.leadingFrames + canvas.codedFrames,
        height: canvas.rows,
        width: canvas.columns,
        ...(watched === undefined ? {} : { watched: [watched] }),
      });
    const watched = request.maps === true ? await watchWords(model, 'target', prompt, encodeVideoPrompt) : undefined;
    const params = readParams(request.params);
    const isDynamic = params.boolean('dynamicGuidance') && request.guidance !== 1;
    const branches = await open(request.guidance);

    progress.stage('denoise');
    const latent = await runDiffusionLoop({
      latent: noiseSource(request.seed, canvas.latentLength, 'initial')(0),
      plan,
      noise: noiseSource(request.seed, canvas.latentLength, 'step'),
      renoising: renoisingOf(params, request, canvas),
      predict: async ({ latent: state, timestep }) => {
        const guidance = isDynamic ? dynamicGuidance(request.guidance, timestep, request.steps) : undefined;
        const { velocities } = await branches.run({
          latents: [state],
          timestep,
          ...(guidance === undefined ? {} : { guidance: [guidance] }),
        });
        return velocities[0] ?? state;
      },
      onStep: ({ step, clean }) =>
        previewFrame({ model, canvas, progress, of: request.steps, branches }, step, latentOn(canvas, clean)),
    });
    return {
      canvas,
      latent: latentOn(canvas, latent),
      maps: frameMaps(branches, canvas),
      prompts: [
        { role: 'prompt', condition: prompt },
        ...(request.guidance === 1 ? [] : [{ role: 'negative' as const, condition: negative }]),
      ],
      levels: levelsOf(plan),
      sampler: samplerOf(plan),
      operations: [],
      figures: {},
    };
  },
};

/** Throws 'request-invalid' for a clip that is longer than what the network was made for. */
export function clipLength(request: Parameters<typeof framesOf>[0], model: VideoModel): number {
  const frames = framesOf(request, model);
  if (frames <= model.defaults.frames) return frames;
  throw new AttuneError(
    'request-invalid',
    `${model.name} makes at most ${model.defaults.frames} frames at once and ${frames} were asked for. Ask for fewer (--frames), or take the method ditctrl, which makes longer videos.`,
    { field: 'frames' },
  );
}
