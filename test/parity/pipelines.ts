import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CodingModel, DenoisingModel } from '../../engine/index.ts';
import {
  decodePlanes,
  openBranches,
  openComponent,
  openScheduler,
  runEulerLoop,
  SessionCache,
} from '../../engine/index.ts';
import { autoencoders, denoisers } from '../../models/registry.ts';
import { Comparison, storedTolerance } from './compare.ts';
import { field, isRecord, number, record, text } from './manifest.ts';
import { conditions, joined } from './prompts.ts';
import { readFixtureTensors, take, takeFloats } from './safetensors.ts';
import type { FixtureRunner } from './types.ts';
import { runVideoPipeline } from './videopipeline.ts';

/** Image pipelines of flow models from given prompt embeddings and noise to the decoded picture, through the product's branches, loop and decoder. */
export const runPipeline: FixtureRunner = async (fixture, context) =>
  field(fixture.manifest, 'class') === 'CogVideoXPipeline'
    ? runVideoPipeline(fixture, context)
    : runPicturePipeline(fixture, context);

const runPicturePipeline: FixtureRunner = async ({ directory, path, manifest }, { runtime }) => {
  const component = (name: string) => openComponent(join(directory, text(manifest, 'components', name)));
  const transformer = component('transformer');
  const denoiser = denoisers.find((family) => family.detect(transformer))?.open(transformer);
  const vae = component('vae');
  const autoencoder = autoencoders.find((family) => family.detect(vae))?.open(vae);
  if (denoiser === undefined || autoencoder === undefined) {
    return [{ path, status: 'SKIP', detail: `no code yet for ${field(manifest, 'class')}` }];
  }
  const config: unknown = JSON.parse(
    await readFile(join(directory, text(manifest, 'components', 'scheduler'), 'scheduler_config.json'), 'utf8'),
  );
  if (!isRecord(config)) throw new Error('a scheduler config must be an object');
  const loading = { denoiser: { weights: 'mapped' }, autoencoder: { weights: 'mapped' } } as const;
  const sessions = new SessionCache(runtime);
  const model = { folder: directory, denoiser, autoencoder, sessions, loading };
  const results = await sample({ directory, manifest, model, scheduler: openScheduler(config) });
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

interface PipelineRun {
  readonly directory: string;
  readonly manifest: unknown;
  readonly model: DenoisingModel & CodingModel;
  readonly scheduler: ReturnType<typeof openScheduler>;
}

/** The pictures of the fixture are branches of one batch, each guided by its own negative prompt. */
async function sample({ directory, manifest, model, scheduler }: PipelineRun): Promise<Map<string, ArrayLike<number>>> {
  const { denoiser, autoencoder } = model;
  const inputs = await readFixtureTensors(join(directory, 'inputs.safetensors'));
  const start = take(inputs, 'latents');
  const [pictures = 0, channels = 0, height = 0, width = 0] = start.shape;
  const size = channels * height * width;
  const steps = number(manifest, 'call', 'num_inference_steps');
  const guidance = number(manifest, 'call', 'guidance_scale');
  const imageTokens = (height / denoiser.patchSize) * (width / denoiser.patchSize);
  const { sigmas, timesteps } = scheduler.plan(steps, { imageTokens });
  if (sigmas === undefined) throw new Error('this pipeline needs a flow scheduler');

  const [positives, negatives] = ['', 'negative_'].map((kind) =>
    conditions(take(inputs, `${kind}prompt_embeds`), take(inputs, `${kind}pooled_prompt_embeds`)),
  );
  if (positives === undefined || negatives === undefined) throw new Error('a guided pipeline has two kinds of prompts');
  const guided = await openBranches(model, {
    branches: positives.map((condition, i) => ({
      name: `${i}`,
      condition,
      negative: negatives[i] ?? condition,
      guidance,
    })),
    height,
    width,
  });
  // What the network returned before guidance is in the fixture too, the negative prompts first.
  const plain = await openBranches(model, {
    branches: [...negatives, ...positives].map((condition, i) => ({ name: `${i}`, condition, guidance: 1 })),
    height,
    width,
  });

  const results = new Map<string, ArrayLike<number>>();
  const latent = await runEulerLoop({
    latent: takeFloats(inputs, 'latents'),
    sigmas,
    velocity: async ({ step, sigma, latent: state }) => {
      const latents = Array.from({ length: pictures }, (_, i) => state.subarray(i * size, (i + 1) * size));
      results.set(`step.${step}.timestep`, [timesteps[step] ?? 0]);
      const { velocities } = await plain.run({ latents: [...latents, ...latents], sigma });
      results.set(`step.${step}.model_output`, joined(velocities));
      return joined((await guided.run({ latents, sigma })).velocities);
    },
    onStep: ({ step, latent: state }) => {
      results.set(`step.${step}.latents`, state);
    },
  });

  const planes: Float32Array[] = [];
  for (let i = 0; i < pictures; i++)
    planes.push(
      await decodePlanes(model, { data: latent.subarray(i * size, (i + 1) * size), channels, height, width }),
    );
  const decoded = joined(planes);
  results.set(
    'decoder_input',
    latent.map((value) => value / autoencoder.scalingFactor + autoencoder.shiftFactor),
  );
  results.set('decoded', decoded);
  results.set(
    'image',
    decoded.map((value) => Math.min(Math.max(value / 2 + 0.5, 0), 1)),
  );
  return results;
}
