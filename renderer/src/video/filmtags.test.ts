import { readFileSync } from 'node:fs';
import { ALL_FORMATS, BufferSource, Input } from 'mediabunny';
import { expect, it } from 'vitest';
import { filmTagsOf } from './filmtags.ts';

const tagsIn = async (name: string) => {
  const bytes = readFileSync(new URL(`../../../test/madeby/${name}`, import.meta.url));
  const input = new Input({ source: new BufferSource(bytes), formats: ALL_FORMATS });
  return filmTagsOf(await input.getMetadataTags());
};

it.each(['comfyui.mp4', 'comfyui.webm'])('the graphs in tags of %s are found', async (name) => {
  const tags = await tagsIn(name);
  expect(Object.keys(tags ?? {})).toEqual(['prompt', 'workflow']);
  expect(tags?.prompt).toContain('"class_type": "KSampler"');
});

it.each(['helper-suite.mp4', 'helper-suite.webm', 'a1111.mp4'])('the comment of %s is found', async (name) => {
  const tags = await tagsIn(name);
  expect(Object.keys(tags ?? {})).toEqual(['comment']);
  expect(tags?.comment).toContain('a cat, on a mat');
});

it('a film that says nothing has no tags that count', () => {
  expect(filmTagsOf({ raw: { encoder: 'Lavf', prompt: new Uint8Array(3) } })).toBeUndefined();
});
