import { afterAll, describe, expect, it } from 'vitest';
import { openTestEngine, requestOf } from '../../../test/embedded.ts';
import { film, writeTinyVideoModel } from '../../../test/tiny-video-model.ts';
import { latentSizeOfFrames } from '../../latents/size.ts';
import { planSegments } from './segments.ts';
import { timelineOf } from './timeline.ts';

/** CogVideoX 2b: 13 latent frames at once, four frames to each but the first. */
const COGVIDEOX = {
  name: 'CogVideoX 2b',
  denoiser: { latentChannels: 16, patchSize: 2, temporalPatchSize: 1, maxLatentSide: Number.POSITIVE_INFINITY },
  autoencoder: { spatialCompression: 8, temporalCompression: 4, independentFrames: false },
};

describe('the timeline of a video of several prompts', () => {
  it.each([
    [2, 6, 105],
    [2, 4, 121],
    [3, 4, 193],
  ])('of CogVideoX, %s prompts, overlap %s: %s frames, without a gap', (prompts, overlap, frames) => {
    const plan = planSegments({ prompts, tile: 13, overlap, transitions: 1, extra: 0 });
    const size = latentSizeOfFrames(COGVIDEOX, { width: 720, height: 480 }, plan.frames);
    expect(size.frames).toBe(frames);
    const { stretches, window, step } = timelineOf(plan, size, COGVIDEOX.autoencoder.temporalCompression);
    expect([window, step]).toEqual([49, 4 * (13 - overlap)]);
    expect(stretches.map(({ prompt, kind }) => `${kind} ${prompt}`)).toEqual(
      Array.from({ length: 2 * prompts - 1 }, (_, at) => `${at % 2 === 0 ? 'prompt' : 'transition'} ${at >> 1}`),
    );
    let end = 0;
    for (const stretch of stretches) {
      expect(stretch.start).toBe(end);
      expect(stretch.end).toBeGreaterThan(stretch.start);
      end = stretch.end;
    }
    expect(end).toBe(frames);
  });

  it('has its borders in the middle of what neighbouring windows share', () => {
    const plan = planSegments({ prompts: 2, tile: 13, overlap: 4, transitions: 0, extra: 0 });
    const size = latentSizeOfFrames(COGVIDEOX, { width: 720, height: 480 }, plan.frames);
    // The second window begins at latent frame 9 and shares 9 to 12; latent frame 11 begins at frame 41.
    expect(timelineOf(plan, size, 4).stretches).toEqual([
      { prompt: 0, kind: 'prompt', start: 0, end: 41 },
      { prompt: 1, kind: 'prompt', start: 41, end: size.frames },
    ]);
  });
});

describe('the plan of a video', () => {
  const engine = openTestEngine();
  afterAll(() => engine.close());
  const prompts = ['a red apple', 'a blue cat', 'grass'].map((prompt) => ({ prompt }));

  it.each([
    ['frames by themselves', { vae: 'pictures' }, { overlap: 2 }],
    ['frames together', { vae: 'video', reader: 't5', form: 'rotary' }, { overlap: 1 }],
    ['tokens of two frames', { vae: 'video', reader: 't5', form: 'spanning' }, { overlap: 2 }],
    ['cut', { vae: 'pictures' }, { joining: 'cut' }],
  ] as const)('says as many frames as are made: %s', async (_name, form, params) => {
    const checkpoint = writeTinyVideoModel(form);
    const asked = { method: 'ditctrl', checkpoint, segments: prompts, params };
    const { timeline, size } = engine.plan(requestOf({ ...asked, prompt: '' }), {});
    const { pixels } = await film(engine, { ...asked, steps: 1 });
    const stretches = timeline?.stretches;
    expect(stretches?.at(-1)?.end).toBe(pixels.length);
    expect(size.frames).toBe(pixels.length);
    expect(stretches?.[0]?.start).toBe(0);
    expect([...new Set(stretches?.map(({ prompt }) => prompt))]).toEqual([0, 1, 2]);
  });

  it.each(['pictures', 'video'] as const)('says by how much a prompt can last longer: %s', (vae) => {
    const checkpoint = writeTinyVideoModel({ vae, reader: 't5', form: 'rotary' });
    const planOf = (frames: number) => {
      const segments = prompts.map((prompt, at) => (at === 1 ? { ...prompt, frames } : prompt));
      return engine.plan(requestOf({ method: 'ditctrl', checkpoint, segments, prompt: '' }), {});
    };
    const { window = 0, step = 0 } = planOf(1).timeline ?? {};
    const framesAt = (frames: number) => planOf(frames).size.frames;
    expect(framesAt(window)).toBe(framesAt(1));
    expect(framesAt(window + 1)).toBe(framesAt(window) + step);
    expect(framesAt(window + step)).toBe(framesAt(window) + step);
    expect(framesAt(window + step + 1)).toBe(framesAt(window) + 2 * step);
  });
});
