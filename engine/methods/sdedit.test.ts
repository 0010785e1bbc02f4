import { afterAll, describe, expect, it } from 'vitest';
import { apart, boxMask, discOf, openTestEngine, runAsked } from '../../test/embedded.ts';
import { film, writeTinyVideoModel } from '../../test/tiny-video-model.ts';
import { compareWhere } from '../media/paste.ts';

const engine = openTestEngine();
afterAll(() => engine.close());

const source = discOf(128, 128);
const asked = { method: 'sdedit', prompt: 'a blue apple on the left, on grass', steps: 10 } as const;

describe('sdedit', () => {
  it('of full strength is what the prompt makes from the same seed: nothing of the source is left', async () => {
    const { images } = await runAsked(engine, { ...asked, params: { strength: 1 } }, { source });
    const made = await runAsked(engine, { ...asked, method: 'generate' });
    expect(images).toEqual(made.images);
  });

  it('keeps more of the source the less its strength', async () => {
    const psnrAt = async (strength: number) => {
      const { images } = await runAsked(engine, { ...asked, params: { strength } }, { source });
      return compareWhere(source, images[0] ?? source).psnr;
    };
    const [weak, half, full] = [await psnrAt(0.2), await psnrAt(0.6), await psnrAt(1)];
    expect(weak).toBeGreaterThan(half);
    expect(half).toBeGreaterThan(full);
  });

  it('runs as many of the steps as its strength says, and one at least', async () => {
    const stepsAt = async (strength: number) => {
      const steps: (readonly [number, number])[] = [];
      const onEvent = (event: object) => {
        if ('step' in event && 'of' in event) steps.push([Number(event.step), Number(event.of)]);
      };
      await runAsked(engine, { ...asked, params: { strength } }, { source: discOf(32, 32) }, { onEvent });
      return steps.at(-1);
    };
    expect(await stepsAt(0.6)).toEqual([6, 6]);
    expect(await stepsAt(0.05)).toEqual([1, 1]);
  });

  it('leaves every byte outside a mask as it is, and reads no source prompt', async () => {
    const mask = boxMask(128, 128);
    const { images, figures } = await runAsked(engine, asked, { source, mask });
    expect(compareWhere(source, images[0] ?? source, (pixel) => mask.data[pixel] === 0).changed).toBe(0);
    expect(figures.changedOutside).toBe(0);
    expect(figures.changedInside).toBeGreaterThan(0);
    await expect(runAsked(engine, { ...asked, sourcePrompt: 'a cat' }, { source })).rejects.toMatchObject({
      where: { field: 'sourcePrompt' },
    });
  });

  it('of a clip begins at the level of its scheduler, with full strength from noise alone', async () => {
    const checkpoint = writeTinyVideoModel();
    const clip = {
      frames: [12, 14, 16].map((width) => ({ ...discOf(width, 8), width: 12, data: discOf(12, 8).data })),
    };
    const at = (strength: number) =>
      film(engine, { ...asked, checkpoint, params: { strength } }, { source: { ...clip, fps: 8 } });
    const [full, half] = [await at(1), await at(0.5)];
    const made = await film(engine, { ...asked, checkpoint, method: 'generate', frames: 3 });
    expect(full.pixels).toEqual(made.pixels);
    expect(apart(half.pixels[0]?.data ?? [], full.pixels[0]?.data ?? [])).toBeGreaterThan(0);
    expect(full.record.sampler.name).toBe('cogvideox-ddim');
  });
});
