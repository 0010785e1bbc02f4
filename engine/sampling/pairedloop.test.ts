import { describe, expect, it } from 'vitest';
import { gaussianNoise } from '../base/noise.ts';
import { runEulerLoop } from './eulerloop.ts';
import { firstActiveStep, type PairedLoop, runPairedLoop } from './pairedloop.ts';
import { blend, cleanEstimate, eulerStep, guide, noiseEstimate, renoise } from './steps.ts';

const size = 32;
const clean = gaussianNoise(size, 1);
const sigmas = Float32Array.of(1, 0.9, 0.7, 0.4, 0.1, 0);
const noise = (draw: number) => gaussianNoise(size, 2, draw);
/** The flow of a world of one picture: v = (x - c) / s. */
const pointMass = (latent: Float32Array, centre: Float32Array, sigma: number) =>
  latent.map((x, i) => (x - (centre[i] ?? 0)) / sigma);
const same = (latent: Float32Array, sigma: number) => latent.map((x) => Math.tanh(x) * (1 - sigma / 3) + 0.1);

/** Every element within 10^-digits / 2. */
function expectClose(
  actual: Float32Array | undefined,
  expected: (index: number) => number | undefined,
  digits: number,
): void {
  expect(actual).toHaveLength(size);
  actual?.forEach((value, i) => {
    expect(value).toBeCloseTo(expected(i) ?? Number.NaN, digits);
  });
}

const base = (changes: Partial<PairedLoop>): PairedLoop => ({
  clean,
  sigmas,
  start: 1,
  noise,
  velocities: async ({ latents, sigma }) => latents.map((latent) => same(latent, sigma)),
  ...changes,
});

describe('runPairedLoop', () => {
  it.each([
    ['FlowEdit', {}],
    ['FlowEdit, averaged', { nAvg: 3 }],
    ['noise kept', { eta: 0 }],
    ['virtual inversion', { kappa: 0 }],
    ['virtual inversion, eta 0.4', { kappa: 0, eta: 0.4, noiseFrom: 'target' }],
    ['three branches', { branches: 2, kappa: 0.5 }],
  ] satisfies [string, Partial<PairedLoop>][])(
    'returns the source to the last bit when the branches agree: %s',
    async (_, changes) => {
      for (const edited of await runPairedLoop(base(changes))) expect(edited).toEqual(clean);
    },
  );

  it('reaches the picture of a one-picture world, whatever kappa', async () => {
    const target = gaussianNoise(size, 3);
    for (const kappa of [0, 0.5, 1]) {
      const [edited] = await runPairedLoop(
        base({
          kappa,
          velocities: async ({ latents, sigma }) =>
            latents.map((latent, branch) => pointMass(latent, branch === 0 ? clean : target, sigma)),
        }),
      );
      expectClose(edited, (i) => target[i], 4);
    }
  });

  it('is FlowEdit in its own words for kappa 1', async () => {
    const velocity = (latent: Float32Array, sigma: number, branch: number) =>
      latent.map((x) => Math.sin(x * (1 + branch)) + sigma * branch);
    let edit = Float32Array.from(clean);
    let draws = 0;
    for (let step = 2; step < 5; step++) {
      const [s, next] = [sigmas[step] ?? 0, sigmas[step + 1] ?? 0];
      const difference = new Float32Array(size);
      for (let k = 0; k < 2; k++) {
        const source = renoise(clean, noise(draws++), s);
        const target = edit.map((z, i) => z + (source[i] ?? 0) - (clean[i] ?? 0));
        const [a, b] = [velocity(source, s, 0), velocity(target, s, 1)];
        for (let i = 0; i < size; i++) difference[i] = (difference[i] ?? 0) + ((b[i] ?? 0) - (a[i] ?? 0)) / 2;
      }
      edit = edit.map((z, i) => z + (next - s) * (difference[i] ?? 0));
    }
    const [ours] = await runPairedLoop(
      base({
        start: 2,
        nAvg: 2,
        velocities: async ({ latents, sigma }) => latents.map((latent, branch) => velocity(latent, sigma, branch)),
      }),
    );
    expectClose(ours, (i) => edit[i], 5);
  });

  it('keeps what a mask protects to the last bit', async () => {
    const mask = Float32Array.from({ length: size }, (_, i) => (i % 4 === 0 ? 1 : 0));
    const [edited] = await runPairedLoop(
      base({
        velocities: async ({ latents }) =>
          latents.map((latent, branch) => latent.map((x) => x * (branch + 1) + branch)),
        adjust: ({ offsets }) => offsets.map((offset) => offset.map((u, i) => u * (mask[i] ?? 0))),
      }),
    );
    edited?.forEach((value, i) => {
      if (mask[i] === 0) expect(value).toBe(clean[i]);
      else expect(value).not.toBe(clean[i]);
    });
  });

  it('takes kappa as a field and as a function of the step', async () => {
    const velocities: PairedLoop['velocities'] = async ({ latents }) =>
      latents.map((latent, branch) => latent.map((x) => x * (branch + 1)));
    const field = Float32Array.from({ length: size / 2 }, (_, i) => i % 2);
    const byField = (await runPairedLoop(base({ velocities, kappa: field })))[0] ?? clean;
    const ones = (await runPairedLoop(base({ velocities, kappa: () => 1 })))[0] ?? clean;
    const zeros = (await runPairedLoop(base({ velocities, kappa: () => 0 })))[0] ?? clean;
    expect(byField).toEqual(ones.map((value, i) => (i % 2 === 1 ? value : (zeros[i] ?? 0))));
    await expect(runPairedLoop(base({ kappa: new Float32Array(5) }))).rejects.toThrowError(/cannot be repeated/);
  });

  it('ends with plain sampling of the target', async () => {
    const phases: string[] = [];
    const [edited] = await runPairedLoop(
      base({
        tail: 2,
        velocities: async ({ latents, phase, step }) => {
          phases.push(`${step} ${phase} ${latents.length}`);
          return latents.map((latent) => new Float32Array(latent.length));
        },
      }),
    );
    expect(phases).toEqual(['1 paired 2', '2 paired 2', '3 tail 1', '4 tail 1']);
    // Without velocities the noise of the entry stays in the picture: third draw, level 0.4.
    expect(edited).toEqual(renoise(clean, noise(2), sigmas[3] ?? 0));
  });

  it('stops between steps when cancelled', async () => {
    const controller = new AbortController();
    const steps: number[] = [];
    const run = runPairedLoop(
      base({
        signal: controller.signal,
        onStep: ({ step }) => {
          steps.push(step);
          controller.abort();
        },
      }),
    );
    await expect(run).rejects.toMatchObject({ kind: 'cancelled' });
    expect(steps).toEqual([1]);
  });

  it('counts active steps from the end', () => {
    expect(firstActiveStep(50, 33)).toBe(17);
    expect(firstActiveStep(10, 20)).toBe(0);
  });
});

describe('steps', () => {
  const velocity = noise(11);

  it('is the same step in Euler and in estimate form', () => {
    const euler = eulerStep(clean, velocity, 0.8, 0.5);
    const estimate = renoise(cleanEstimate(clean, velocity, 0.8), noiseEstimate(clean, velocity, 0.8), 0.5);
    expectClose(euler, (i) => estimate[i], 5);
  });

  it('guides, and a scale of 1 is the positive prediction to the last bit', () => {
    expect(guide(clean, velocity, 1)).toEqual(velocity);
    expect(guide(Float32Array.of(1), Float32Array.of(3), 4.5)).toEqual(Float32Array.of(10));
  });

  it('blends by a field repeated over channels, exact at 0 and 1', () => {
    const mixed = blend(Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8), Float32Array.of(1, 0.5));
    expect(mixed).toEqual(Float32Array.of(1, 4, 3, 6));
    expect(() => blend(clean, clean, new Float32Array(3))).toThrowError(/cannot be repeated/);
  });
});

describe('runEulerLoop', () => {
  it('reaches the picture of a one-picture world, and replaced clean estimates where they are replaced', async () => {
    const target = gaussianNoise(size, 3);
    const velocity = async ({ latent, sigma }: { latent: Float32Array; sigma: number }) =>
      pointMass(latent, target, sigma);
    const plain = await runEulerLoop({ latent: noise(0), sigmas, velocity });
    expectClose(plain, (i) => target[i], 5);
    const kept = await runEulerLoop({
      latent: noise(0),
      sigmas,
      velocity,
      replaceClean: (found) => blend(found, clean, Float32Array.of(1, 0)),
    });
    expectClose(kept, (i) => (i % 2 === 0 ? target : clean)[i], 5);
    expect(kept[1]).toBe(clean[1]);
  });
});
