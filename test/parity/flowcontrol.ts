import { advanceOffset, runPairedLoop } from '../../engine/index.ts';
import { number, numbers } from './manifest.ts';
import type { CaseRunner, MethodCase } from './method.ts';
import { guidedStep } from './published/guidedstep.ts';
import { affineField } from './toyfields.ts';

/** The sampler half of methods/mmdit-control; its attention half is in attention.ts. */
export const flowControlCases: Readonly<Record<string, CaseRunner>> = {
  paired_step: pairedStep,
  flow_guided_step: guided,
  flow_virtual_inversion: virtualInversion,
};

function pairedStep(testCase: MethodCase): void {
  const source = testCase.floats('v_src');
  const difference = testCase.floats('v_tgt').map((value, i) => value - (source[i] ?? 0));
  const s = number(testCase.params, 's');
  const next = number(testCase.params, 's_next');
  for (const tenths of [0, 5, 10]) {
    testCase.check(`offset_k${tenths}`, advanceOffset(testCase.floats('u'), difference, s, next, tenths / 10));
  }
}

function guided(testCase: MethodCase): void {
  const { params } = testCase;
  const next = guidedStep(
    testCase.floats('x'),
    testCase.floats('v'),
    testCase.floats('g'),
    number(params, 's'),
    number(params, 's_next'),
    number(params, 'rho'),
  );
  testCase.check('next', next);
}

/** trace[i] = [next source, next target, corrected clean target]. */
async function virtualInversion(testCase: MethodCase): Promise<void> {
  const clean = testCase.floats('x0');
  const noise = testCase.floats('eps');
  const eta = number(testCase.params, 'eta');
  const sigmas = Float32Array.from([...numbers(testCase.params, 'sigmas'), 0]);
  const channels = testCase.input('Ws').shape[0] ?? 0;
  const field = (x: Float32Array, branch: number, sigma: number) => {
    const bias = testCase.floats(branch === 0 ? 'bs' : 'bt');
    return affineField(x, testCase.floats(branch === 0 ? 'Ws' : 'Wt'), (i) => (1 - sigma) * (bias[i] ?? 0), channels);
  };
  const trace: number[] = [];
  const targets: Float32Array[] = [];
  await runPairedLoop({
    clean,
    sigmas,
    start: 0,
    kappa: 0,
    eta,
    noiseFrom: 'target',
    noise: (draw) => noise.subarray(draw * clean.length, (draw + 1) * clean.length),
    velocities: async ({ step, sigma, latents }) => {
      // The latents of a step are the states after the step before.
      if (step > 0) trace.push(...(latents[0] ?? []), ...(latents[1] ?? []), ...(targets[step - 1] ?? []));
      return latents.map((latent, branch) => field(latent, branch, sigma));
    },
    onStep: ({ cleans, states, sigmaNext }) => {
      targets.push(cleans[0] ?? new Float32Array());
      if (sigmaNext === 0) trace.push(...clean, ...(states[0] ?? []), ...(cleans[0] ?? []));
    },
  });
  testCase.check('trace', trace);
}
