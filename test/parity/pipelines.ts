import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Autoencoder, Denoiser, RuntimeSession, Tensor, TensorRuntime } from '../../engine/index.ts';
import {
  floatTensor,
  GraphBuilder,
  guide,
  openComponent,
  openScheduler,
  plainAttention,
  runEulerLoop,
} from '../../engine/index.ts';
import { autoencoders, denoisers } from '../../models/registry.ts';
import { Comparison, storedTolerance } from './compare.ts';
import { field, isRecord, number, record, text } from './manifest.ts';
import { readFixtureTensors, take, takeFloats } from './safetensors.ts';
import type { FixtureRunner } from './types.ts';

/** Image pipelines of flow models from given prompt embeddings and noise to the decoded picture, through the product's loop. */
export const runPipeline: FixtureRunner = async ({ directory, path, manifest }, { runtime }) => {
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
  const results = await sample({
    directory,
    manifest,
    runtime,
    denoiser,
    autoencoder,
    scheduler: openScheduler(config),
  });
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
  readonly runtime: TensorRuntime;
  readonly denoiser: Denoiser;
  readonly autoencoder: Autoencoder;
  readonly scheduler: ReturnType<typeof openScheduler>;
}

async function sample(run: PipelineRun): Promise<Map<string, ArrayLike<number>>> {
  const { denoiser, autoencoder, manifest, runtime } = run;
  const inputs = await readFixtureTensors(join(run.directory, 'inputs.safetensors'));
  const start = take(inputs, 'latents');
  const [rows = 0, , height = 0, width = 0] = start.shape;
  const textTokens = take(inputs, 'prompt_embeds').shape[1] ?? 0;
  const steps = number(manifest, 'call', 'num_inference_steps');
  const imageTokens = (height / denoiser.patchSize) * (width / denoiser.patchSize);
  const { sigmas, timesteps } = run.scheduler.plan(steps, { imageTokens });
  if (sigmas === undefined) throw new Error('this pipeline needs a flow scheduler');

  // Guidance by two passes in one batch, the negative prompts first.
  const batch = 2 * rows;
  const text = join2(takeFloats(inputs, 'negative_prompt_embeds'), takeFloats(inputs, 'prompt_embeds'));
  const pooled = join2(takeFloats(inputs, 'negative_pooled_prompt_embeds'), takeFloats(inputs, 'pooled_prompt_embeds'));
  const g = new GraphBuilder();
  g.output('velocity', denoiser.build(g, { batch, height, width, textTokens }, plainAttention));
  const session = await runtime.createSession(g.build(), { weights: 'mapped' });
  const results = new Map<string, ArrayLike<number>>();
  const latent = await runEulerLoop({
    latent: takeFloats(inputs, 'latents'),
    sigmas,
    velocity: async ({ step, latent: state }) => {
      const both = join2(state, state);
      const velocity = await runOne(session, 'velocity', {
        latent: floatTensor(both, [batch, denoiser.latentChannels, height, width]),
        timestep: floatTensor(new Float32Array(batch).fill(timesteps[step] ?? 0), [batch]),
        text: floatTensor(text, [batch, textTokens, denoiser.textWidth]),
        pooled: floatTensor(pooled, [batch, denoiser.pooledWidth]),
      });
      results.set(`step.${step}.timestep`, [timesteps[step] ?? 0]);
      results.set(`step.${step}.model_output`, velocity);
      const half = velocity.length / 2;
      return guide(velocity.subarray(0, half), velocity.subarray(half), number(manifest, 'call', 'guidance_scale'));
    },
    onStep: ({ step, latent: state }) => {
      results.set(`step.${step}.latents`, state);
    },
  });
  await session.release();

  const unscaled = latent.map((value) => value / autoencoder.scalingFactor + autoencoder.shiftFactor);
  const decoded = await decode(runtime, autoencoder, floatTensor(unscaled, start.shape));
  results.set('decoder_input', unscaled);
  results.set('decoded', decoded);
  results.set(
    'image',
    decoded.map((value) => Math.min(Math.max(value / 2 + 0.5, 0), 1)),
  );
  return results;
}

async function decode(runtime: TensorRuntime, autoencoder: Autoencoder, latent: Tensor): Promise<Float32Array> {
  const [batch = 0, , height = 0, width = 0] = latent.dims;
  const g = new GraphBuilder();
  g.output('image', autoencoder.buildDecoder(g, { batch, height, width }));
  const session = await runtime.createSession(g.build(), { weights: 'mapped' });
  const image = await runOne(session, 'image', { latent });
  await session.release();
  return image;
}

async function runOne(
  session: RuntimeSession,
  output: string,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Float32Array> {
  const tensor = (await session.run(feeds))[output];
  if (tensor?.dtype !== 'float32') throw new Error(`the graph gave no float32 ${output}`);
  return tensor.data;
}

function join2(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
