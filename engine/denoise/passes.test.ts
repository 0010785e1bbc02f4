import { afterAll, describe, expect, it } from 'vitest';
import { apart, openTestEngine } from '../../test/embedded.ts';
import { type TinyVideoModel, writeTinyVideoModel } from '../../test/tiny-video-model.ts';
import { noiseSource } from '../base/noise.ts';
import { encodePrompt } from '../conditioning/conditioning.ts';
import { type LatentSize, latentSizeOf } from '../latents/size.ts';
import type { Model } from '../model/model.ts';
import { openBranches, outputOf } from './branches.ts';
import { openPasses, windowsOf } from './passes.ts';

const engine = openTestEngine();
afterAll(() => engine.close());

const open = (form: TinyVideoModel): Model => engine.model(writeTinyVideoModel(form));
const sizeOf = (model: Model, frames: number) => latentSizeOf(model, { width: 12, height: 8, frames });

describe('windows over a latent', () => {
  it.each([
    ['frames by themselves', { vae: 'pictures' }, 1],
    ['frames together', { vae: 'video', reader: 't5', form: 'rotary' }, 1],
    ['tokens of two frames', { vae: 'video', reader: 't5', form: 'spanning' }, 2],
  ] as const)('cover every frame, begin where tokens do and end with the latent: %s', (_name, form, patch) => {
    const model = open(form);
    const most = sizeOf(model, model.defaults.frames).totalFrames;
    for (let frames = 1; frames <= 6 * model.defaults.frames; frames++) {
      const size = sizeOf(model, frames);
      const windows = windowsOf(model, size);
      const [first] = windows;
      const covered = new Set(
        windows.flatMap(({ start, frames: n }) => Array.from({ length: n }, (_, i) => start + i)),
      );
      expect([...covered].sort((a, b) => a - b)).toEqual(Array.from({ length: size.totalFrames }, (_, at) => at));
      if (size.totalFrames <= most) expect(windows).toEqual([{ start: 0, frames: size.totalFrames }]);
      else {
        expect(first?.start).toBe(0);
        for (const { start, frames: length } of windows) expect([start % patch, length]).toEqual([0, most]);
      }
    }
  });
});

describe('passes over a latent', () => {
  const branchesOf = async (model: Model) => [
    { name: 'source', condition: await encodePrompt(model, 'a red apple'), guidance: 1 },
    { name: 'target', condition: await encodePrompt(model, 'a blue cat'), guidance: 1 },
  ];
  const latentsOf = ({ length }: LatentSize) => [1, 2].map((seed) => noiseSource(seed, length, 'initial')(0));

  it('of what the network makes at once are one run of the branches', async () => {
    const model = open({ vae: 'pictures' });
    const size = sizeOf(model, 3);
    const branches = await branchesOf(model);
    const passes = await openPasses(model, size, { branches });
    const alone = await openBranches(model, { branches, frames: 3, height: size.rows, width: size.columns });
    const call = { latents: latentsOf(size), timestep: 600 };
    expect((await passes.run(call)).outputs).toEqual((await alone.run(call)).outputs);
  });

  it('of a longer latent are the mean of its windows, by triangle weights', async () => {
    const model = open({ vae: 'pictures' });
    const size = sizeOf(model, 8);
    const { rows: height, columns: width, frameLength } = size;
    const branches = await branchesOf(model);
    const passes = await openPasses(model, size, { branches });
    const latents = latentsOf(size);
    const { outputs } = await passes.run({ latents, timestep: 600 });
    const windows = windowsOf(model, size);
    expect(windows.length).toBeGreaterThan(2);
    for (const [branch, output] of outputs.entries()) {
      const [sum, weights] = [new Float64Array(size.length), new Float64Array(size.totalFrames)];
      for (const { start, frames } of windows) {
        const alone = await openBranches(model, { branches, frames, height, width });
        const part = latents.map((latent) => latent.subarray(start * frameLength, (start + frames) * frameLength));
        const seen = outputOf(await alone.run({ latents: part, timestep: 600 }), branch);
        for (let frame = 0; frame < frames; frame++) {
          const weight = 1 - Math.abs((frame + 0.5) / (frames / 2) - 1);
          weights[start + frame] = (weights[start + frame] ?? 0) + weight;
          for (let i = 0; i < frameLength; i++) {
            const at = (start + frame) * frameLength + i;
            sum[at] = (sum[at] ?? 0) + weight * (seen[frame * frameLength + i] ?? Number.NaN);
          }
        }
      }
      const expected = sum.map((value, i) => value / (weights[Math.floor(i / frameLength)] ?? Number.NaN));
      expect(apart(output, expected)).toBeLessThan(1e-5);
    }
  });
});
