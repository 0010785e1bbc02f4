import { dynamicShift, firstActiveStep, guide, runPairedLoop } from '../../engine/index.ts';
import { number, numbers } from './manifest.ts';
import { type MethodCase, runMethodCases } from './method.ts';
import { affineField } from './toyfields.ts';
import type { FixtureRunner } from './types.ts';

/** The official FlowEdit loops on linear velocity fields, through the product's paired loop. */
export const runFlowEdit: FixtureRunner = async (fixture, context) => [
  await runMethodCases(fixture, context, { sd3_: classic, flux_nmin: distilled, flux_shift: shift }),
];

/** Field i of a case: W_i x + b_i + t c_i. */
function fieldOf(
  testCase: MethodCase,
  index: number,
  x: Float32Array,
  time: number,
  channelsLast: boolean,
): Float32Array {
  const channels = testCase.input('W').shape[1] ?? 0;
  const weights = testCase.floats('W').subarray(index * channels * channels);
  const bias = testCase.floats('b').subarray(index * channels);
  const slope = testCase.floats('c').subarray(index * channels);
  return affineField(x, weights, (i) => (bias[i] ?? 0) + time * (slope[i] ?? 0), channels, channelsLast);
}

async function edit(
  testCase: MethodCase,
  sigmas: Float32Array,
  velocity: (x: Float32Array, sigma: number, target: boolean) => Float32Array,
) {
  const { params } = testCase;
  const clean = testCase.floats('x_src');
  const noise = testCase.floats('noise');
  const [result] = await runPairedLoop({
    clean,
    sigmas,
    start: firstActiveStep(sigmas.length - 1, number(params, 'n_max')),
    nAvg: number(params, 'n_avg'),
    tail: number(params, 'n_min'),
    noise: (draw) => noise.subarray(draw * clean.length, (draw + 1) * clean.length),
    velocities: async ({ sigma, latents, phase }) =>
      latents.map((latent, branch) => velocity(latent, sigma, phase === 'tail' || branch === 1)),
  });
  testCase.check('edit', result ?? []);
}

/** SD3: two conditions and two empty prompts, classic guidance. */
async function classic(testCase: MethodCase): Promise<void> {
  const sigmas = Float32Array.from([...numbers(testCase.params, 'timesteps').map((time) => time / 1000), 0]);
  await edit(testCase, sigmas, (x, sigma, target) => {
    const [empty, prompt] = target ? [2, 3] : [0, 1];
    const scale = number(testCase.params, target ? 'tar_guidance' : 'src_guidance');
    return guide(
      fieldOf(testCase, empty ?? 0, x, sigma, false),
      fieldOf(testCase, prompt ?? 1, x, sigma, false),
      scale,
    );
  });
}

/** FLUX: guidance is an input of the network. */
async function distilled(testCase: MethodCase): Promise<void> {
  await edit(testCase, Float32Array.from(numbers(testCase.params, 'sigmas')), (x, sigma, target) => {
    const strength = 1 + 0.1 * number(testCase.params, target ? 'tar_guidance' : 'src_guidance');
    return fieldOf(testCase, target ? 3 : 1, x, sigma, true).map((value) => value * strength);
  });
}

function shift(testCase: MethodCase): void {
  const { params } = testCase;
  const points = {
    baseTokens: number(params, 'base_seq'),
    maxTokens: number(params, 'max_seq'),
    baseShift: number(params, 'base_shift'),
    maxShift: number(params, 'max_shift'),
  };
  testCase.check(
    'mu',
    Array.from(testCase.input('seq_len').data, (tokens) => dynamicShift(tokens, points)),
  );
}
