import { afterAll, describe, expect, it } from 'vitest';
import { apart, openTestEngine } from '../../../test/embedded.ts';
import { film, writeTinyVideoModel } from '../../../test/tiny-video-model.ts';

const engine = openTestEngine();
afterAll(() => engine.close());

const segments = [{ prompt: 'a red apple' }, { prompt: 'a blue cat' }];

describe('ditctrl', () => {
  it.each([
    ['frames as pictures', { vae: 'pictures' }, 5 + 2 * 3],
    ['frames coded together', { vae: 'video', reader: 't5', form: 'rotary' }, 2 * (3 + 2 * 2 - 1) + 1],
  ] as const)('%s: one video from two prompts with a transition between them', async (_name, form, length) => {
    const checkpoint = writeTinyVideoModel(form);
    const params = { transitions: 1, overlap: form.vae === 'video' ? 1 : 2 };
    const asked = { method: 'ditctrl', checkpoint, segments, params, guidance: 60 } as const;
    const one = await film(engine, asked);
    expect(one.frames).toBe(length);
    expect(one.pixels).toHaveLength(length);
    expect(one.record.request.segments).toEqual(segments);
    expect(one.record.prompts.filter(({ role }) => role === 'prompt').map(({ text }) => text)).toEqual(
      segments.map(({ prompt }) => prompt),
    );
    const other = await film(engine, { ...asked, segments: [segments[0] ?? { prompt: '' }, { prompt: 'grass' }] });
    // The second prompt changes the end more than the beginning.
    const changed = (at: number) => apart(one.pixels.at(at)?.data ?? [], other.pixels.at(at)?.data ?? []);
    expect(changed(-1)).toBeGreaterThan(0);
  });

  it('works where tokens span frames, whose windows begin where tokens do', async () => {
    const checkpoint = writeTinyVideoModel({ form: 'spanning', vae: 'video', reader: 't5' });
    const asked = { method: 'ditctrl', checkpoint, segments, guidance: 60 } as const;
    const { frames, pixels, maps } = await film(engine, { ...asked, maps: true });
    // Windows of four latent frames, the first of them dropped, two shared, a transition between: 4 + 2 + 2 latent frames.
    expect(frames).toBe((4 + 2 + 2 - 1 - 1) * 2 + 1);
    expect(pixels).toHaveLength(frames);
    expect([...new Set(maps.map(({ frame }) => frame))]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const other = await film(engine, { ...asked, segments: [segments[0] ?? { prompt: '' }, { prompt: 'grass' }] });
    expect(apart(pixels.at(-1)?.data ?? [], other.pixels.at(-1)?.data ?? [])).toBeGreaterThan(0);
    await expect(film(engine, { ...asked, params: { overlap: 3 } })).rejects.toMatchObject({
      where: { field: 'overlap' },
    });
  });

  it('differs with everything that can be switched off, and records what acted', async () => {
    const checkpoint = writeTinyVideoModel();
    const shared = { shareFrom: 0.25, shareUntil: 1, sharedLayers: 0.5, overlap: 2 };
    const run = (params: Record<string, string | number | boolean>) =>
      film(engine, {
        method: 'ditctrl',
        checkpoint,
        segments: [{ prompt: 'a red apple on grass' }, { prompt: 'a blue apple' }],
        params: { ...shared, ...params },
      });
    const variants = {
      shared: await run({}),
      masked: await run({ subject: 'apple' }),
      alone: await run({ sharing: false }),
      cut: await run({ joining: 'cut' }),
      zero: await run({ unconditional: 'zero' }),
      dynamic: await run({ dynamicGuidance: true }),
    };
    const seen = Object.values(variants).map(({ pixels }) => pixels.map(({ data }) => data.join()).join());
    expect(new Set(seen).size).toBe(seen.length);
    expect(variants.cut.frames).toBe(2 * 5);
    expect(variants.shared.record.operations).toEqual([
      { primitive: 'route', steps: [1, 3], values: { keys: 'of the window before', layers: [1] } },
    ]);
    expect(variants.masked.record.operations[0]?.values).toMatchObject({ subject: 'apple', threshold: 0.3 });
    expect(variants.alone.record.operations).toEqual([]);
    expect(variants.zero.record.prompts.map(({ role }) => role)).not.toContain('negative');
  });

  it('cuts between windows that know nothing of each other', async () => {
    const checkpoint = writeTinyVideoModel();
    const asked = { method: 'ditctrl', checkpoint, params: { joining: 'cut' } };
    const one = await film(engine, { ...asked, segments });
    const other = await film(engine, { ...asked, segments: [{ prompt: 'a red apple' }, { prompt: 'grass' }] });
    const changed = one.pixels.map(({ data }, at) => apart(data, other.pixels[at]?.data ?? []));
    expect(changed.slice(0, 5)).toEqual([0, 0, 0, 0, 0]);
    expect(Math.max(...changed.slice(5))).toBeGreaterThan(0);
  });

  it('says where the words of each prompt are, in each latent frame, and makes the same video', async () => {
    const checkpoint = writeTinyVideoModel();
    const asked = { method: 'ditctrl', checkpoint, segments, params: { overlap: 2, transitions: 1 } };
    const plain = await film(engine, asked);
    const { maps, pixels, frames } = await film(engine, { ...asked, maps: true });
    expect(Math.max(...pixels.map(({ data }, at) => apart(data, plain.pixels[at]?.data ?? [])))).toBeLessThanOrEqual(2);
    expect([...new Set(maps.map(({ frame }) => frame))]).toEqual(Array.from({ length: frames }, (_, at) => at));
    const wordsAt = (frame: number) => maps.filter((map) => map.frame === frame).map(({ word }) => word);
    expect(wordsAt(0)).toEqual(['a', 'red', 'apple']);
    expect(wordsAt(frames - 1)).toEqual(['a', 'blue', 'cat']);
    const [first] = maps;
    expect(first?.image).toMatchObject({ channels: 1, width: pixels[0]?.width, height: pixels[0]?.height });
    expect(new Set(first?.image.data).size).toBeGreaterThan(1);
  });

  it('makes a longer video of one prompt, of exactly the frames asked for, also with the stochastic sampler', async () => {
    const checkpoint = writeTinyVideoModel({ scheduler: 'CogVideoXDPMScheduler' });
    const asked = { method: 'ditctrl', checkpoint, prompt: 'a red apple', frames: 8, params: { overlap: 1 } };
    const { frames, figures, record } = await film(engine, asked);
    expect([frames, figures.windows]).toEqual([8, 2]);
    expect(record.sampler.name).toBe('cogvideox-dpm');
    const [again, third] = [await film(engine, asked), await film(engine, { ...asked, seed: 2 })];
    const first = await film(engine, asked);
    expect(again.pixels.map(({ data }) => data)).toEqual(first.pixels.map(({ data }) => data));
    expect(third.pixels.map(({ data }) => data)).not.toEqual(first.pixels.map(({ data }) => data));
  });

  it('makes one part anew with noise of its own, and the frames that no window shares with it stay', async () => {
    const checkpoint = writeTinyVideoModel();
    const asked = { method: 'ditctrl', checkpoint, params: { overlap: 1, transitions: 0, sharing: false } } as const;
    const parts = [{ prompt: 'a red apple' }, { prompt: 'a blue cat' }, { prompt: 'a green bird' }];
    const before = await film(engine, { ...asked, segments: parts });
    const after = await film(engine, {
      ...asked,
      segments: parts.map((part, at) => (at === 2 ? { ...part, seed: 77 } : part)),
    });
    const changed = before.pixels.map(({ data }, at) => apart(data, after.pixels[at]?.data ?? []));
    // Windows of five frames begin at 0, 4 and 8; the frame that two of them share goes to the earlier one.
    expect(changed.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(Math.min(...changed.slice(9))).toBeGreaterThan(0);
    expect(after.record.request.segments?.map(({ seed }) => seed)).toEqual([undefined, undefined, 77]);
  });

  it('shows frames on the way and stops between steps', async () => {
    const checkpoint = writeTinyVideoModel();
    const [abort, kinds] = [new AbortController(), [] as string[]];
    const run = film(
      engine,
      { method: 'ditctrl', checkpoint, segments },
      {},
      {
        previews: true,
        signal: abort.signal,
        onEvent: (event) => {
          kinds.push(event.kind);
          if (event.kind === 'step' && event.step === 2) abort.abort();
        },
      },
    );
    await expect(run).rejects.toMatchObject({ kind: 'cancelled' });
    expect(kinds.filter((kind) => kind === 'step')).toHaveLength(2);
    expect(kinds.filter((kind) => kind === 'preview').length).toBeGreaterThan(0);
  });

  it('refuses a subject that a prompt does not have', async () => {
    const checkpoint = writeTinyVideoModel();
    await expect(
      film(engine, { method: 'ditctrl', checkpoint, segments, params: { subject: 'cat' } }),
    ).rejects.toMatchObject({ kind: 'request-invalid', where: { field: 'subject' } });
  });

  it('refuses one prompt and several at once', async () => {
    const checkpoint = writeTinyVideoModel();
    await expect(
      film(engine, { method: 'ditctrl', checkpoint, segments, prompt: 'a red apple' }),
    ).rejects.toMatchObject({ kind: 'request-invalid', where: { field: 'segments' } });
  });
});
