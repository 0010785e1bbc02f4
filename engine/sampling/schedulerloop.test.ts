import { describe, expect, it } from 'vitest';
import { gaussianNoise } from '../base/noise.ts';
import { openScheduler } from './registry.ts';
import { runSchedulerLoop } from './schedulerloop.ts';

const STEPS = 6;
const LENGTH = 48;
const clean = gaussianNoise(LENGTH, 5);
const other = gaussianNoise(LENGTH, 6);

describe.each(['CogVideoXDDIMScheduler', 'CogVideoXDPMScheduler'])('another noise in the middle of %s', (className) => {
  const plan = openScheduler({ _class_name: className, prediction_type: 'v_prediction', clip_sample: false }).plan(
    STEPS,
  );

  it('starts its step from the clean estimate before, noised to its level, and nothing else changes', async () => {
    const run = async (from?: number) => {
      const states: Float32Array[] = [];
      const estimates: Float32Array[] = [];
      let asked = 0;
      const result = await runSchedulerLoop({
        latent: gaussianNoise(LENGTH, 7),
        plan,
        noise: (step) => gaussianNoise(LENGTH, 8, step),
        predict: async ({ step, latent }) => {
          states.push(latent);
          return gaussianNoise(LENGTH, 9, step);
        },
        onStep: (report) => void estimates.push(report.clean),
        renoising:
          from === undefined
            ? undefined
            : {
                from,
                noise: () => {
                  asked += 1;
                  return other;
                },
              },
      });
      return { result, states, estimates, asked };
    };
    const [plain, noised] = [await run(), await run(2)];
    expect(noised.asked).toBe(1);
    expect(noised.states.slice(0, 2)).toEqual(plain.states.slice(0, 2));
    expect(noised.states[2]).toEqual(plan.addNoise(plain.estimates[1] ?? clean, other, 2));
    expect(noised.result).not.toEqual(plain.result);
    expect((await run(STEPS)).result).toEqual(plain.result);
  });

  it('is harmless where the network knows the picture', async () => {
    const result = await runSchedulerLoop({
      latent: gaussianNoise(LENGTH, 7),
      plan,
      noise: (step) => gaussianNoise(LENGTH, 8, step),
      // v = (sqrt(a) x - x0) / sqrt(1 - a), whose clean estimate is x0 whatever the noise is.
      predict: async ({ timestep, latent }) => {
        const alpha = plan.alphas?.[timestep] ?? 0;
        return latent.map((value, at) => (Math.sqrt(alpha) * value - (clean[at] ?? 0)) / Math.sqrt(1 - alpha));
      },
      renoising: { from: 3, noise: () => other },
    });
    for (const [at, value] of result.entries()) expect(value).toBeCloseTo(clean[at] ?? 0, 4);
  });
});
