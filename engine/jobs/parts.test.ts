import { afterAll, expect, it } from 'vitest';
import type { EditRequest, RunEvent, Stage } from '../../contract/index.ts';
import { boxMask, discOf, openTestEngine, runAsked } from '../../test/embedded.ts';
import { TINY_SD3, writeTinyModel } from '../../test/tiny-model.ts';
import { writeTinyVideoModel } from '../../test/tiny-video-model.ts';
import type { RunMedia } from './media.ts';

const engine = openTestEngine();
afterAll(() => engine.close());

type Asked = Partial<EditRequest> & Pick<EditRequest, 'method'>;

/** By stage in the order of the run, which parts of how many were told, and of which networks. */
async function partsOf(asked: Asked, media: RunMedia) {
  const stages: { stage: Stage; parts: number[]; of: number; networks: string[] }[] = [];
  const onEvent = (event: RunEvent) => {
    if (event.kind === 'stage') stages.push({ stage: event.stage, parts: [], of: 0, networks: [] });
    if (event.kind !== 'part') return;
    const last = stages.at(-1);
    last?.parts.push(event.part);
    last?.networks.push(event.network);
    if (last !== undefined) last.of = event.of;
  };
  await runAsked(engine, { prompt: 'a blue apple', steps: 2, ...asked }, media, { onEvent, previews: true });
  return stages.filter(({ stage }) => ['encode', 'condition', 'decode'].includes(stage));
}

const frame = { ...discOf(24, 16) };
const clip = { frames: [frame, frame, frame], fps: 8 };
const words = { sourcePrompt: 'a red apple', prompt: 'a blue apple' };

it.each([
  ['a picture', { method: 'generate', guidance: 3, maps: true }, {}],
  ['an edit', { method: 'prompt-edit', ...words, guidance: 3, maps: true }, { source: frame }],
  ['an edit by flow', { method: 'flowedit', ...words, guidance: 3 }, { source: frame }],
  ['a repainting', { method: 'inpaint' }, { source: frame, mask: boxMask(24, 16) }],
  ['a clip', { method: 'generate', guidance: 3 }, undefined],
  ['an edit of a clip', { method: 'prompt-edit', ...words }, { source: clip }],
  [
    'a video of two prompts',
    { method: 'ditctrl', prompt: '', segments: [{ prompt: 'a red apple' }, { prompt: 'a cat' }] },
    undefined,
  ],
] as const)(
  '%s tells every call of a text encoder and of the VAE, and as many as it expected',
  async (_what, asked, media) => {
    const isVideo = media === undefined || ('source' in media && 'frames' in media.source);
    const checkpoint = isVideo
      ? writeTinyVideoModel({ vae: 'video', reader: 't5', settings: { frames: 9, steps: 2 } })
      : writeTinyModel({ ...TINY_SD3, side: 16 });
    const told = await partsOf({ ...asked, checkpoint } as Asked, { ...media });
    expect(told.map(({ stage }) => stage)).toContain('decode');
    for (const { stage, parts, of, networks } of told) {
      expect(parts, stage).toEqual(Array.from({ length: of }, (_, at) => at + 1));
      expect(of, stage).toBeGreaterThan(0);
      for (const network of networks) expect(network).toMatch(stage === 'condition' ? /^text_encoder/ : /^vae$/);
    }
  },
);
