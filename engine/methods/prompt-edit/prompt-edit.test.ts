import { afterAll, describe, expect, it } from 'vitest';
import { apart, codedAlone, discOf, openTestEngine, runAsked } from '../../../test/embedded.ts';
import { TINY_SD3, writeTinyModel } from '../../../test/tiny-model.ts';
import { compareWhere } from '../../media/paste.ts';

const engine = openTestEngine();
const model = engine.model('embedded/image');
afterAll(() => engine.close());

const PROMPT = 'a red apple on the left, on grass';
const source = discOf(128, 128);
const equal = { method: 'prompt-edit', prompt: PROMPT, sourcePrompt: PROMPT } as const;
const swap = { ...equal, prompt: PROMPT.replace('red', 'blue') };
const decoded = () => codedAlone(model, source);

describe('prompt-edit', () => {
  it.each([
    [0, 1],
    [1, 1],
    [0.5, 1],
    [0, 3],
    [1, 3],
    [0.5, 3],
  ])('gives the source back exactly when both prompts say the same: kappa %s, guidance %s', async (kappa, guidance) => {
    const params = { kappa, sourceGuidance: guidance, blend: false, strength: 1 };
    const { unpasted } = await runAsked(engine, { ...equal, guidance, params }, { source });
    expect(apart(unpasted[0]?.data ?? [], (await decoded()).data)).toBe(0);
  });

  it.each(['own', 'source'])(
    'gives the source back on a checkpoint published without T5, whose zero block no word fills: %s',
    async (replaced) => {
      const form = { ...TINY_SD3, encoders: { ...TINY_SD3.encoders, text_encoder_3: null } };
      const own = openTestEngine();
      const checkpoint = writeTinyModel(form);
      const picture = discOf(24, 16);
      const params = { replaced, crossReplaceSteps: 1, selfReplaceSteps: 1, blend: false, strength: 1 };
      const asked = { ...equal, checkpoint, prompt: 'a red cat', sourcePrompt: 'a red cat', guidance: 1, params };
      const { unpasted } = await runAsked(own, asked, { source: picture });
      const tiny = own.model(checkpoint);
      const back = await codedAlone(tiny, picture);
      await own.close();
      expect(apart(unpasted[0]?.data ?? [], back.data)).toBe(0);
    },
  );

  it.each([0, 1])('needs no routes for that: kappa %s', async (kappa) => {
    const params = { kappa, sourceGuidance: 2, blend: false, crossReplaceSteps: 0, selfReplaceSteps: 0 };
    const { unpasted, record } = await runAsked(engine, { ...equal, guidance: 2, params }, { source });
    expect(apart(unpasted[0]?.data ?? [], (await decoded()).data)).toBe(0);
    expect(record.operations).toEqual([]);
  });

  it('leaves everything outside the area it found untouched, and says which area that was', async () => {
    const { images, masks, figures } = await runAsked(engine, { ...swap, params: { blend: true } }, { source });
    const [[image = source], mask] = [images, masks?.[0]];
    expect([mask?.width, mask?.height]).toEqual([128, 128]);
    expect(figures.changedOutside).toBe(0);
    expect(compareWhere(source, image, (pixel) => mask?.data[pixel] === 0).changed).toBe(0);
    expect(figures.changedInside).toBeGreaterThan(0);
  });

  it('follows its routes: open and closed ones give different pictures', async () => {
    const run = async (crossReplaceSteps: number, selfReplaceSteps: number) => {
      const params = { crossReplaceSteps, selfReplaceSteps, blend: false, strength: 1 };
      return (await runAsked(engine, { ...swap, params }, { source })).images[0]?.data;
    };
    const none = await run(0, 0);
    const [words, layout, both] = [await run(1, 0), await run(0, 1), await run(1, 1)];
    for (const [a, b] of [
      [none, words],
      [none, layout],
      [words, both],
      [layout, both],
    ])
      expect(a).not.toEqual(b);
  });

  it('records the operations it ran', async () => {
    const params = { crossReplaceSteps: 0.5, selfReplaceSteps: 0.25, blend: false };
    const { record } = await runAsked(engine, { ...swap, steps: 8, params }, { source });
    expect(record.operations.length).toBeGreaterThan(0);
    for (const { primitive, steps } of record.operations) {
      expect(primitive).toBe('route');
      expect(steps?.[0]).toBe(0);
      expect(steps?.[1]).toBeLessThan(4);
    }
  });
});
