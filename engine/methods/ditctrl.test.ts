import { afterAll, describe, expect, it } from 'vitest';
import { apart, openTestEngine } from '../../test/embedded.ts';
import { film, writeTinyVideoModel } from '../../test/tiny-video-model.ts';

const engine = openTestEngine();
afterAll(() => engine.close());

const segments = [{ prompt: 'a red apple' }, { prompt: 'a blue cat' }];

describe('ditctrl', () => {
  it.each([
    ['frames as pictures', { coder: 'pictures' }, 5 + 2 * 3],
    ['frames coded together', { coder: 'video', reader: 't5', form: 'rotary' }, 2 * (3 + 2 * 2 - 1) + 1],
  ] as const)('%s: one video from two prompts with a transition between them', async (_name, form, length) => {
    const checkpoint = writeTinyVideoModel(form);
    const params = { transitions: 1, overlap: form.coder === 'video' ? 1 : 2 };
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
