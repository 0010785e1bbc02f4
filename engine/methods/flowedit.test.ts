import { afterAll, describe, expect, it } from 'vitest';
import { apart, codedAlone, discOf, openTestEngine, runAsked } from '../../test/embedded.ts';

const engine = openTestEngine();
const model = engine.model('embedded/image');
afterAll(() => engine.close());

const PROMPT = 'a red apple on the left, on grass';
const source = discOf(128, 128);
const equal = { method: 'flowedit', prompt: PROMPT, sourcePrompt: PROMPT } as const;
const decoded = (picture = source) => codedAlone(model, picture);

describe('flowedit', () => {
  it.each([
    ['unguided', { guidance: 1, params: { sourceGuidance: 1, strength: 1 } }],
    ['guided alike', { guidance: 4, params: { sourceGuidance: 4, strength: 1 } }],
    ['over several draws of noise', { guidance: 4, params: { sourceGuidance: 4, nAvg: 3 } }],
  ])('gives the source back exactly when both prompts say the same, %s', async (_how, asked) => {
    const { images, unpasted } = await runAsked(engine, { ...equal, ...asked }, { source });
    expect(apart(unpasted[0]?.data ?? [], (await decoded()).data)).toBe(0);
    expect(images).toEqual(unpasted);
  });

  it('gives a picture of an odd size back exactly', async () => {
    const odd = discOf(97, 75);
    const { images } = await runAsked(
      engine,
      { ...equal, guidance: 1, params: { sourceGuidance: 1 } },
      { source: odd },
    );
    expect(images).toEqual([await decoded(odd)]);
  });

  it('changes the picture when the prompts differ, and more with more strength', async () => {
    const edit = { ...equal, prompt: PROMPT.replace('red', 'blue'), steps: 6, guidance: 4 };
    const original = await decoded();
    const far = async (strength: number) => {
      const params = { strength, sourceGuidance: 1.5 };
      const { images } = await runAsked(engine, { ...edit, params }, { source });
      return images[0]?.data.reduce((sum, value, i) => sum + Math.abs(value - (original.data[i] ?? 0)), 0) ?? 0;
    };
    const [weak, strong] = [await far(0.2), await far(1)];
    expect(weak).toBeGreaterThan(0);
    expect(strong).toBeGreaterThan(weak);
  });

  it('samples the target alone in its tail: with a tail as long as the run the source prompt plays no part', async () => {
    const tail = { ...equal, prompt: PROMPT.replace('red', 'blue'), params: { tail: 4, strength: 1 } };
    const one = await runAsked(engine, tail, { source });
    const other = await runAsked(engine, { ...tail, sourcePrompt: 'a cat' }, { source });
    expect(other.images).toEqual(one.images);
    const short = { ...tail, params: { tail: 1, strength: 1 } };
    const paired = await runAsked(engine, short, { source });
    expect((await runAsked(engine, { ...short, sourcePrompt: 'a cat' }, { source })).images).not.toEqual(paired.images);
  });
});
