import { afterAll, describe, expect, it } from 'vitest';
import type { Pixels } from '../../engine/ports.ts';
import { boxMask, discOf, openTestEngine, runAsked } from '../../test/embedded.ts';
import { writeTinyFluxModel } from '../../test/tiny-flux-model.ts';
import { flux } from './family.ts';
import type { FluxDenoiser } from './transformer.ts';

const engine = openTestEngine();
afterAll(() => engine.close());

const PROMPTS = { sourcePrompt: 'a red apple on grass', prompt: 'a blue apple on grass' } as const;
const size = { width: 24, height: 16 };
const settings = { size, steps: 3 } as const;
const pixelsOf = ({ images: [image] }: { readonly images: readonly Pixels[] }) => image?.data ?? new Uint8Array();

describe.each([
  ['dev, which is told its guidance scale', true],
  ['schnell, which is told none', false],
])('%s', (_name, guided) => {
  const source = discOf(size.width, size.height);
  const open = () => {
    const checkpoint = writeTinyFluxModel({ guided });
    return { checkpoint, model: engine.model(checkpoint) };
  };

  it('is opened as FLUX.1 with its published defaults', () => {
    const { model } = open();
    expect(model).toMatchObject({ family: { id: 'flux', title: 'FLUX.1' }, makes: 'picture' });
    // The tiny VAE halves the picture where the published one takes an eighth.
    const { width, height, steps } = model.defaults;
    expect([width, height, steps]).toEqual([256, 256, guided ? 28 : 4]);
    expect(model.conditioning).toMatchObject({ tokens: guided ? 512 : 256, inputs: { pooled: 16 } });
  });

  it.each([
    ['generate', { prompt: PROMPTS.prompt, maps: true }, {}],
    ['sdedit', { prompt: PROMPTS.prompt }, { source }],
    ['prompt-edit', { ...PROMPTS, maps: true }, { source }],
    ['flowedit', PROMPTS, { source }],
    ['inpaint', { prompt: PROMPTS.prompt }, { source, mask: boxMask(size.width, size.height) }],
  ] as const)('%s runs, and gives the same picture again', async (method, asked, media) => {
    const { checkpoint } = open();
    const one = await runAsked(engine, { ...settings, ...asked, checkpoint, method }, media);
    const two = await runAsked(engine, { ...settings, ...asked, checkpoint, method }, media);
    expect(one).toMatchObject({ frames: 1, size });
    expect(pixelsOf(two)).toEqual(pixelsOf(one));
    if ('maps' in asked)
      expect(new Set(one.maps.map(({ word }) => word))).toEqual(new Set(['a', 'blue', 'apple', 'on', 'grass']));
    if ('mask' in media) expect(one.figures.changedOutside).toBe(0);
  });

  it('selects a word', async () => {
    const { checkpoint } = open();
    const { map, mask } = await engine.select({ checkpoint, source, word: 'apple', prompt: PROMPTS.prompt });
    expect([map.width, map.height, mask.width, mask.height]).toEqual([24, 16, 24, 16]);
  });

  it('acts on word weights, and not on a weight of 1', async () => {
    const { checkpoint } = open();
    const of = async (prompt: string) =>
      pixelsOf(await runAsked(engine, { ...settings, checkpoint, method: 'generate', prompt }, {}));
    const plain = await of('a blue apple');
    expect(await of('a (blue:1.0) apple')).toEqual(plain);
    expect(await of('a (blue:0) apple')).not.toEqual(plain);
  });

  it(guided ? 'follows the scale' : 'knows no scale', async () => {
    const { checkpoint } = open();
    const of = async (guidance: number) =>
      pixelsOf(await runAsked(engine, { ...settings, checkpoint, method: 'generate', prompt: 'a cat', guidance }, {}));
    const [one, two] = [await of(1.5), await of(6)];
    if (guided) expect(two).not.toEqual(one);
    else expect(two).toEqual(one);
  });

  it('runs one row a branch, whatever the scale, and plans no more', () => {
    const { checkpoint } = open();
    const request = { method: 'generate', checkpoint, prompt: 'a cat', seed: 1, ...settings };
    const peak = (guidance: number) => engine.plan({ ...request, guidance }, {}).memory.peakBytes;
    expect(peak(7)).toBe(peak(1));
  });
});

it('takes levels evenly from 1 to 1/n, shifted by the number of image tokens', async () => {
  const checkpoint = writeTinyFluxModel({ guided: false });
  const { record } = await runAsked(
    engine,
    { ...settings, steps: 4, checkpoint, method: 'generate', prompt: 'a cat' },
    {},
  );
  expect(record.sampler.sigmas).toEqual([1, 0.75, 0.5, 0.25, 0]);
});

it.each([
  ['text_encoder', 'CLIP'],
  ['text_encoder_2', 'T5'],
])('is refused by name where %s is left out', (name, kind) => {
  const { denoiser, promptEncoders } = engine.model(writeTinyFluxModel());
  const encoders = promptEncoders.filter((encoder) => encoder.name !== name);
  expect(() => flux.conditioning({ folder: 'FOLDER', denoiser: denoiser as FluxDenoiser, encoders })).toThrow(
    expect.objectContaining({
      kind: 'checkpoint-incomplete',
      message: expect.stringContaining(`FOLDER has no ${kind} text encoder`),
      where: { file: 'FOLDER', field: name },
    }),
  );
});
