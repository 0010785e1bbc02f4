import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SamplingPlan } from '../../engine/index.ts';
import { openScheduler } from '../../engine/index.ts';
import { Comparison, storedTolerance } from './compare.ts';
import { field, isRecord, number, record, text } from './manifest.ts';
import { readFixtureTensors, take, takeFloats } from './safetensors.ts';
import type { FixtureArray, FixtureRunner } from './types.ts';

/** The step to which the fixtures noise their clean sample. */
const NOISED_STEP = 2;

/** Schedules, alpha tables, chained steps and the forward process of every scheduler case. */
export const runSchedulers: FixtureRunner = async ({ directory, path, manifest }) => {
  const inputs = await readFixtureTensors(join(directory, 'inputs.safetensors'));
  const outputs = await readFixtureTensors(join(directory, 'outputs.safetensors'));
  const comparison = new Comparison(path);
  for (const [name, description] of Object.entries(record(manifest, 'cases'))) {
    const plan = await planOf(directory, description);
    const results = new Map<string, ArrayLike<number>>([
      ['timesteps', plan.timesteps],
      ...(await runCase(plan, name, description, inputs)),
    ]);
    if (plan.sigmas !== undefined) results.set('sigmas', plan.sigmas);
    if (plan.alphas !== undefined) results.set('alphas_cumprod', plan.alphas);
    if (plan.finalAlpha !== undefined) results.set('final_alpha_cumprod', [plan.finalAlpha]);
    for (const [tensor, entry] of Object.entries(record(manifest, 'outputs'))) {
      if (!tensor.startsWith(`${name}.`)) continue;
      const actual = results.get(tensor.slice(name.length + 1));
      if (actual === undefined) comparison.fail(`${tensor} is not computed`);
      else comparison.check(tensor, actual, take(outputs, tensor).data, storedTolerance(entry));
    }
  }
  return [comparison.result()];
};

async function planOf(directory: string, description: unknown): Promise<SamplingPlan> {
  const config: unknown = JSON.parse(await readFile(join(directory, text(description, 'config')), 'utf8'));
  if (!isRecord(config)) throw new Error('a scheduler config must be an object');
  const scheduler = openScheduler(config);
  const sigmas = field(description, 'set_timesteps', 'sigmas');
  if (!Array.isArray(sigmas)) return scheduler.plan(number(description, 'set_timesteps', 'num_inference_steps'));
  const imageTokens = field(description, 'mu_from_image_tokens');
  return scheduler.plan(sigmas.length, { sigmas, ...(typeof imageTokens === 'number' ? { imageTokens } : {}) });
}

async function runCase(
  plan: SamplingPlan,
  name: string,
  description: unknown,
  inputs: ReadonlyMap<string, FixtureArray>,
): Promise<[string, Float32Array][]> {
  const outputs = take(inputs, `${name}.model_output`);
  const noises = inputs.get(`${name}.noise`);
  const eta = field(description, 'eta');
  const size = outputs.data.length / (outputs.shape[0] ?? 1);
  const slice = (array: FixtureArray, step: number) =>
    Float32Array.from(array.data.subarray(step * size, (step + 1) * size));
  const previous = new Float32Array(outputs.data.length);
  const clean = new Float32Array(outputs.data.length);
  let sample = takeFloats(inputs, `${name}.sample`);
  let previousClean: Float32Array | undefined;
  for (let step = 0; step < (outputs.shape[0] ?? 0); step++) {
    const result = plan.step(step, sample, slice(outputs, step), {
      ...(noises === undefined ? {} : { noise: slice(noises, step) }),
      ...(typeof eta === 'number' ? { eta } : {}),
      ...(previousClean === undefined ? {} : { previousClean }),
    });
    sample = result.next;
    previousClean = result.clean;
    previous.set(result.next, step * size);
    clean.set(result.clean, step * size);
  }
  return [
    ['prev_sample', previous],
    ['pred_original', clean],
    [
      'noised',
      plan.addNoise(takeFloats(inputs, `${name}.clean`), takeFloats(inputs, `${name}.forward_noise`), NOISED_STEP),
    ],
  ];
}
