import { afterAll, describe, expect, it } from 'vitest';
import { apart, openTestEngine, runAsked } from '../../test/embedded.ts';
import { noiseSource } from '../base/noise.ts';
import { valueAt } from '../base/tensor.ts';
import { encodePrompt } from '../conditioning/conditioning.ts';
import { openBranches, outputOf } from '../denoise/branches.ts';
import { schedule } from '../denoise/schedule.ts';
import { decodeOneFrame } from '../latents/decode.ts';
import { latentOf } from '../latents/frames.ts';
import { latentSizeOf } from '../latents/size.ts';

const engine = openTestEngine();
const model = engine.model('embedded/image');
afterAll(() => engine.close());

const PROMPT = 'a red apple on the left, on grass';

describe('generate', () => {
  it('is the Euler method along the checkpoint’s levels, with guidance, from the noise of the seed', async () => {
    const { images } = await runAsked(engine, {
      method: 'generate',
      prompt: PROMPT,
      negative: 'a cat',
      guidance: 3,
      seed: 9,
    });
    const size = latentSizeOf(model, { width: 128, height: 128, frames: 1 });
    const { sigmas = [] } = schedule(model, size, 4);
    const alone = async (prompt: string) =>
      openBranches(model, {
        branches: [{ name: 'x', condition: await encodePrompt(model, prompt), guidance: 1 }],
        frames: 1,
        height: size.rows,
        width: size.columns,
      });
    const [positive, negative] = [await alone(PROMPT), await alone('a cat')];
    let state: Float32Array = noiseSource(9, size.length, 'initial')(0);
    for (let step = 0; step < 4; step++) {
      const call = { latents: [state], timestep: 1000 * valueAt(sigmas, step) };
      const v = outputOf(await positive.run(call), 0);
      const n = outputOf(await negative.run(call), 0);
      const length = valueAt(sigmas, step + 1) - valueAt(sigmas, step);
      state = state.map((x, i) => x + length * (valueAt(n, i) + 3 * (valueAt(v, i) - valueAt(n, i))));
    }
    const expected = await decodeOneFrame(model, size, latentOf(size, state), 0);
    expect(apart(images[0]?.data ?? [], expected.data)).toBeLessThanOrEqual(1);
  });

  it('does not read the negative prompt without guidance', async () => {
    const without = await runAsked(engine, { method: 'generate', guidance: 1 });
    const negative = await runAsked(engine, { method: 'generate', guidance: 1, negative: 'a blue cat' });
    expect(negative.images).toEqual(without.images);
    const guided = await runAsked(engine, { method: 'generate', guidance: 3, negative: 'a blue cat' });
    expect(guided.images).not.toEqual(without.images);
  });

  it('makes any size by working on whole tokens and cropping', async () => {
    const whole = await runAsked(engine, { method: 'generate', size: { width: 112, height: 80 } });
    const cropped = await runAsked(engine, { method: 'generate', size: { width: 100, height: 75 } });
    const [large, small] = [whole.images[0], cropped.images[0]];
    expect([small?.width, small?.height, small?.channels]).toEqual([100, 75, 3]);
    for (const [x, y] of [
      [0, 0],
      [99, 74],
      [50, 20],
    ] as const)
      for (let c = 0; c < 3; c++) expect(small?.data[(y * 100 + x) * 3 + c]).toBe(large?.data[(y * 112 + x) * 3 + c]);
    expect(cropped.warnings).toEqual([]);
  });

  it('weights of 1.0 leave every byte as it is, in the prompt and in the negative prompt', async () => {
    const plain = await runAsked(engine, { method: 'generate', prompt: PROMPT, negative: 'a cat' });
    const ones = { prompt: PROMPT.replace('apple', '(apple:1.0)'), negative: 'a (cat:1)' };
    expect((await runAsked(engine, { method: 'generate', ...ones })).images).toEqual(plain.images);
    for (const weighted of [
      { prompt: PROMPT.replace('apple', '(apple:2)') },
      { prompt: PROMPT, negative: 'a (cat:2)' },
    ]) {
      const { images, record } = await runAsked(engine, { method: 'generate', negative: 'a cat', ...weighted });
      expect(images).not.toEqual(plain.images);
      expect(record.prompts.flatMap(({ weights }) => weights)).toMatchObject([{ weight: 2 }]);
    }
  });

  it('says which words had no effect', async () => {
    const { warnings } = await runAsked(engine, { method: 'generate', prompt: 'a red xylophone, [day:night:0.5]' });
    expect(warnings.join(' ')).toContain('xylophone');
    expect(warnings.join(' ')).toContain('[day:night:0.5]');
    const long = await runAsked(engine, { method: 'generate', prompt: `${'red '.repeat(40)}apple` });
    expect(long.warnings.join(' ')).toContain('too long');
  });
});
