import { describe, expect, it } from 'vitest';
import { openScheduler, schedulers } from './registry.ts';

const count = 24;
const ramp = (offset: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i + offset));

describe('every scheduler of the registry', () => {
  it('has a name of its own', () => {
    expect(new Set(schedulers.map((scheduler) => scheduler.className)).size).toBe(schedulers.length);
  });

  describe.each(schedulers.map((scheduler) => [scheduler.className, scheduler] as const))(
    '%s',
    (className, scheduler) => {
      const prediction = scheduler.kind === 'flow' ? {} : { prediction_type: 'v_prediction', clip_sample: false };
      const config = { _class_name: className, ...prediction };

      it('opens from its class name and finds the clean sample when the network is right', () => {
        const plan = openScheduler(config).plan(10);
        const [clean, noise] = [ramp(0), ramp(9)];
        let sample = plan.addNoise(clean, noise, 0);
        let previousClean: Float32Array | undefined;
        for (let step = 0; step < plan.timesteps.length; step++) {
          const truth = perfect(plan, step, sample, clean);
          const result = plan.step(step, sample, truth, {
            noise: ramp(step),
            ...(previousClean ? { previousClean } : {}),
          });
          // LCM mixes a little of the sample into its estimate.
          result.clean.forEach((value, i) => {
            expect(value).toBeCloseTo(clean[i] ?? 0, className === 'LCMScheduler' ? 2 : 4);
          });
          previousClean = result.clean;
          sample = result.next;
        }
      });

      it('is a pure function of its arguments', () => {
        const plan = openScheduler(config).plan(4);
        const [sample, output] = [ramp(1), ramp(2)];
        const first = plan.step(1, sample, output, { noise: ramp(3) });
        expect(plan.step(1, sample, output, { noise: ramp(3) })).toEqual(first);
        expect(sample).toEqual(ramp(1));
        expect(output).toEqual(ramp(2));
      });

      it.each([0, 1001, 2.5])('refuses %s steps', (steps) => {
        expect(() => openScheduler(config).plan(steps)).toThrowError(
          expect.objectContaining({ kind: 'request-invalid' }),
        );
      });
    },
  );

  /** What a network that knows the clean sample would say. */
  function perfect(
    plan: ReturnType<ReturnType<typeof openScheduler>['plan']>,
    step: number,
    sample: Float32Array,
    clean: Float32Array,
  ): Float32Array {
    if (plan.sigmas !== undefined) {
      const sigma = plan.sigmas[step] ?? 0;
      return sample.map((x, i) => (x - (clean[i] ?? 0)) / sigma);
    }
    const alpha = plan.alphas?.[plan.timesteps[step] ?? 0] ?? 0;
    const [signal, spread] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
    return sample.map((x, i) => (signal * x - (clean[i] ?? 0)) / spread);
  }
});

describe('openScheduler', () => {
  it('says what it has when the class is unknown, and that a class must be named', () => {
    expect(() => openScheduler({ _class_name: 'PNDMScheduler' })).toThrowError(
      expect.objectContaining({ kind: 'checkpoint-unsupported', message: expect.stringContaining('DDIMScheduler') }),
    );
    expect(() => openScheduler({})).toThrowError(expect.objectContaining({ kind: 'checkpoint-malformed' }));
  });

  it.each([
    [{ _class_name: 'DDIMScheduler', thresholding: true }, 'checkpoint-unsupported'],
    [{ _class_name: 'DDIMScheduler', trained_betas: [0.1] }, 'checkpoint-unsupported'],
    [{ _class_name: 'DDIMScheduler', prediction_type: 'flow' }, 'checkpoint-unsupported'],
    [{ _class_name: 'DDIMScheduler', beta_start: 'low' }, 'checkpoint-malformed'],
    [{ _class_name: 'LCMScheduler', original_inference_steps: 0 }, 'checkpoint-malformed'],
  ])('refuses %j', (config, kind) => {
    expect(() => openScheduler(config)).toThrowError(expect.objectContaining({ kind }));
  });
});

describe('timesteps', () => {
  const timesteps = (config: Readonly<Record<string, unknown>>, steps: number) =>
    Array.from(openScheduler(config).plan(steps).timesteps);

  // Values of numpy 2.4 for the expressions of the reference.
  it('round as numpy does where a value falls on a half', () => {
    expect(timesteps({ _class_name: 'DDIMScheduler', timestep_spacing: 'trailing' }, 48).slice(0, 5)).toEqual([
      999, 978, 957, 936, 916,
    ]);
    expect(timesteps({ _class_name: 'DDIMScheduler', timestep_spacing: 'linspace' }, 3)).toEqual([999, 500, 0]);
    expect(timesteps({ _class_name: 'LCMScheduler' }, 14)[7]).toBe(499);
  });

  it('stand alone in a run of one step', () => {
    expect(timesteps({ _class_name: 'DDIMScheduler', timestep_spacing: 'linspace' }, 1)).toEqual([0]);
    expect(timesteps({ _class_name: 'DDIMScheduler', timestep_spacing: 'trailing' }, 1)).toEqual([999]);
    expect(timesteps({ _class_name: 'LCMScheduler' }, 1)).toEqual([999]);
  });
});
