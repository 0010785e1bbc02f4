import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CodingModel,
  type DenoisingModel,
  decodeFramePlanes,
  type LatentSize,
  latentOf,
  latentSizeOf,
  openBranches,
  openComponent,
  openScheduler,
  type PipelineFamily,
  runSchedulerLoop,
  SessionCache,
  schedule,
} from '../../engine/index.ts';
import { autoencoders, pipelines } from '../../models/registry.ts';
import { Comparison, storedTolerance } from './compare.ts';
import { field, isRecord, number, record, text } from './manifest.ts';
import { conditions, joined } from './prompts.ts';
import { readFixtureTensors, take, takeFloats } from './safetensors.ts';
import type { FixtureArray, FixtureRunner } from './types.ts';

/**
 * Pipelines from given prompt embeddings and noise to the decoded frames, through the product's schedule, branches, loop and decoder.
 * The rows of the fixture's batch are branches, each guided by its own negative prompt.
 */
export const runPipeline: FixtureRunner = async ({ directory, path, manifest }, { runtime }) => {
  const component = (name: string) => openComponent(join(directory, text(manifest, 'components', name)));
  const [transformer, vae] = [component('transformer'), component('vae')];
  const family = pipelines.find(({ denoiser }) => denoiser.detect(transformer));
  const autoencoder = autoencoders.find((candidate) => candidate.detect(vae))?.open(vae);
  if (family === undefined || autoencoder === undefined)
    return [{ path, status: 'SKIP', detail: `no code yet for ${field(manifest, 'class')}` }];
  const config: unknown = JSON.parse(
    await readFile(join(directory, text(manifest, 'components', 'scheduler'), 'scheduler_config.json'), 'utf8'),
  );
  if (!isRecord(config)) throw new Error('a scheduler config must be an object');
  const sessions = new SessionCache(runtime);
  const model: PipelineModel = {
    name: path,
    folder: directory,
    family,
    denoiser: family.denoiser.open(transformer),
    autoencoder,
    scheduler: openScheduler(config),
    sessions,
    loading: { denoiser: { weights: 'mapped' }, autoencoder: { weights: 'mapped' } },
  };
  const results = await sample(model, manifest, await readFixtureTensors(join(directory, 'inputs.safetensors')));
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

interface PipelineModel extends DenoisingModel, CodingModel {
  readonly name: string;
  readonly family: PipelineFamily;
  readonly scheduler: ReturnType<typeof openScheduler>;
}

async function sample(
  model: PipelineModel,
  manifest: unknown,
  inputs: Map<string, FixtureArray>,
): Promise<Map<string, ArrayLike<number>>> {
  const call = (name: string) => number(manifest, 'call', name);
  const frames = field(manifest, 'call', 'num_frames') === undefined ? 1 : call('num_frames');
  const size = latentSizeOf(model, { width: call('width'), height: call('height'), frames });
  // Latents that the pipeline keeps packed are in the fixture twice.
  const isPacked = inputs.has('latents_unpacked');
  const start = takeFloats(inputs, isPacked ? 'latents_unpacked' : 'latents');
  const videos = start.length / size.length;
  const rowsOf = (batch: Float32Array) =>
    Array.from({ length: videos }, (_, i) => batch.subarray(i * size.length, (i + 1) * size.length));
  const stored = (batch: Float32Array) => (isPacked ? joined(rowsOf(batch).map((row) => packed(row, size))) : batch);

  const prompts = (kind: '' | 'negative_') =>
    conditions(take(inputs, `${kind}prompt_embeds`), inputs.get(`${kind}pooled_prompt_embeds`));
  const positives = prompts('');
  const negatives = inputs.has('negative_prompt_embeds') ? prompts('negative_') : [];
  if (positives.length !== videos) throw new Error(`${positives.length} prompts for ${videos} latents`);
  const guidance = call('guidance_scale');
  const open = (all: typeof positives, against: typeof negatives, scale: number) =>
    openBranches(model, {
      frames: size.totalFrames,
      height: size.rows,
      width: size.columns,
      branches: all.map((condition, i) => {
        const negative = against[i];
        return { name: `${i}`, condition, guidance: scale, ...(negative === undefined ? {} : { negative }) };
      }),
    });
  const isByTwo = negatives.length > 0;
  const guided = await open(positives, negatives, guidance);
  // What the network returned before guidance is in the fixture too, the negative prompts first.
  const plain = isByTwo ? await open([...negatives, ...positives], [], 1) : guided;

  const noises = inputs.has('step_noise') ? takeFloats(inputs, 'step_noise') : undefined;
  const results = new Map<string, ArrayLike<number>>();
  const latent = await runSchedulerLoop({
    latent: start,
    plan: schedule(model, size, call('num_inference_steps')),
    ...(noises === undefined
      ? {}
      : { noise: (step) => noises.subarray(step * start.length, (step + 1) * start.length) }),
    predict: async ({ step, timestep, latent: state }) => {
      results.set(`step.${step}.timestep`, [timestep]);
      const latents = rowsOf(state);
      const { outputs } = await plain.run({ latents: isByTwo ? [...latents, ...latents] : latents, timestep });
      results.set(`step.${step}.model_output`, joined(outputs.map((output) => stored(output))));
      return isByTwo ? joined((await guided.run({ latents, timestep })).outputs) : joined(outputs);
    },
    onStep: ({ step, next }) => {
      results.set(`step.${step}.latents`, stored(next));
    },
  });

  const decoded = await Promise.all(rowsOf(latent).map((row) => decode(model, size, row)));
  results.set('decoder_input', joined(rowsOf(latent).map((row) => decoderInput(model, size, row))));
  results.set('decoded', joined(decoded.map((pictures) => framesInside(pictures, size.frames, 3))));
  results.set(
    'image',
    joined(decoded).map((value) => Math.min(Math.max(value / 2 + 0.5, 0), 1)),
  );
  return results;
}

/** [frames, 3, H, W] of one video. */
async function decode(model: CodingModel, size: LatentSize, latent: Float32Array): Promise<Float32Array> {
  const frames: Float32Array[] = [];
  for await (const planes of decodeFramePlanes(model, size, latentOf(size, latent))) frames.push(planes);
  return joined(frames);
}

function decoderInput({ autoencoder, denoiser }: PipelineModel, size: LatentSize, latent: Float32Array): Float32Array {
  const shown = latent.subarray(size.paddingFrames * size.frameLength);
  return framesInside(shown, size.latentFrames, denoiser.latentChannels).map(
    (value) => value / autoencoder.scalingFactor + autoencoder.shiftFactor,
  );
}

/** [frames, channels, plane] -> [channels, frames, plane] */
function framesInside(data: Float32Array, frames: number, channels: number): Float32Array {
  const plane = data.length / frames / channels;
  const out = new Float32Array(data.length);
  for (let f = 0; f < frames; f++)
    for (let c = 0; c < channels; c++)
      out.set(data.subarray((f * channels + c) * plane, (f * channels + c + 1) * plane), (c * frames + f) * plane);
  return out;
}

/** [C, h, w] -> tokens [(h / 2) (w / 2), 4C] of (channel, row, column). */
function packed(latent: Float32Array, { rows, columns }: LatentSize): Float32Array {
  const [channels, across] = [latent.length / rows / columns, columns / 2];
  return Float32Array.from({ length: latent.length }, (_, at) => {
    const [token, value] = [Math.floor(at / (4 * channels)), at % (4 * channels)];
    const [channel, dy, dx] = [value >> 2, (value >> 1) & 1, value & 1];
    const [y, x] = [2 * Math.floor(token / across) + dy, 2 * (token % across) + dx];
    return latent[(channel * rows + y) * columns + x] ?? Number.NaN;
  });
}
