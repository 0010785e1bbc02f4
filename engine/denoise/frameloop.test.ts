import { describe, expect, it } from 'vitest';
import { gaussianNoise } from '../base/noise.ts';
import { latentInMemory, TempStore } from '../latents/frames.ts';
import { memorySpool } from '../latents/tiles.ts';
import { openScheduler } from '../sampling/registry.ts';
import { runSchedulerLoop } from '../sampling/schedulerloop.ts';
import { runFrameLoop } from './frameloop.ts';

const [STEPS, FRAMES, FRAME] = [6, 7, 12];

/** A network whose frames know of nothing but themselves. */
const network = (step: number, latent: Float32Array) => latent.map((value) => Math.sin(value + step));
const noiseOf = (step: number) => gaussianNoise(FRAMES * FRAME, 8, step);
const one = gaussianNoise(FRAME, 9);
const repeated = (length: number) => Float32Array.from({ length }, (_, at) => one[at % FRAME] ?? 0);

describe.each(['CogVideoXDDIMScheduler', 'CogVideoXDPMScheduler'])('%s, frame by frame', (className) => {
  const plan = openScheduler({ _class_name: className, prediction_type: 'v_prediction', clip_sample: false }).plan(
    STEPS,
  );

  it.each([
    ['in memory', () => ({ latent: latentInMemory(noiseOf(99), FRAMES), clean: latentInMemory(noiseOf(98), FRAMES) })],
    [
      'in a spool',
      () => {
        const temp = new TempStore(memorySpool, 0);
        return {
          latent: temp.store('latent', FRAMES, FRAME),
          clean: temp.store('clean', FRAMES, FRAME),
        };
      },
    ],
  ])('is the same as the whole latent at once: %s', async (_name, open) => {
    const renoising = { from: 3, noise: repeated };
    const estimates: Float32Array[] = [];
    const whole = await runSchedulerLoop({
      latent: noiseOf(99),
      plan,
      noise: noiseOf,
      renoising,
      predict: async ({ step, latent }) => network(step, latent),
      onStep: ({ clean }) => void estimates.push(clean),
    });
    const { latent, clean } = open();
    await latent.write(0, noiseOf(99));
    const seen: Float32Array[] = [];
    await runFrameLoop({
      latent,
      clean,
      plan,
      renoising,
      noise: (step, start, count) => noiseOf(step).slice(start * FRAME, (start + count) * FRAME),
      async *predict({ step, latent: state }) {
        for (const [start, count] of [
          [0, 2],
          [2, 4],
          [6, 1],
        ] as const)
          yield { start, output: network(step, await state.read(start, count)) };
      },
      onStep: async () => void seen.push((await clean.read(0, FRAMES)).slice()),
    });
    expect(await latent.read(0, FRAMES)).toEqual(whole);
    expect(seen).toEqual(estimates);
  });
});
