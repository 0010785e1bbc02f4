import { describe, expect, it } from 'vitest';
import { dynamicShift, flowSchedule, readFlowConfig } from './flow.ts';

/** From 1 down to 1/n, as FLUX's pipeline hands to its scheduler. */
const linearLevels = (steps: number) =>
  Float64Array.from({ length: steps }, (_, i) => 1 + (i * (1 / steps - 1)) / (steps - 1));

const sd3 = readFlowConfig({ num_train_timesteps: 1000, shift: 3 });
const flux = readFlowConfig({
  shift: 3,
  use_dynamic_shifting: true,
  base_shift: 0.5,
  max_shift: 1.15,
  base_image_seq_len: 256,
  max_image_seq_len: 4096,
});

describe('flowSchedule', () => {
  it('shifts its own levels twice, as the reference does', () => {
    const { sigmas, timesteps } = flowSchedule(sd3, 6);
    expect(sigmas[0]).toBe(1);
    expect(sigmas[6]).toBe(0);
    expect(timesteps[4]).toBeCloseTo(432.23, 2);
    expect(timesteps[5]).toBeCloseTo(8.9286, 4);
  });

  it('shifts given levels once', () => {
    const { sigmas } = flowSchedule(sd3, 4, { sigmas: linearLevels(4) });
    expect(Array.from(sigmas)).toEqual([1, 0.75, 0.5, 0.25, 0].map((u) => Math.fround((3 * u) / (1 + 2 * u))));
  });

  it('shifts with the picture size where the config says so', () => {
    const { sigmas } = flowSchedule(flux, 4, { sigmas: linearLevels(4), imageTokens: 4096 });
    const weight = Math.exp(1.15);
    expect(sigmas[2]).toBeCloseTo(weight / (weight + 1), 6);
    expect(() => flowSchedule(flux, 4)).toThrowError(/image tokens/);
  });

  it('puts mu on the line through both points, beyond them too', () => {
    const points = { baseTokens: 256, maxTokens: 4096, baseShift: 0.5, maxShift: 1.15 };
    expect(dynamicShift(256, points)).toBeCloseTo(0.5, 12);
    expect(dynamicShift(4096, points)).toBeCloseTo(1.15, 12);
    expect(dynamicShift(8192, points)).toBeGreaterThan(1.15);
  });

  it('falls strictly from noise to clean for every number of steps', () => {
    for (const config of [sd3, readFlowConfig({})]) {
      for (const steps of [1, 2, 7, 50, 1000]) {
        const { sigmas, timesteps } = flowSchedule(config, steps);
        expect(sigmas).toHaveLength(steps + 1);
        expect(timesteps).toHaveLength(steps);
        for (let i = 0; i < steps; i++) expect(sigmas[i] ?? 0).toBeGreaterThan(sigmas[i + 1] ?? 1);
      }
    }
  });

  it('stretches to a terminal level', () => {
    const { sigmas } = flowSchedule(readFlowConfig({ shift_terminal: 0.1 }), 5);
    expect(sigmas[0]).toBe(1);
    expect(sigmas[4]).toBeCloseTo(0.1, 6);
  });

  it.each([0, -1, 1.5, 1001, Number.NaN])('refuses %s steps', (steps) => {
    expect(() => flowSchedule(sd3, steps)).toThrowError(expect.objectContaining({ kind: 'request-invalid' }));
  });

  it.each([
    [{ shift: 'three' }, 'checkpoint-malformed', 'shift'],
    [{ shift: 0 }, 'checkpoint-malformed', 'shift'],
    [{ use_dynamic_shifting: 1 }, 'checkpoint-malformed', 'use_dynamic_shifting'],
    [{ use_karras_sigmas: true }, 'checkpoint-unsupported', 'use_karras_sigmas'],
    [{ use_dynamic_shifting: true, time_shift_type: 'sideways' }, 'checkpoint-unsupported', 'time_shift_type'],
  ])('names the field of %j', (config, kind, field) => {
    expect(() => readFlowConfig(config, 'scheduler/scheduler_config.json')).toThrowError(
      expect.objectContaining({ kind, where: { file: 'scheduler/scheduler_config.json', field } }),
    );
  });
});
