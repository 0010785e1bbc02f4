import { afterAll, describe, expect, it } from 'vitest';
import { discOf, openTestEngine, requestOf, runAsked } from '../../test/embedded.ts';
import { writeTinyVideoModel } from '../../test/tiny-video-model.ts';

const engine = openTestEngine();
afterAll(() => engine.close());

const EDIT = { method: 'prompt-edit', sourcePrompt: 'a red apple on grass', prompt: 'a blue apple on grass' } as const;
const UNREAD = expect.stringMatching(/^The negative prompt was not read: guidance 1 /);

describe('a negative prompt', () => {
  it.each([
    ['at guidance 1', { method: 'generate', guidance: 1, negative: 'grass' }, true],
    ['above', { method: 'generate', guidance: 2, negative: 'grass' }, false],
    ['of spaces', { method: 'generate', guidance: 1, negative: '  ' }, false],
    ['that is not given', { method: 'generate', guidance: 1 }, false],
  ] as const)(
    '%s: is told before and after the run, exactly where nothing reads it',
    async (_name, asked, isUnread) => {
      const planned = engine.plan(requestOf(asked), {});
      expect(planned.unread).toEqual(isUnread ? ['negative'] : []);
      const { warnings } = await runAsked(engine, { ...asked, steps: 1 });
      if (isUnread) expect(warnings).toContainEqual(UNREAD);
      else expect(warnings).not.toContainEqual(UNREAD);
    },
  );

  it('of an edit is read by the source too, where that is guided', async () => {
    const source = discOf(64, 64);
    const edit = { ...EDIT, guidance: 1, negative: 'sand', steps: 1 };
    expect((await runAsked(engine, edit, { source })).warnings).toContainEqual(UNREAD);
    const guided = { ...edit, params: { sourceGuidance: 2 } };
    expect((await runAsked(engine, guided, { source })).warnings).not.toContainEqual(UNREAD);
  });

  it('of a video is told too, also where text states of zeros stand in its place', () => {
    const checkpoint = writeTinyVideoModel({ settings: { frames: 3, fps: 6, steps: 2 } });
    const segments = [{ prompt: 'a red apple' }, { prompt: 'a blue cat' }];
    const asked = { checkpoint, method: 'ditctrl', prompt: '', segments, negative: 'sand' };
    const unread = (more: object) => engine.plan(requestOf({ ...asked, ...more }), {}).unread;
    expect(unread({ guidance: 1 })).toEqual(['negative']);
    expect(unread({ guidance: 3 })).toEqual([]);
    expect(unread({ guidance: 3, params: { unconditional: 'zero' } })).toEqual(['negative']);
  });
});
