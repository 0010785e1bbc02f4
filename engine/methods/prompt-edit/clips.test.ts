import { afterAll, describe, expect, it } from 'vitest';
import { apart, boxMask, discOf, openTestEngine } from '../../../test/embedded.ts';
import { film, writeTinyVideoModel } from '../../../test/tiny-video-model.ts';
import { compareWhere } from '../../media/paste.ts';

const engine = openTestEngine();
afterAll(() => engine.close());

const frames = Array.from({ length: 3 }, (_, at) => discOf(12 + 2 * at, 8)).map(({ data }) => ({
  width: 12,
  height: 8,
  channels: 3 as const,
  data: data.slice(0, 12 * 8 * 3),
}));
const source = { frames, fps: 6 };
const edit = { sourcePrompt: 'a red apple', prompt: 'a blue apple' };

describe('prompt-edit, on clips', () => {
  it('leaves every byte outside the mask as it is, in every frame', async () => {
    const checkpoint = writeTinyVideoModel();
    const mask = boxMask(12, 8);
    const {
      pixels,
      figures,
      frames: count,
      fps,
    } = await film(engine, { method: 'prompt-edit', checkpoint, ...edit, params: { strength: 1 } }, { source, mask });
    expect([count, fps]).toEqual([3, 6]);
    for (const [at, frame] of pixels.entries()) {
      const before = frames[at];
      if (before === undefined) throw new Error('more frames than there were');
      expect(compareWhere(before, frame, (pixel) => mask.data[pixel] === 0).changed).toBe(0);
    }
    expect(figures).toMatchObject({ changedOutside: 0, changedInside: expect.any(Number) });
    expect(figures.changedInside).toBeGreaterThan(0);
  });

  it('edits a part of a longer clip as if it were all', async () => {
    const checkpoint = writeTinyVideoModel();
    const mask = boxMask(12, 8);
    const asked = { method: 'prompt-edit', checkpoint, ...edit, params: { strength: 1 } };
    const part = await film(engine, { ...asked, startFrame: 1, frames: 2 }, { source, mask });
    const alone = await film(engine, asked, { source: { ...source, frames: frames.slice(1) }, mask });
    expect(part.pixels).toEqual(alone.pixels);
    expect(part.record.request).toMatchObject({ startFrame: 1, frames: 2 });
    const cut = { ...source, frames: frames.slice(1), first: 1 };
    for (const region of [undefined, { x: 0, y: 0, width: 12, height: 8 }]) {
      const wanted = { ...asked, startFrame: 1, frames: 2, ...(region && { region }) };
      const loaded = await film(engine, wanted, { source: cut, mask });
      expect(loaded.pixels).toEqual((await film(engine, wanted, { source, mask })).pixels);
    }
    const rest = await film(engine, { ...asked, startFrame: 1 }, { source, mask });
    expect(rest.pixels).toEqual(part.pixels);
    for (const wrong of [{ startFrame: 3 }, { startFrame: 2, frames: 2 }])
      await expect(film(engine, { ...asked, ...wrong }, { source, mask })).rejects.toMatchObject({
        kind: 'request-invalid',
        where: { field: 'startFrame' in wrong && wrong.startFrame === 3 ? 'startFrame' : 'frames' },
      });
    await expect(film(engine, { method: 'generate', checkpoint, startFrame: 1 })).rejects.toMatchObject({
      where: { field: 'startFrame' },
    });
  });

  it('weighs a word of a prompt that stays the same', async () => {
    const checkpoint = writeTinyVideoModel();
    const mask = boxMask(12, 8);
    const same = {
      method: 'prompt-edit',
      checkpoint,
      sourcePrompt: 'a red apple',
      guidance: 60,
      params: { strength: 1 },
    };
    const at = (prompt: string) => film(engine, { ...same, prompt }, { source, mask });
    const [kept, less, more] = [await at('a red apple'), await at('a (red:0.2) apple'), await at('a (red:-5) apple')];
    const far = (a: typeof kept, b: typeof kept) =>
      Math.max(...a.pixels.map(({ data }, frame) => apart(data, b.pixels[frame]?.data ?? [])));
    expect(far(kept, less)).toBeGreaterThan(0);
    expect(far(less, more)).toBeGreaterThan(0);
    for (const { figures } of [kept, less, more]) expect(figures.changedOutside).toBe(0);
  });

  it('needs a clip, and its prompt', async () => {
    const checkpoint = writeTinyVideoModel();
    const asked = { method: 'prompt-edit', checkpoint, ...edit };
    await expect(film(engine, asked)).rejects.toMatchObject({ kind: 'request-invalid', where: { field: 'source' } });
    const { sourcePrompt: _, ...without } = asked;
    await expect(film(engine, without, { source })).rejects.toMatchObject({ where: { field: 'sourcePrompt' } });
  });

  it('is the same for the same seed', async () => {
    const checkpoint = writeTinyVideoModel({ vae: 'video', reader: 't5', form: 'rotary' });
    const asked = { method: 'prompt-edit', checkpoint, ...edit };
    const [one, again] = [await film(engine, asked, { source }), await film(engine, asked, { source })];
    for (const [at, frame] of one.pixels.entries()) expect(apart(frame.data, again.pixels[at]?.data ?? [])).toBe(0);
  });
});
