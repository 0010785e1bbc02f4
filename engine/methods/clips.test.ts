import { afterAll, describe, expect, it } from 'vitest';
import { apart, boxMask, codedClip, openTestEngine, requestOf } from '../../test/embedded.ts';
import { film, type TinyVideoModel, writeTinyVideoModel } from '../../test/tiny-video-model.ts';
import { compareWhere } from '../media/paste.ts';
import type { Pixels } from '../ports.ts';

/** Every method that edits, on clips: also those of several windows of the network, which makes 5 frames at once (9 where coded together). */

const engine = openTestEngine();
afterAll(() => engine.close());

const [width, height] = [12, 8];
const clipOf = (count: number) => ({ frames: Array.from({ length: count }, (_, at) => frameOf(at)), fps: 6 });

/** A bright square on a gradient, elsewhere in every frame. */
function frameOf(at: number): Pixels {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    const isIn = Math.abs(x - 3 - (at % 6)) < 2 && Math.abs(y - 4) < 2;
    return isIn ? 230 - 40 * (i % 3) : 60 + 8 * y + 5 * x + 20 * (i % 3);
  });
  return { width, height, channels: 3, data };
}

const EDIT = { sourcePrompt: 'a red apple', prompt: 'a blue apple' };
const METHODS = [
  ['prompt-edit', { ...EDIT, params: { strength: 1 } }],
  ['flowedit', { ...EDIT, params: { strength: 1 } }],
  ['inpaint', { prompt: 'a blue apple' }],
  ['sdedit', { prompt: 'a blue apple' }],
] as const;
const FORMS = [
  ['frames by themselves', { vae: 'pictures' }, 3, 13],
  ['frames together', { vae: 'video', reader: 't5', form: 'rotary', scheduler: 'CogVideoXDPMScheduler' }, 5, 29],
  ['tokens of two frames', { vae: 'video', reader: 't5', form: 'spanning' }, 4, 21],
] as const satisfies readonly (readonly [string, TinyVideoModel, number, number])[];

const cases = METHODS.flatMap(([method, asked]) =>
  FORMS.flatMap(([form, model, short, long]) =>
    [short, long].map((count) => [method, form, count, asked, model] as const),
  ),
);

describe('an edit of a clip', () => {
  it.each(cases)('%s, %s, %s frames: outside the mask every byte of every frame is the source’s', async (...of) => {
    const [method, , count, asked, form] = of;
    const checkpoint = writeTinyVideoModel(form);
    const [source, mask] = [clipOf(count), boxMask(width, height)];
    const request = { ...asked, method, checkpoint, guidance: 20 };
    const { pixels, figures, frames, fps, record } = await film(engine, request, { source, mask });
    expect([frames, pixels.length, fps]).toEqual([count, count, 6]);
    for (const [at, frame] of pixels.entries()) {
      const before = frameOf(at);
      expect(compareWhere(before, frame, (pixel) => mask.data[pixel] === 0).changed).toBe(0);
      // Every window is edited, to the last frame.
      expect(compareWhere(before, frame, (pixel) => mask.data[pixel] === 255).changed).toBeGreaterThan(0);
    }
    expect(figures.changedOutside).toBe(0);
    expect(record.request).toMatchObject({ method, frames: count, fps: 6 });
  });

  it.each(FORMS)('by equal prompts is the clip through the autoencoder: %s', async (_form, model, short, long) => {
    const checkpoint = writeTinyVideoModel(model);
    for (const count of [short, long]) {
      const source = clipOf(count);
      const expected = await codedClip(engine.model(checkpoint), source.frames);
      for (const method of ['prompt-edit', 'flowedit']) {
        const params = { strength: 1, sourceGuidance: 3, ...(method === 'prompt-edit' ? { blend: false } : {}) };
        const same = { sourcePrompt: 'a red apple', prompt: 'a red apple', guidance: 3, params };
        const { pixels } = await film(engine, { ...same, method, checkpoint }, { source });
        expect(pixels).toEqual(expected);
      }
    }
  });

  it('is the same for the same seed, another for another seed or prompt', async () => {
    const checkpoint = writeTinyVideoModel();
    const source = clipOf(13);
    const run = (more: object) =>
      film(engine, { method: 'flowedit', checkpoint, ...EDIT, guidance: 40, ...more }, { source });
    const [one, again, reseeded, other] = [
      await run({}),
      await run({}),
      await run({ seed: 2 }),
      await run({ prompt: 'a blue cat' }),
    ];
    expect(again.pixels).toEqual(one.pixels);
    for (const changed of [reseeded, other])
      expect(
        Math.max(...one.pixels.map(({ data }, at) => apart(data, changed.pixels[at]?.data ?? []))),
      ).toBeGreaterThan(0);
  });

  it('needs memory for a window and not for the clip as a whole in its attention', async () => {
    const checkpoint = writeTinyVideoModel();
    const stageOf = (count: number) => {
      const sizes = { source: { width, height, frames: count, fps: 6 } };
      const { parts } = engine.plan(requestOf({ method: 'flowedit', checkpoint, ...EDIT }), sizes).memory;
      return parts.find(({ stage }) => stage === 'denoise')?.keptBytes;
    };
    expect(stageOf(50)).toBe(stageOf(5));
    expect(stageOf(5)).toBeGreaterThan(stageOf(2) ?? Number.POSITIVE_INFINITY);
  });

  it('finds the area of a changed word in every frame of a long clip', async () => {
    const checkpoint = writeTinyVideoModel();
    const request = { method: 'prompt-edit', checkpoint, ...EDIT, params: { blend: true } };
    const { masks, figures, frames } = await film(engine, request, { source: clipOf(13) });
    expect(masks).toHaveLength(frames);
    for (const mask of masks ?? []) expect([mask.width, mask.height, mask.channels]).toEqual([width, height, 1]);
    expect(figures.changedOutside).toBe(0);
  });
});
