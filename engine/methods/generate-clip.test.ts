import { afterAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../contract/index.ts';
import { apart, openTestEngine } from '../../test/embedded.ts';
import { film, writeTinyVideoModel } from '../../test/tiny-video-model.ts';

const engine = openTestEngine();
afterAll(() => engine.close());

describe('generate, on a checkpoint of videos', () => {
  it.each([
    ['2b with T5', { form: 'sincos', vae: 'video', reader: 't5' }],
    [
      '5b with the stochastic solver',
      { form: 'rotary', vae: 'video', reader: 't5', scheduler: 'CogVideoXDPMScheduler' },
    ],
    ['1.5, whose tokens span two frames', { form: 'spanning', vae: 'video', reader: 't5' }],
    ['the embedded form: frames as pictures, CLIP', { form: 'sincos', vae: 'pictures', reader: 'clip' }],
  ] as const)('%s: as many frames of the size as asked for, the same for the same seed', async (_name, form) => {
    const checkpoint = writeTinyVideoModel(form);
    const asked = { method: 'generate', checkpoint, frames: 4, size: { width: 11, height: 7 } } as const;
    const one = await film(engine, asked);
    expect(one).toMatchObject({ frames: 4, size: asked.size });
    expect(one.pixels.map(({ width, height, channels }) => [width, height, channels])).toEqual(
      Array.from({ length: 4 }, () => [11, 7, 3]),
    );
    const [again, other] = [await film(engine, asked), await film(engine, { ...asked, seed: 2 })];
    for (const [at, frame] of one.pixels.entries()) expect(apart(frame.data, again.pixels[at]?.data ?? [])).toBe(0);
    expect(apart(one.pixels[1]?.data ?? [], other.pixels[1]?.data ?? [])).toBeGreaterThan(0);
  });

  it('guides by a changing scale where asked to, and says what it ran with', async () => {
    const checkpoint = writeTinyVideoModel({ settings: { frames: 3, fps: 6, steps: 3, guidance: 60 } });
    const asked = {
      method: 'generate',
      checkpoint,
      seed: 5,
      prompt: 'a red apple on grass',
      negative: 'blue',
    } as const;
    const run = async (params: Record<string, boolean>) => {
      const frames: Uint8Array[] = [];
      const result = await engine.run({ ...asked, params }, {}, { onFrame: ({ data }) => void frames.push(data) });
      return { ...result, pixels: frames };
    };
    const [plain, dynamic] = [await run({}), await run({ dynamicGuidance: true })];
    expect(plain).toMatchObject({ frames: 3, fps: 6 });
    expect(plain.record).toMatchObject({
      request: { method: 'generate', frames: 3, fps: 6, steps: 3, guidance: 60, params: { dynamicGuidance: false } },
      sampler: { name: 'cogvideox-ddim' },
    });
    expect(plain.record.sampler.sigmas).toHaveLength(4);
    expect(plain.record.prompts.map(({ role }) => role)).toEqual(['prompt', 'negative']);
    expect(apart(plain.pixels[0] ?? [], dynamic.pixels[0] ?? [])).toBeGreaterThan(0);
  });

  it.each([
    ['CogVideoXDDIMScheduler', 'DDIM'],
    ['CogVideoXDPMScheduler', 'DPM++ 2M SDE'],
    ['LCMScheduler', 'LCM'],
  ] as const)('records the sampler of its scheduler: %s is %s', async (scheduler, commonName) => {
    const checkpoint = writeTinyVideoModel({ scheduler });
    for (const method of ['generate', 'ditctrl']) {
      const { record } = await film(engine, { method, checkpoint, frames: 3 });
      expect(record.sampler.commonName).toBe(commonName);
    }
  });

  it('keeps still what stands still where frames have one noise from the layout on', async () => {
    const change = async (perFrameNoise: number) => {
      const asked = { method: 'generate', checkpoint: 'embedded/video', steps: 10, params: { perFrameNoise } } as const;
      const { pixels } = await film(engine, { ...asked, prompt: 'a red apple standing still, on sand' });
      let sum = 0;
      for (const [at, { data }] of pixels.slice(1).entries())
        for (const [i, value] of data.entries()) sum += Math.abs(value - (pixels[at]?.data[i] ?? 0));
      return sum;
    };
    expect(await change(0.3)).toBeLessThan(0.7 * (await change(1)));
  });

  it('without guidance runs the prompt alone, whatever the negative one says', async () => {
    const checkpoint = writeTinyVideoModel();
    const asked = { method: 'generate', checkpoint, guidance: 1, frames: 2 } as const;
    const [one, other] = [await film(engine, asked), await film(engine, { ...asked, negative: 'blue cat' })];
    expect(apart(one.pixels[0]?.data ?? [], other.pixels[0]?.data ?? [])).toBe(0);
    expect(one.record.prompts.map(({ role }) => role)).toEqual(['prompt']);
  });

  it('maps every word over every latent frame, and shows maps beside previews', async () => {
    const checkpoint = writeTinyVideoModel();
    const events: RunEvent[] = [];
    const { maps } = await film(
      engine,
      { method: 'generate', checkpoint, frames: 3, maps: true },
      {},
      { previews: true, onEvent: (event) => void events.push(event) },
    );
    expect(maps.map(({ word, frame }) => `${word} ${frame}`)).toEqual(
      [0, 1, 2].flatMap((frame) => ['a', 'red', 'apple'].map((word) => `${word} ${frame}`)),
    );
    for (const { image } of maps) expect([image.width, image.height, image.channels]).toEqual([12, 8, 1]);
    expect(Math.max(...maps.flatMap(({ image }) => [...image.data]))).toBeGreaterThan(200);
    const shown = events.flatMap((event) => (event.kind === 'map' ? [event] : []));
    expect(shown.length).toBe(3 * 3);
    for (const { frame, map } of shown) {
      expect([0, 1, 2]).toContain(frame);
      expect([map.width, map.height]).toEqual([12, 8]);
    }
  });

  it('refuses a clip longer than the network makes at once', async () => {
    const checkpoint = writeTinyVideoModel();
    await expect(film(engine, { method: 'generate', checkpoint, frames: 6 })).rejects.toMatchObject({
      kind: 'request-invalid',
      where: { field: 'frames' },
      message: expect.stringMatching(/at most 5 frames.+ditctrl/s),
    });
  });
});
