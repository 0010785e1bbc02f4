import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { EditRequest } from '../../contract/index.ts';
import { folderOf } from '../../test/checkpoint-files.ts';
import {
  apart,
  boxMask,
  codedAlone,
  discOf,
  EMBEDDED,
  openTestEngine,
  requestOf,
  runAsked,
} from '../../test/embedded.ts';
import { latentSizeOf } from '../latents/size.ts';
import { compareWhere } from '../media/paste.ts';
import type { Pixels } from '../ports.ts';
import type { RunMedia } from './media.ts';

const engine = openTestEngine();
afterAll(() => engine.close());

const PROMPT = 'a red apple on the left, on grass';
const edit = { prompt: PROMPT.replace('red', 'blue'), sourcePrompt: PROMPT };
const source = discOf(128, 128);
const mask = boxMask(128, 128);

describe('pictures', () => {
  const methods = [
    ['inpaint', { method: 'inpaint' }],
    ['prompt-edit', { method: 'prompt-edit', ...edit }],
    ['flowedit', { method: 'flowedit', ...edit }],
  ] as const;
  const sizes = [
    [100, 75],
    [97, 128],
    [128, 128],
    [16, 9],
  ] as const;
  const cases = methods.flatMap(([id, asked]) => sizes.map((size) => [id, ...size, asked] as const));

  it.each(cases)('%s, %sx%s: outside the mask every byte is the source’s', async (_id, width, height, asked) => {
    const picture = discOf(width, height);
    const box = boxMask(width, height);
    const { images, figures, warnings, record } = await runAsked(engine, asked, { source: picture, mask: box });
    const [image = box] = images;
    expect([image.width, image.height, image.channels]).toEqual([width, height, 3]);
    const outside = compareWhere(picture, image, (pixel) => box.data[pixel] === 0);
    expect(outside).toMatchObject({ changed: 0, largest: 0 });
    expect(figures.changedOutside).toBe(0);
    expect(figures.changedInside).toBe(compareWhere(picture, image, (pixel) => box.data[pixel] === 255).changed);
    expect(figures.changedInside).toBeGreaterThan(0);
    expect(record.request.size).toEqual({ width, height });
    expect(warnings).toEqual([]);
  });

  it('keep their transparency outside the mask', async () => {
    const clear: Pixels = { ...discOf(100, 75, 4) };
    for (let pixel = 0; pixel < 100 * 75; pixel++) clear.data[pixel * 4 + 3] = pixel % 256;
    const box = boxMask(100, 75);
    const { images } = await runAsked(engine, { method: 'inpaint' }, { source: clear, mask: box });
    const [image = box] = images;
    expect(image.channels).toBe(4);
    expect(compareWhere(clear, image, (pixel) => box.data[pixel] === 0).changed).toBe(0);
  });

  it('of an odd size are padded and cropped, never scaled', async () => {
    const model = engine.model('embedded/image');
    const odd = discOf(100, 75);
    const { paddedWidth, paddedHeight } = latentSizeOf(model, { width: 100, height: 75, frames: 1 });
    expect([paddedWidth, paddedHeight]).toEqual([112, 80]);
    const back = await codedAlone(model, odd);
    const asked = { method: 'flowedit', ...edit, prompt: PROMPT, guidance: 1, params: { sourceGuidance: 1 } } as const;
    const { images } = await runAsked(engine, asked, { source: odd });
    expect(apart(images[0]?.data ?? [], back.data)).toBe(0);
    expect(compareWhere(odd, back).psnr).toBeGreaterThan(18);
  });

  it('that come back as they were are said to', async () => {
    const asked = { method: 'prompt-edit', prompt: PROMPT, sourcePrompt: PROMPT };
    const { images, warnings } = await runAsked(engine, asked, { source });
    expect(compareWhere(source, images[0] ?? source).changed).toBe(0);
    expect(warnings).toEqual([expect.stringContaining('Nothing changed')]);
  });

  it('are scaled when another size is asked for, and that is said', async () => {
    const size = { width: 64, height: 48 };
    const large = { source: discOf(320, 240), mask: boxMask(320, 240) };
    const { images, warnings, record, figures } = await runAsked(engine, { method: 'inpaint', size }, large);
    expect([images[0]?.width, images[0]?.height]).toEqual([64, 48]);
    expect(warnings).toEqual(['The source was scaled from 320x240 to 64x48, as asked.']);
    expect(record.request.size).toEqual(size);
    expect(figures.changedOutside).toBe(0);
  });

  it('that are larger than the network makes are edited where the mask is, and stay as they were elsewhere', async () => {
    const media = { source: discOf(320, 240), mask: boxMask(320, 240) };
    const { images, figures, warnings } = await runAsked(engine, { method: 'inpaint' }, media);
    const [image = media.mask] = images;
    expect([image.width, image.height]).toEqual([320, 240]);
    expect(compareWhere(media.source, image, (pixel) => media.mask.data[pixel] === 0).changed).toBe(0);
    expect(figures.changedOutside).toBe(0);
    expect(figures.changedInside).toBeGreaterThan(0);
    expect(warnings).not.toContainEqual(expect.stringContaining('was scaled'));
  });

  it('that are asked for too large are refused with the size that works', async () => {
    const refusal = await refused({ method: 'generate', size: { width: 320, height: 240 } });
    expect(refusal).toMatchObject({ kind: 'request-invalid', where: { field: 'size' } });
    for (const said of ['320x240', '128x128', 'smaller size']) expect(refusal.message).toContain(said);
    const media = { source: discOf(320, 240), mask: boxMask(320, 240) };
    expect(await refused({ method: 'inpaint', size: { width: 129, height: 64 } }, media)).toMatchObject({
      kind: 'request-invalid',
      where: { field: 'size' },
    });
  });
});

/** What a user would read. */
async function refused(asked: Parameters<typeof requestOf>[0], media: RunMedia = {}) {
  const error: unknown = await engine.run(requestOf(asked), media).then(
    () => new Error('the run went well'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error) || error.name !== 'AttuneError') throw error;
  return error as Error & { readonly kind: string; readonly where: { readonly field?: string } }; // checked by its name
}

describe('a wrong request', () => {
  type Wrong = readonly [
    what: string,
    asked: Parameters<typeof requestOf>[0],
    media: RunMedia,
    field: string,
    way: RegExp,
  ];
  const inpaint = { method: 'inpaint' };
  const wrong: readonly Wrong[] = [
    ['an unknown method', { method: 'inpain' }, {}, 'method', /generate, prompt-edit, flowedit, inpaint/],
    ['an unknown parameter', { ...inpaint, params: { streng: 1 } }, { source, mask }, 'streng', /it has strength/],
    ['a parameter out of range', { ...inpaint, params: { strength: 2 } }, { source, mask }, 'strength', /0\.05 to 1/],
    [
      'a parameter of another type',
      { ...inpaint, params: { strength: 'all' } },
      { source, mask },
      'strength',
      /number/,
    ],
    [
      'a parameter that is no number',
      { ...inpaint, params: { strength: Number.NaN } },
      { source, mask },
      'strength',
      /./,
    ],
    ['no mask', inpaint, { source }, 'mask', /a mask, white where/],
    ['no source', inpaint, { mask }, 'source', /picture/],
    ['no source prompt', { method: 'prompt-edit' }, { source }, 'sourcePrompt', /says what the source shows/],
    ['a mask of another size', inpaint, { source, mask: boxMask(64, 128) }, 'mask', /64x128.*128x128/],
    ['a mask that is black everywhere', inpaint, { source, mask: boxMask(128, 128, [0, 0, 0, 0]) }, 'mask', /white/],
    ['a source where none is used', { method: 'generate' }, { source }, 'source', /inpaint/],
    ['a mask where none is used', { method: 'generate' }, { mask }, 'mask', /inpaint/],
    [
      'a source prompt where none is used',
      { method: 'generate', sourcePrompt: 'x' },
      {},
      'sourcePrompt',
      /prompt-edit/,
    ],
    ['no steps', { method: 'generate', steps: 0 }, {}, 'steps', />=1/],
    ['half a step', { method: 'generate', steps: 2.5 }, {}, 'steps', /int/],
    ['too many steps', { method: 'generate', steps: 1001 }, {}, 'steps', /<=1000/],
    ['a negative seed', { method: 'generate', seed: -1 }, {}, 'seed', />=0/],
    ['a seed beyond exact numbers', { method: 'generate', seed: 2 ** 53 }, {}, 'seed', /./],
    ['a guidance below 0', { method: 'generate', guidance: -1 }, {}, 'guidance', />=0/],
    ['a guidance that is no number', { method: 'generate', guidance: Number.NaN }, {}, 'guidance', /./],
    ['a size of nothing', { method: 'generate', size: { width: 0, height: 64 } }, {}, 'size', /from 1 to 16384/],
    ['a prompt weight out of range', { method: 'generate', prompt: 'a (cat:99)' }, {}, 'prompt', /-10 to 10/],
    ['an unknown checkpoint', { method: 'generate', checkpoint: 'embedded/imag' }, {}, 'checkpoint', /embedded\/image/],
  ];

  it.each(wrong)('with %s names the field and a way out', async (_what, asked, media, field, way) => {
    const { kind, where, message } = await refused(asked, media);
    expect(kind).toBe(field === 'checkpoint' ? 'checkpoint-incomplete' : 'request-invalid');
    expect(where.field).toBe(field);
    expect(message).toMatch(way);
    // Options are the command line's own words; the editor shows the same sentence.
    expect(message).not.toMatch(/--[a-z]/);
  });

  it('with a key of another version is refused by that name', async () => {
    const later = { ...requestOf({ method: 'generate' }), mood: 'new' };
    await expect(engine.run(later as EditRequest, {})).rejects.toMatchObject({ kind: 'request-invalid' });
    await expect(engine.run(later as EditRequest, {})).rejects.toThrow('mood');
  });

  it('does no harm to the next one', async () => {
    await refused({ method: 'inpaint', params: { strength: 2 } }, { source, mask });
    const { images } = await runAsked(engine, { method: 'inpaint' }, { source, mask });
    expect(images).toHaveLength(1);
  });
});

/** A copy of the embedded checkpoint that the test may change. */
function copyOfEmbedded(): { readonly embedded: string; readonly image: string } {
  const embedded = folderOf({});
  cpSync(join(EMBEDDED, 'image'), join(embedded, 'image'), { recursive: true });
  return { embedded, image: join(embedded, 'image') };
}

describe('words that the checkpoint does not know', () => {
  const known = { method: 'prompt-edit', sourcePrompt: 'a cat on the left, on sand', steps: 2 } as const;
  const sourcePrompt = 'a kitten on the left, on the beach';

  it('are named in one sentence for both prompts, with what to say instead; the prompts stay as typed', async () => {
    const prompt = 'a spaceship on the left, on the beach';
    const { warnings, record } = await runAsked(engine, { ...known, sourcePrompt, prompt }, { source, mask });
    expect(warnings).toEqual([
      'The embedded model does not know "kitten" (say "cat"), "on the beach" (say "on sand") and "spaceship"; it reads a blank in their place. Its vocabulary lists the words it knows.',
    ]);
    expect(record.request).toMatchObject({ prompt, sourcePrompt });
    expect(record.prompts.map(({ text }) => text)).toEqual(expect.arrayContaining([prompt, sourcePrompt]));
  });

  it('are told once where both prompts, or the negative one, have the same', async () => {
    const both = { ...known, sourcePrompt: 'a hosue', prompt: 'a red hosue', negative: 'a Hosue' };
    expect((await runAsked(engine, both, { source, mask })).warnings).toEqual([
      expect.stringMatching(/does not know "[hH]osue" \(did you mean "house"\?\); it reads a blank in its place\./),
    ]);
  });

  it('are only named where the checkpoint has no vocabulary', async () => {
    const { embedded, image } = copyOfEmbedded();
    rmSync(join(image, 'vocabulary.json'));
    const own = openTestEngine(1, embedded);
    expect(own.vocabulary('embedded/image')).toBeUndefined();
    const { warnings } = await runAsked(own, { method: 'generate', prompt: 'a kitten on a rug', steps: 1 });
    expect(warnings).toEqual(['This checkpoint does not know "kitten" and "rug". Use other words.']);
    await own.close();
  });

  it('cannot be told by a vocabulary that is malformed, which is refused with its field', async () => {
    const { embedded, image } = copyOfEmbedded();
    const vocabulary = engine.vocabulary('embedded/image');
    writeFileSync(join(image, 'vocabulary.json'), JSON.stringify({ ...vocabulary, places: [{ word: 7 }] }));
    const own = openTestEngine(1, embedded);
    const refusal = { kind: 'checkpoint-malformed', where: { field: 'places.0.word' } };
    await expect(runAsked(own, { method: 'generate', steps: 1 })).rejects.toMatchObject(refusal);
    await own.close();
  });
});

describe('an attune.json beside a checkpoint', () => {
  const engineWith = (settings: string) => {
    const { embedded, image } = copyOfEmbedded();
    writeFileSync(join(image, 'attune.json'), settings);
    return openTestEngine(1, embedded);
  };
  const generate: EditRequest = { method: 'generate', checkpoint: 'embedded/image', prompt: PROMPT, seed: 1 };

  it('says what a request takes where it says nothing', async () => {
    const own = engineWith(
      '{"steps": 3, "guidance": 2, "methods": {"inpaint": {"steps": 2, "guidance": 1.5, "params": {"strength": 0.5}}}}',
    );
    const resolved = async (request: EditRequest, media: RunMedia = {}) =>
      (await own.run(request, media)).record.request;
    expect(await resolved(generate)).toMatchObject({ steps: 3, guidance: 2, params: {} });
    const inpaint = { ...generate, method: 'inpaint' };
    const media = { source, mask };
    expect(await resolved(inpaint, media)).toMatchObject({ steps: 2, guidance: 1.5, params: { strength: 0.5 } });
    const asked = { ...inpaint, steps: 4, guidance: 1, params: { strength: 0.7 } };
    expect(await resolved(asked, media)).toMatchObject({ steps: 4, guidance: 1, params: { strength: 0.7 } });
    await own.close();
  });

  it.each([
    ['is no JSON', '{"steps": 3', undefined],
    ['is no object', '[3]', undefined],
    ['asks for no steps', '{"steps": 0}', 'steps'],
    ['has a text for a number', '{"guidance": "high"}', 'guidance'],
    ['has a wrong number in a method', '{"methods": {"inpaint": {"steps": -1}}}', 'methods.inpaint.steps'],
    ['has a list for a method', '{"methods": {"inpaint": []}}', 'methods.inpaint'],
    [
      'has a list for a parameter',
      '{"methods": {"inpaint": {"params": {"strength": [1]}}}}',
      'methods.inpaint.params.strength',
    ],
    [
      'has a parameter the method lacks',
      '{"methods": {"inpaint": {"params": {"streng": 1}}}}',
      'methods.inpaint.params.streng',
    ],
    [
      'has a parameter out of range',
      '{"methods": {"inpaint": {"params": {"strength": 7}}}}',
      'methods.inpaint.params.strength',
    ],
  ])('that %s is named as malformed, with the field', async (_what, settings, field) => {
    const own = engineWith(settings);
    const run = own.run({ ...generate, method: 'inpaint' }, { source, mask });
    const where = { file: expect.stringContaining('attune.json'), ...(field === undefined ? {} : { field }) };
    await expect(run).rejects.toMatchObject({ kind: 'checkpoint-malformed', where });
    await own.close();
  });

  it('may speak of methods that this version does not have', async () => {
    const own = engineWith('{"steps": 2, "methods": {"later": {"steps": 9, "params": {"x": 1}}}}');
    expect((await own.run(generate, {})).record.request.steps).toBe(2);
    await own.close();
  });
});
