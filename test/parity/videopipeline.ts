import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeFramePlanes,
  type FrameCoder,
  isVideoDenoiser,
  latentOn,
  openBranches,
  openComponent,
  openScheduler,
  runDiffusionLoop,
  SessionCache,
  videoCanvasOf,
} from '../../engine/index.ts';
import { denoisers, videoAutoencoders } from '../../models/registry.ts';
import { Comparison, storedTolerance } from './compare.ts';
import { isRecord, number, record, text } from './manifest.ts';
import { conditions, joined } from './prompts.ts';
import { readFixtureTensors, take, takeFloats } from './safetensors.ts';
import type { FixtureRunner } from './types.ts';

/** CogVideoX pipelines from given prompt embeddings and noise to the decoded frames, through the product's branches, loop and decoder. */
export const runVideoPipeline: FixtureRunner = async ({ directory, path, manifest }, { runtime }) => {
  const component = (name: string) => openComponent(join(directory, text(manifest, 'components', name)));
  const [transformer, vae] = [component('transformer'), component('vae')];
  const opened = denoisers.find((family) => family.detect(transformer))?.open(transformer);
  const denoiser = opened !== undefined && isVideoDenoiser(opened) ? opened : undefined;
  const autoencoder = videoAutoencoders.find((family) => family.detect(vae))?.open(vae);
  if (denoiser === undefined || autoencoder === undefined)
    return [{ path, status: 'SKIP', detail: 'no code yet for its networks' }];
  const config: unknown = JSON.parse(
    await readFile(join(directory, text(manifest, 'components', 'scheduler'), 'scheduler_config.json'), 'utf8'),
  );
  if (!isRecord(config)) throw new Error('a scheduler config must be an object');
  const sessions = new SessionCache(runtime);
  const coder: FrameCoder = { kind: 'video', autoencoder };
  const model = {
    name: path,
    folder: directory,
    denoiser,
    coder,
    sessions,
    loading: { denoiser: { weights: 'mapped' }, autoencoder: { weights: 'mapped' } },
  } as const;

  const call = (name: string) => number(manifest, 'call', name);
  const canvas = videoCanvasOf(model, { width: call('width'), height: call('height'), frames: call('num_frames') });
  const inputs = await readFixtureTensors(join(directory, 'inputs.safetensors'));
  const none = { ...take(inputs, 'prompt_embeds'), data: new Float32Array(), shape: [1, 0] };
  const [[positive], [negative]] = [
    conditions(take(inputs, 'prompt_embeds'), none),
    conditions(take(inputs, 'negative_prompt_embeds'), none),
  ];
  if (positive === undefined || negative === undefined) throw new Error('the fixture has no prompts');
  const grid = { frames: canvas.leadingFrames + canvas.codedFrames, height: canvas.rows, width: canvas.columns };
  const guided = await openBranches(model, {
    ...grid,
    branches: [{ name: 'target', condition: positive, negative, guidance: call('guidance_scale') }],
  });
  // What the network returned before guidance is in the fixture too, the negative prompt first.
  const plain = await openBranches(model, {
    ...grid,
    branches: [negative, positive].map((condition, i) => ({ name: `${i}`, condition, guidance: 1 })),
  });
  const noises = inputs.has('step_noise') ? takeFloats(inputs, 'step_noise') : undefined;
  const results = new Map<string, ArrayLike<number>>();
  const latent = await runDiffusionLoop({
    latent: takeFloats(inputs, 'latents'),
    plan: openScheduler(config).plan(call('num_inference_steps')),
    ...(noises === undefined
      ? {}
      : { noise: (step) => noises.subarray(step * canvas.latentLength, (step + 1) * canvas.latentLength) }),
    predict: async ({ step, timestep, latent: state }) => {
      results.set(`step.${step}.timestep`, [timestep]);
      const { velocities } = await plain.run({ latents: [state, state], timestep });
      results.set(`step.${step}.model_output`, joined(velocities));
      return (await guided.run({ latents: [state], timestep })).velocities[0] ?? state;
    },
    onStep: ({ step, next }) => {
      results.set(`step.${step}.latents`, next);
    },
  });

  const size = denoiser.latentChannels * canvas.rows * canvas.columns;
  const coded = latent.subarray(canvas.leadingFrames * size);
  results.set(
    'decoder_input',
    framesInside(coded, canvas.codedFrames, denoiser.latentChannels).map((value) => value / autoencoder.scalingFactor),
  );
  const frames: Float32Array[] = [];
  for await (const planes of decodeFramePlanes(model, canvas, latentOn(canvas, latent))) frames.push(planes);
  const pictures = joined(frames);
  results.set('decoded', framesInside(pictures, frames.length, 3));
  results.set(
    'image',
    pictures.map((value) => Math.min(Math.max(value / 2 + 0.5, 0), 1)),
  );
  await sessions.release();
  const outputs = await readFixtureTensors(join(directory, 'outputs.safetensors'));
  const comparison = new Comparison(path);
  for (const [name, entry] of Object.entries(record(manifest, 'outputs'))) {
    const actual = results.get(name);
    if (actual === undefined) comparison.fail(`${name} is not computed`);
    else comparison.check(name, actual, take(outputs, name).data, storedTolerance(entry));
  }
  return [comparison.result(`${comparison.compared} tensors`)];
};

/** [frames, channels, plane] -> [channels, frames, plane] */
function framesInside(data: Float32Array, frames: number, channels: number): Float32Array {
  const plane = data.length / frames / channels;
  const out = new Float32Array(data.length);
  for (let f = 0; f < frames; f++)
    for (let c = 0; c < channels; c++)
      out.set(data.subarray((f * channels + c) * plane, (f * channels + c + 1) * plane), (c * frames + f) * plane);
  return out;
}
