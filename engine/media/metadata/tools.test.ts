import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importMetadata } from './import.ts';
import { insertPngText } from './png.ts';

/** Files as Pillow, piexif, exiftool and ffmpeg write them; `make.py` beside them says how. Films are read in `native/film.test.ts`. */
const folder = fileURLToPath(new URL('../../../test/madeby/', import.meta.url));
const open = (name: string) => new Uint8Array(readFileSync(folder + name));
const read = (name: string) => importMetadata(open(name), name);
const names = (pattern: RegExp) => readdirSync(folder).filter((name) => pattern.test(name));

const settings = { negative: 'dog', seed: 42, steps: 20, guidance: 7, size: { width: 512, height: 768 } };
const plain = { prompt: 'a cat, on a mat', ...settings };
const unicode = { ...plain, prompt: 'a cat, on a mat é 雪 猫' };

describe('a file of the trade is read', () => {
  const a1111 = [
    ...names(/^piexif\./).map((name) => [name, unicode] as const),
    ...names(/^pillow-root\./).map((name) => [name, plain] as const),
    ...names(/^code-(?:unicode|undefined|none-utf8|ascii-utf8)/).map((name) => [name, unicode] as const),
    ['code-ascii.jpg', plain] as const,
    ['code-none.jpg', plain] as const,
    ['code-jis.jpg', { ...plain, prompt: '猫, 雪' }] as const,
    ...names(/^exiftool(?:-unicode|-intel)?\.(?!mp4)/).map((name) => [name, unicode] as const),
    ['exiftool-latin.jpg', plain] as const,
    ['description.jpg', plain] as const,
    ['thumbnail.jpg', plain] as const,
    ['comment.jpg', unicode] as const,
    ['comment.gif', plain] as const,
    ['ztxt.png', plain] as const,
    ['itxt.png', unicode] as const,
    ['itxt-compressed.png', unicode] as const,
    ['behind-100-fields.png', plain] as const,
    ['raw-profile.png', plain] as const,
  ];
  it.each(a1111)('%s: the text of A1111', (name, request) => {
    expect(read(name)).toMatchObject({ tool: 'A1111', request });
  });

  it('in every container and character code that it was made in', () => {
    expect(a1111.length).toBe(36);
  });

  it.each(names(/^fooocus/))('%s: of Fooocus', (name) => {
    expect(read(name)).toMatchObject({ tool: 'Fooocus', request: plain });
  });

  it.each(names(/^comfyui.*\.(?:png|jpg|webp)$|^workflow/))('%s: of ComfyUI', (name) => {
    expect(read(name)).toMatchObject({ tool: 'ComfyUI', request: plain });
  });

  it.each(names(/^invokeai/))('%s: of InvokeAI', (name) => {
    const prompt = name === 'invokeai-dream.png' ? 'a cat called "Tom", on a mat' : plain.prompt;
    expect(read(name)).toMatchObject({ tool: 'InvokeAI', request: { ...plain, prompt } });
  });

  it('of NovelAI, with the older place of the prompt', () => {
    const { size: _none, ...rest } = plain;
    expect(read('novelai-older.png')).toMatchObject({ tool: 'NovelAI', request: rest });
    expect(read('novelai.png')).toMatchObject({ tool: 'NovelAI', request: plain });
  });

  it.each(['novelai-4.png', 'novelai-4.webp'])(
    '%s: with the texts of its characters, and a sentence on them',
    (name) => {
      expect(read(name)).toMatchObject({
        tool: 'NovelAI',
        request: { ...plain, prompt: 'two people, girl, red hair, boy, hat', negative: 'dog, beard' },
        notes: expect.arrayContaining([expect.stringMatching(/prompt has texts for 2 characters.*places/)]),
      });
    },
  );
});

it('the tags of a film are read as they come from the editor', () => {
  const file = (filmTags: unknown) => new TextEncoder().encode(JSON.stringify({ filmTags }));
  const graph = new TextDecoder().decode(open('workflow-api.json'));
  const workflow = new TextDecoder().decode(open('workflow.json'));
  for (const tags of [{ prompt: graph, workflow }, { workflow }, { comment: JSON.stringify({ prompt: graph }) }])
    expect(importMetadata(file(tags), 'film.json')).toMatchObject({ tool: 'ComfyUI', request: plain });
  const common = 'a cat, on a mat\nNegative prompt: dog\nSteps: 20, Seed: 42';
  expect(importMetadata(file({ comment: common }), 'film.json')).toMatchObject({
    tool: 'A1111',
    request: { seed: 42 },
  });
  expect(importMetadata(file({ comment: 'my holiday', description: 'sea' }), 'film.json')).toBeUndefined();
});

describe('what is not read', () => {
  it('is named: a field that unpacks to more than the limit', () => {
    expect(read('bomb.png')).toEqual({
      tool: 'an unknown tool',
      request: {},
      notes: ['Its text field "parameters" has more than 8 MiB and was not read.'],
    });
  });

  it.each([
    ['prompt', '{"a":'.repeat(100), 'ComfyUI', /nested more than 64 deep/],
    ['prompt', `{"a": "${'x'.repeat((8 << 20) + 1)}"}`, 'an unknown tool', /"prompt" has more than 8 MiB/],
    ['invokeai_metadata', 'hello', 'InvokeAI', /"invokeai_metadata" is in no form that is known here.*"hello"/],
    ['invokeai_graph', '[]', 'InvokeAI', /"invokeai_graph"/],
    ['Dream', 'a cat', 'InvokeAI', /"Dream"/],
    ['parameters', 'a cat', 'an unknown tool', /"parameters"/],
  ])('is named: %s', (keyword, text, tool, note) => {
    const bytes = insertPngText(open('picture.png'), [{ keyword, text }]);
    expect(importMetadata(bytes, 'x.png')).toMatchObject({ tool, request: {}, notes: [expect.stringMatching(note)] });
  });

  it('says nothing of a picture that says nothing', () => {
    for (const name of ['picture.png', 'photo.jfif', 'pages.tiff']) expect(read(name)).toBeUndefined();
    const texts = [
      { keyword: 'Software', text: 'GIMP' },
      { keyword: 'Comment', text: 'Created with GIMP' },
    ];
    expect(importMetadata(insertPngText(open('picture.png'), texts), 'x.png')).toBeUndefined();
  });
});
