import { afterAll, describe, expect, it } from 'vitest';
import { apart, openTestEngine, runAsked } from '../../test/embedded.ts';
import { noiseSource } from '../base/noise.ts';
import { openBranches } from '../pipeline/branches.ts';
import { canvasOf, decodeOnCanvas } from '../pipeline/canvas.ts';
import { encodePrompt } from '../pipeline/condition.ts';
import { flowLevels } from '../pipeline/levels.ts';

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
    const canvas = canvasOf(model, { width: 128, height: 128 });
    const { sigmas } = flowLevels(model, 4, canvas);
    const alone = async (prompt: string) =>
      openBranches(model, {
        branches: [{ name: 'x', condition: await encodePrompt(model, prompt), guidance: 1 }],
        height: canvas.rows,
        width: canvas.columns,
      });
    const [positive, negative] = [await alone(PROMPT), await alone('a cat')];
    let state: Float32Array = noiseSource(9, canvas.latentLength, 'initial')(0);
    for (let step = 0; step < 4; step++) {
      const call = { latents: [state], sigma: sigmas[step] ?? 0 };
      const [v] = (await positive.run(call)).velocities;
      const [n] = (await negative.run(call)).velocities;
      const size = (sigmas[step + 1] ?? 0) - (sigmas[step] ?? 0);
      state = state.map((x, i) => x + size * ((n?.[i] ?? 0) + 3 * ((v?.[i] ?? 0) - (n?.[i] ?? 0))));
    }
    const expected = await decodeOnCanvas(model, canvas, state);
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
