import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ExifReader from 'exifreader';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EditRecord, Vocabulary } from '../contract/index.ts';
import {
  compareWhere,
  type Engine,
  type ImageCodec,
  type Pixels,
  readMetadata,
  writeMetadata,
} from '../engine/index.ts';
import { foldersOf } from '../native/folders.ts';
import { openImageCodec } from '../native/images.ts';
import { ToldError } from '../service/explain.ts';
import type { RunnerClient } from '../service/runner/client.ts';
import { runCommand, type Said } from '../test/run-command.ts';
import type { Host } from './host.ts';
import { openCliEngine, openCliRunner } from './open.ts';

/** Every command here runs the real engine on the embedded checkpoint, with few steps. */
let engine: Engine;
let runner: RunnerClient;
let folder: string;
const images: ImageCodec = openImageCodec();
const FAST = ['--steps', '4', '--quiet'];

beforeAll(async () => {
  const env = { HF_HUB_CACHE: '/nowhere' };
  const nowhere = foldersOf({ platform: 'linux', home: '/nowhere', env: {} });
  engine = await openCliEngine(env, nowhere);
  runner = openCliRunner(env, nowhere);
  folder = await mkdtemp(join(tmpdir(), 'attune cli ü-'));
  await attune('generate', '-p', 'a red apple on grass', '--seed', '7', ...FAST, '-o', at('source.png'));
  await writeMask('mask.png', 128, 128, (x, y) => (x < 48 && y < 64 ? 255 : 0));
});
afterAll(async () => {
  runner.close();
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);

async function writeMask(name: string, width: number, height: number, value: (x: number, y: number) => number) {
  const data = Uint8Array.from({ length: width * height }, (_, pixel) =>
    value(pixel % width, Math.floor(pixel / width)),
  );
  await writeFile(at(name), await images.encode({ width, height, channels: 1, data }, 'png'));
}

const attuneWith = (change: Partial<Host>, argv: readonly string[]) =>
  runCommand(argv, { folder, engine }, { compute: async () => runner, ...change });
const attune = (...argv: string[]) => attuneWith({}, argv);
/** As a new process would, with an engine that reads the settings again. */
async function attuneAfresh(...argv: string[]): Promise<Said> {
  const fresh = await openCliEngine({ HF_HUB_CACHE: '/nowhere' }, { settings: folder, data: '', cache: '', state: '' });
  try {
    return await attuneWith({ engine: async () => fresh }, argv);
  } finally {
    await fresh.close();
  }
}

const decode = async (name: string): Promise<Pixels> => images.decode(await readFile(at(name)), name);

describe('attune generate', () => {
  it('writes the same bytes for the same seed, and others for another', async () => {
    for (const [name, seed] of [
      ['a.png', '1'],
      ['b.png', '1'],
      ['c.png', '2'],
    ] as const) {
      const said = await attune('generate', '--prompt', 'a red apple', '--seed', seed, ...FAST, '-o', at(name));
      expect(said).toMatchObject({ code: 0, err: '' });
    }
    expect(await readFile(at('a.png'))).toEqual(await readFile(at('b.png')));
    expect(await readFile(at('a.png'))).not.toEqual(await readFile(at('c.png')));
  });

  it('says that a negative prompt is not read at guidance 1', async () => {
    const argv = ['generate', '-p', 'a red apple', '-n', 'sand', '--steps', '1', '--quiet', '-o'];
    const said = await attune(...argv, at('unread.png'), '--guidance', '1');
    expect(said).toMatchObject({ code: 0, err: expect.stringMatching(/^attune: The negative prompt was not read/) });
    expect((await attune(...argv, at('read.png'), '--guidance', '2')).err).toBe('');
  });

  it('says in JSON what it wrote and how, and nothing else on standard output', async () => {
    const said = await attune(
      'generate',
      '-p',
      'a (red:1.3) apple',
      '-n',
      'ü',
      '--seed',
      '3',
      ...FAST,
      '-o',
      at('j.webp'),
      '--json',
    );
    const { ok, outputs, figures, record } = JSON.parse(said.out);
    expect(ok).toBe(true);
    expect(outputs).toMatchObject([{ kind: 'image', path: at('j.webp'), width: 128, height: 128 }]);
    expect(figures.elapsedMs).toBeGreaterThan(0);
    expect(EditRecord.parse(record).request).toMatchObject({
      prompt: 'a (red:1.3) apple',
      negative: 'ü',
      seed: 3,
      steps: 4,
    });
    expect(outputs[0].bytes).toBe((await readFile(at('j.webp'))).length);
  });

  it.each(['png', 'jpg', 'webp', 'avif'])('leaves in a %s file what it was made with', async (extension) => {
    const name = `meta.${extension}`;
    await attune('generate', '-p', 'a „red“ apple 🍎', '--seed', '5', ...FAST, '-o', at(name));
    const bytes = await readFile(at(name));
    const { record, parameters, sourceType, problems } = readMetadata(bytes);
    expect(problems).toEqual([]);
    expect(record?.request.prompt).toBe('a „red“ apple 🍎');
    expect(parameters?.prompt).toBe('a „red“ apple 🍎');
    expect(parameters?.settings.get('Seed')).toBe('5');
    expect(sourceType).toBe('trainedAlgorithmicMedia');
    expect(String(ExifReader.load(bytes, { expanded: true }).xmp?.DigitalSourceType?.value)).toContain(
      'trainedAlgorithmicMedia',
    );
    expect(JSON.stringify(record)).not.toContain(folder);
  });

  it('writes no metadata when asked not to', async () => {
    await attune('generate', '-p', 'x', ...FAST, '-o', at('bare.png'), '--no-metadata');
    const { record, parametersText, sourceType, otherFields } = readMetadata(await readFile(at('bare.png')));
    expect([record, parametersText, sourceType, otherFields]).toEqual([undefined, undefined, undefined, []]);
  });

  it('writes to standard output, words to standard error', async () => {
    const said = await attune('generate', '-p', 'x', ...FAST, '-o', '-');
    expect((await images.decode(said.bytes, 'out')).width).toBe(128);
    expect(said.err).toContain('seed');
  });

  it('writes where each word is into a folder', async () => {
    const said = await attune('generate', '-p', 'a red apple', ...FAST, '-o', at('m.png'), '--maps', at('maps'));
    expect(said.code).toBe(0);
    expect((await readdir(at('maps'))).sort()).toEqual(['a.png', 'apple.png', 'red.png']);
    expect((await decode('maps/red.png')).width).toBe(128);
    const again = await attune('generate', '-p', 'a red apple', ...FAST, '-o', at('m2.png'), '--maps', at('maps'));
    expect(again).toMatchObject({ code: 1, out: '' });
    expect(again.err).toMatch(/is not empty; choose another folder, or add --force/);
  });
});

describe('attune edit and inpaint', () => {
  it.each(['prompt-edit', 'flowedit'])('%s keeps every pixel outside a given mask, and counts', async (method) => {
    const name = `${method}.png`;
    const said = await attune('edit', at('source.png'), '--from', 'a red apple on grass', '--to', 'a green apple on grass',
      '--method', method, '--mask', at('mask.png'), ...FAST, '-o', at(name), '--json'); // biome-ignore format: one call
    expect(JSON.parse(said.out).figures.changedOutside).toBe(0);
    const [before, after] = [await decode('source.png'), await decode(name)];
    const outside = compareWhere(before, after, (pixel) => pixel % 128 >= 48 || pixel >= 128 * 64);
    expect(outside).toMatchObject({ pixels: 128 * 128 - 48 * 64, changed: 0 });
  });

  it('says of JPEG that it keeps no background exactly, and of the others nothing', async () => {
    const inpaint = ['inpaint', at('source.png'), '--mask', at('mask.png'), '-p', 'a blue star on grass', ...FAST];
    expect((await attune(...inpaint, '-o', at('recoded.jpg'))).err).toMatch(
      /^attune: JPEG changes every pixel a little/m,
    );
    expect((await attune(...inpaint, '-o', at('kept.webp'))).err).not.toContain('JPEG');
  });

  it('says that an edit in place leaves nothing to make it from again', async () => {
    await cp(at('source.png'), at('in-place.png'));
    const edit = [
      'edit',
      at('in-place.png'),
      '--from',
      'a red apple',
      '--to',
      'a green apple',
      '--mask',
      at('mask.png'),
    ];
    expect((await attune(...edit, ...FAST, '-o', at('in-place.png'))).err).toMatch(/exists already/);
    expect((await attune(...edit, ...FAST, '-o', at('in-place.png'), '--force')).err).toMatch(/replaced by its edit/);
    expect((await attune(...edit, ...FAST, '-o', at('elsewhere.png'))).err).not.toContain('replaced by its edit');
  });

  it('inpaint changes the white part only, and marks the picture as a composite', async () => {
    const said = await attune(
      'inpaint',
      at('source.png'),
      '--mask',
      at('mask.png'),
      '-p',
      'a blue ball on grass',
      ...FAST,
      '-o',
      at('inpainted.png'),
    );
    expect(said.code).toBe(0);
    const [before, after] = [await decode('source.png'), await decode('inpainted.png')];
    expect(compareWhere(before, after, (pixel) => pixel % 128 >= 48 || pixel >= 128 * 64).changed).toBe(0);
    expect(compareWhere(before, after).changed).toBeGreaterThan(0);
    expect(readMetadata(await readFile(at('inpainted.png'))).sourceType).toBe('compositeWithTrainedAlgorithmicMedia');
  });

  it('reads the picture from standard input', async () => {
    const source = await readFile(at('source.png'));
    const said = await attuneWith({ readStdin: async () => source }, [
      'edit', '-', '--from', 'a red apple', '--to', 'a green apple', ...FAST, '-o', at('piped.png'),
    ]); // biome-ignore format: one call
    expect(said.code).toBe(0);
  });
});

describe('attune redo', () => {
  it('works on an AVIF file, which keeps the pixels and the record', async () => {
    await attune('generate', '-p', 'a red apple', '--seed', '9', ...FAST, '-o', at('kept.avif'));
    await attune('generate', '-p', 'a red apple', '--seed', '9', ...FAST, '-o', at('kept9.png'));
    expect(await decode('kept.avif')).toEqual(await decode('kept9.png'));
    expect((await attune('inspect', at('kept.avif'))).out).toMatch(/AVIF, marked as trainedAlgorithmicMedia/);
    expect((await attune('redo', at('kept.avif'), '-o', at('again.avif'), '--quiet')).out).toContain('the same bytes');
  });

  const editArgs = ['--from', 'a red apple on grass', '--to', 'a green apple on grass', '--seed', '11', ...FAST];

  it.each(['png', 'jpg', 'webp'])('gives the same bytes in %s', async (extension) => {
    const [first, second] = [at(`first.${extension}`), at(`second.${extension}`)];
    await attune('edit', at('source.png'), '--mask', at('mask.png'), ...editArgs, '-o', first);
    const said = await attune('redo', first, '-o', second, '--json', '--quiet');
    expect(JSON.parse(said.out).figures).toMatchObject({ identicalBytes: 1, changedPixels: 0, largestDifference: 0 });
    expect(await readFile(second)).toEqual(await readFile(first));
  });

  it('says how far another format is', async () => {
    await attune('edit', at('source.png'), ...editArgs, '-o', at('far.png'));
    const said = await attune('redo', at('far.png'), '-o', at('far.jpg'), '--json', '--quiet');
    const { identicalBytes, largestDifference } = JSON.parse(said.out).figures;
    expect(identicalBytes).toBe(0);
    expect(largestDifference).toBeGreaterThan(0);
  });

  it('asks for a source that was moved, takes it from --source, and refuses another picture', async () => {
    await mkdir(at('elsewhere'));
    await attune('generate', '-p', 'a red apple', '--seed', '8', ...FAST, '-o', at('elsewhere/moving.png'));
    await attune('edit', at('elsewhere/moving.png'), ...editArgs, '-o', at('moved.png'));
    await rename(at('elsewhere/moving.png'), at('hidden.png'));
    const lost = await attune('redo', at('moved.png'), '-o', at('moved2.png'));
    expect(lost).toMatchObject({ code: 1, out: '' });
    expect(lost.err).toMatch(/"moving\.png".*is not where it was; say where it is with --source FILE/);
    const wrong = await attune('redo', at('moved.png'), '--source', at('mask.png'), '-o', at('moved2.png'));
    expect(wrong.err).toMatch(/is not the file that was used/);
    const found = await attune('redo', at('moved.png'), '--source', at('hidden.png'), '-o', at('moved2.png'));
    expect(found.out).toContain('the same bytes');
  });

  it('finds a checkpoint that was given by its path, and asks for it when it was moved', async () => {
    await cp(fileURLToPath(new URL('../models/embedded/image', import.meta.url)), at('my model'), { recursive: true });
    await attune('generate', '-m', at('my model'), '-p', 'a red car', ...FAST, '-o', at('own.png'));
    expect((await attune('redo', at('own.png'), '-o', at('own2.png'))).out).toContain('the same bytes');
    await rename(at('my model'), at('moved model'));
    expect((await attune('redo', at('own.png'), '-o', at('own3.png'))).err).toMatch(/"my model".*--model REF/);
    const found = await attune('redo', at('own.png'), '-m', at('moved model'), '-o', at('own3.png'));
    expect(found.out).toMatch(/0 pixels differ.*\nthe checkpoint was my model and is moved model/);
  });

  it('never opens a path that a record names', async () => {
    const { record } = readMetadata(await readFile(at('source.png')));
    const bare = await images.encode(await decode('source.png'), 'png');
    if (!record) throw new Error('the source has a record');
    for (const checkpoint of [at('elsewhere'), '../elsewhere', 'embedded/../../secret']) {
      const hostile = { ...record, request: { ...record.request, checkpoint } };
      await writeFile(at('hostile.png'), writeMetadata(bare, 'png', hostile).bytes);
      const said = await attune('redo', at('hostile.png'), '-o', at('never.png'));
      expect(said.err).toMatch(/which is not known here; say where it is with --model REF/);
    }
    const said = await attune(
      'redo',
      at('hostile.png'),
      '--model',
      'embedded/image',
      '--quiet',
      '-o',
      at('trusted.png'),
    );
    expect(said.code).toBe(0);
  });

  it('refuses a picture without a record', async () => {
    const said = await attune('redo', at('mask.png'), '-o', at('never.png'));
    expect(said).toMatchObject({ code: 2, out: '' });
    expect(said.err).toMatch(/cannot be redone\. It carries no record of Attune/);
  });
});

describe('attune inspect, models and doctor', () => {
  it('say how a picture was made', async () => {
    const said = await attune('inspect', at('source.png'));
    expect(said.out).toContain('seed 7');
    expect(said.out).toContain('prompt: a red apple on grass');
    const { picture, record } = JSON.parse((await attune('inspect', at('source.png'), '--json')).out);
    expect(picture.parameters.settings.Seed).toBe('7');
    expect(record.request.seed).toBe(7);
  });

  it('show a hostile prompt without obeying it', async () => {
    const prompt = 'a\u001b]0;owned\u0007 cat\u202e\nsecond line';
    await attune('generate', '-p', prompt, ...FAST, '-o', at('hostile-prompt.png'));
    const { out } = await attune('inspect', at('hostile-prompt.png'));
    for (const steering of ['\u001b', '\u0007', '\u202e']) expect(out).not.toContain(steering);
    const { record } = JSON.parse((await attune('inspect', at('hostile-prompt.png'), '--json')).out);
    expect(record.request.prompt).toBe(prompt);
  });

  it('say what a checkpoint is, by folder or by name', async () => {
    const byFolder = await attune('inspect', fileURLToPath(new URL('../models/embedded/image', import.meta.url)));
    expect(byFolder.out).toContain('SD3Transformer2DModel');
    expect((await attune('inspect', 'embedded/image')).out).toBe(byFolder.out);
  });

  it('list the words of the embedded model, or of another, with their synonyms', async () => {
    const said = await attune('models', 'words');
    expect(said.out).toMatch(/objects\n {2}apple +apples, fruit\n[\s\S]*places\n[\s\S]*on sand +.*on the beach.*\n/);
    expect(said.out).toContain('  a purple cat in the center, at night\n');
    expect(said.out).not.toMatch(/ \n/);
    const { model, vocabulary } = JSON.parse((await attune('models', 'words', 'embedded/image', '--json')).out);
    expect(model).toBe('embedded/image');
    expect(Vocabulary.parse(vocabulary).objects[0]?.word).toBe('apple');
    expect((await attune('inspect', 'embedded/image')).out).toMatch(/words: it knows \d+ objects/);
  });

  it('find a word by its beginning, its synonym or its nearest spelling', async () => {
    const found = async (text: string) => (await attune('models', 'words', '--find', text)).out;
    expect(await found('kit')).toBe('  cat  objects: kitten\n');
    expect(await found('at the beach')).toBe('It does not know "at the beach" (say "on sand").\n');
    expect(await found('hosue')).toBe('It does not know "hosue" (did you mean "house"?).\n');
    expect(await found('a red apple')).toMatch(/knows each of these words/);
    const { suggestions } = JSON.parse((await attune('models', 'words', '--find', 'kit', '--json')).out);
    expect(suggestions).toEqual([{ word: 'cat', kind: 'objects', synonym: 'kitten' }]);
  });

  it('say of a checkpoint without a vocabulary that it takes free text', async () => {
    await cp(fileURLToPath(new URL('../models/embedded/image', import.meta.url)), at('free'), { recursive: true });
    await rm(at('free/vocabulary.json'));
    const said = await attune('models', 'words', at('free'));
    expect(said).toMatchObject({ code: 0, out: `${at('free')} takes free text: it has no list of words.\n` });
    expect(JSON.parse((await attune('models', 'words', at('free'), '--json')).out).vocabulary).toBeNull();
    expect((await attune('inspect', at('free'))).out).not.toContain('words:');
  });

  it('list and check the checkpoints', async () => {
    expect((await attune('models')).out).toContain('embedded/image');
    expect((await attune('models', 'check')).out).toContain('embedded/image: whole');
    await mkdir(at('broken'));
    await writeFile(at('broken/model_index.json'), '{');
    const broken = await attune('models', 'check', at('broken'));
    expect(broken.code).toBe(1);
    expect(broken.out).toContain('not usable');
  });

  it('models add and remove: the folders are kept for the next start', async () => {
    await cp(fileURLToPath(new URL('../models/embedded/image', import.meta.url)), at('added/one'), { recursive: true });
    expect((await attune('models', 'add', at('added'))).out).toContain(at('added'));
    const kept = await openCliEngine(
      { HF_HUB_CACHE: '/nowhere' },
      { settings: folder, data: '', cache: '', state: '' },
    );
    expect(kept.listModels().map(({ folder: place }) => place)).toContain(at('added/one'));
    await kept.close();
    expect((await attune('models', 'remove', at('added'))).out).toContain('No folders are searched');
  });

  it('models list says which added folder is gone, and everything else goes on', async () => {
    await cp(fileURLToPath(new URL('../models/embedded/image', import.meta.url)), at('away/one'), { recursive: true });
    await attune('models', 'add', at('away'));
    try {
      await rename(at('away'), at('elsewhere'));
      const list = await attuneAfresh('models');
      expect(list).toMatchObject({ code: 0, out: expect.stringContaining('embedded/image') });
      expect(list.out).toContain(`Folders that could not be searched:\n  ${at('away')}: there is no such folder`);
      expect(JSON.parse((await attuneAfresh('models', '--json')).out).lostFolders).toEqual([
        { folder: at('away'), reason: 'gone' },
      ]);
      expect((await attuneAfresh('models', 'check')).code).toBe(1);
      expect((await attuneAfresh('doctor')).out).toContain(`not searched: ${at('away')}`);
    } finally {
      await attune('models', 'remove', at('away'));
    }
  });

  it('check what only opening a checkpoint finds', async () => {
    await cp(fileURLToPath(new URL('../models/embedded/image', import.meta.url)), at('no-words'), { recursive: true });
    await writeFile(at('no-words/tokenizer/tokenizer_config.json'), '[]');
    const said = await attune('models', 'check', at('no-words'));
    expect(said.code).toBe(1);
    expect(said.out).toMatch(/fault: .*tokenizer_config\.json/);
  });

  it('find everything in order', async () => {
    const said = await attune('doctor', '--json');
    const { ok, findings } = JSON.parse(said.out);
    expect(ok).toBe(true);
    expect(findings.map(({ what }: { what: string }) => what)).toEqual(
      expect.arrayContaining(['node', 'runtime', 'pictures', 'embedded/image', 'a run']),
    );
  });
});

describe('what cannot be done', () => {
  const generate = ['generate', '-p', 'x', ...FAST];
  it.each([
    [[...generate, '-o', 'OUT/x.gif'], 2, /"\.gif" is no format that is written: \.png, \.jpg, \.jpeg, \.webp, \.avif/],
    [[...generate, '-o', 'OUT/x'], 2, /needs an ending that names its format/],
    [generate, 2, /--output is missing/],
    [['generate', '-o', 'OUT/x.png'], 2, /--prompt is missing: say what the picture shall show/],
    [[...generate, '-o', 'OUT/x.png', '--seed', '1.5'], 2, /whole number/],
    [[...generate, '-o', 'OUT/x.png', '--size', 'big'], 2, /--size takes WIDTHxHEIGHT/],
    [[...generate, '-o', 'OUT/x.png', '--size', '0x16'], 2, /size\.width: must be from 1 to 16384 \(--size WxH\)/],
    [[...generate, '-o', 'OUT/x.png', '--size', '4096x4096'], 2, /too large for embedded\/image/],
    [[...generate, '-o', 'OUT/x.png', '--method', 'generat'], 2, /Did you mean generate\?/],
    [[...generate, '-o', 'OUT/x.png', '--model', 'nobody/nothing'], 1, /There is no checkpoint "nobody\/nothing"/],
    [[...generate, '-o', 'OUT/x.png', '--param', 'a=1'], 2, /has no parameters/],
    [['edit', 'OUT/none.png', '--from', 'a', '--to', 'b', '-o', 'OUT/x.png'], 1, /none\.png does not exist/],
    [
      ['edit', 'OUT/source.png', '--to', 'b', '-o', 'OUT/x.png'],
      2,
      /prompt-edit needs a prompt that says what the source shows \(--from TEXT\)/,
    ],
    [
      ['edit', 'OUT/source.png', '--from', 'a', '--to', 'b', '-o', 'OUT/x.png', '--param', 'strenth=1'],
      2,
      /Did you mean strength\?/,
    ],
    [
      ['edit', 'OUT/source.png', '--from', 'a', '--to', 'b', '-o', 'OUT/x.png', '--param', 'strength=7'],
      2,
      /takes a number from .* not "7"/,
    ],
    [
      ['edit', 'OUT/source.png', '--from', 'a', '--to', 'b', '-o', 'OUT/x.png', '--param', 'layoutSteps=7'],
      2,
      /selfReplaceSteps takes a number/,
    ],
    [
      ['edit', 'OUT/source.png', '--from', 'a', '--to', 'b', '-o', 'OUT/x.png', '--param', 'blend=yes'],
      2,
      /true or false/,
    ],
    [
      ['edit', 'OUT/source.png', '--from', 'a', '--to', 'b', '-o', 'OUT/x.png', '--mask', 'OUT/small.png'],
      2,
      /64x64 pixels and the picture 128x128/,
    ],
    [
      ['edit', 'OUT/source.png', '--from', 'a', '--to', 'b', '-o', 'OUT/x.png', '--mask', 'OUT/black.png'],
      2,
      /black everywhere/,
    ],
    [['inpaint', 'OUT/source.png', '-p', 'a', '-o', 'OUT/x.png'], 2, /inpaint needs a mask.* \(--mask PNG\)/],
    [['inspect', 'OUT/none.png'], 1, /does not exist/],
    [['inspect', 'OUT/text.txt'], 1, /text\.txt/],
    [['inspect', 'OUT/text.png'], 1, /text\.png is neither PNG, JPEG, WebP, AVIF/],
    [['inspect', '-'], 1, /Standard input is neither PNG/],
    [['redo', 'OUT/text.txt', '-o', 'OUT/x.png'], 1, /text\.txt is neither PNG, JPEG, WebP, AVIF/],
    [['generate', '-p', '-o', 'OUT/x.png'], 2, /-p needs a value/],
    [['models', 'chek'], 2, /Did you mean check\?/],
    [['models', 'check', '--find', 'cat'], 2, /"models check" takes no --find/],
    [['models', 'add'], 2, /"models add" needs a folder/],
    [['models', 'add', 'OUT/none'], 1, /none/],
    [['models', 'remove', 'OUT/none'], 2, /in none of the folders/],
    [['models', 'words', 'nobody/nothing'], 1, /There is no checkpoint "nobody\/nothing"/],
    [['gnerate'], 2, /There is no command "gnerate"\. Did you mean generate\?/],
    [['--prompt', 'x'], 2, /The command comes first/],
  ] as const)('%j ends with code %i and a sentence', async (argv, code, sentence) => {
    await writeMask('small.png', 64, 64, () => 255);
    await writeMask('black.png', 128, 128, () => 0);
    await writeFile(at('text.txt'), 'hello');
    await writeFile(at('text.png'), 'hello');
    const filled = argv.map((part) => part.replace('OUT', folder));
    const said = await attune(...filled);
    expect([said.code, said.out]).toEqual([code, '']);
    expect(said.err).toMatch(sentence);
    expect(said.err).toMatch(/^attune: [^\n]+\n$/);
    const inJson = JSON.parse((await attune(...filled, '--json')).out);
    expect(inJson).toMatchObject({ ok: false, error: { message: expect.stringMatching(sentence) } });
    expect(await readdir(folder)).not.toContain('x.png');
  });

  it('gives standard output to the picture or to JSON, not to both', async () => {
    expect((await attune(...generate, '-o', '-', '--json')).err).toMatch(/both want standard output/);
  });

  it('never replaces a file unasked', async () => {
    await writeFile(at('mine.png'), 'mine');
    const said = await attune(...generate, '-o', at('mine.png'));
    expect(said.code).toBe(1);
    expect(said.err).toMatch(/mine\.png exists already; choose another name, or have it replaced \(--force\)/);
    expect(await readFile(at('mine.png'), 'utf8')).toBe('mine');
    expect((await attune(...generate, '-o', at('mine.png'), '--force')).code).toBe(0);
  });

  it('shows a defect of ours without its stack, unless asked', async () => {
    const broken: Partial<Host> = { engine: () => Promise.reject(new TypeError('boom')) };
    const said = await attuneWith(broken, ['models']);
    expect(said).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^attune: Something went wrong inside Attune: boom\..*\n$/),
    });
    const debug = await attuneWith({ ...broken, env: { ATTUNE_DEBUG: '1' } }, ['models']);
    expect(debug.err).toMatch(/TypeError: boom\n\s+at /);
  });

  it('shows a defect in the process that runs networks once, as it was told there', async () => {
    const message = 'Something went wrong inside Attune: boom. Please report it.';
    const run = () => Promise.reject(new ToldError({ kind: 'internal', message }));
    const said = await attuneWith({ compute: async () => ({ run, select: run, upscale: run }) }, [
      ...generate,
      '-o',
      at('no.png'),
    ]);
    expect(said).toMatchObject({
      code: 1,
      err: expect.stringMatching(/attune: Something went wrong inside Attune: boom\. Please report it\.\n$/),
    });
  });

  it('is cancelled between steps with code 130 and leaves nothing', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 150);
    const said = await attuneWith({ signal: controller.signal }, [
      'generate',
      '-p',
      'x',
      '--steps',
      '1000',
      '-o',
      at('never.png'),
      '--json',
    ]);
    expect(said.code).toBe(130);
    expect(JSON.parse(said.out)).toEqual({ ok: false, error: { kind: 'cancelled', message: expect.any(String) } });
    expect((await readdir(folder)).filter((name) => name.startsWith('never') || name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('the help', () => {
  it('needs no engine, but for the methods of a command', async () => {
    const asleep: Partial<Host> = { engine: () => Promise.reject(new Error('must not be opened')) };
    for (const argv of [[], ['--help'], ['help'], ['--version'], ['doctor', '--help']]) {
      expect(await attuneWith(asleep, argv)).toMatchObject({ code: 0, err: '' });
    }
    const said = await attune('edit', '--help');
    expect(said.out).toContain('--method flowedit');
    expect(said.out).toContain('--param strength=');
  });
});

describe('attune select', () => {
  const prompt = ['--prompt', 'a red apple on grass'];

  it('writes a mask that edit and inpaint take as it is', async () => {
    const said = await attune('select', at('source.png'), '--word', 'apple', ...prompt, '--json', '-o', at('sel.png'));
    expect(said.code).toBe(0);
    expect(JSON.parse(said.out)).toMatchObject({
      ok: true,
      outputs: [{ kind: 'mask', word: 'apple', width: 128, height: 128 }],
      word: 'apple',
      prompt: 'a red apple on grass',
      warnings: [],
    });
    const mask = await decode('sel.png');
    const values = new Set(mask.data);
    expect([...values].sort((a, b) => a - b)).toEqual([0, 255]);
    const painted = await attune(
      ...['inpaint', at('source.png'), '--mask', at('sel.png'), '--prompt', 'a blue star on grass', ...FAST],
      ...['--seed', '1', '-o', at('sel-out.png')],
    );
    expect(painted).toMatchObject({ code: 0, err: '' });
    expect(painted.out).toContain('0 pixels changed outside the mask');
  });

  it('writes the map in grey values with --soft, and to standard output', async () => {
    const said = await attune('select', at('source.png'), '-w', 'red apple', ...prompt, '--soft', '-q', '-o', '-');
    expect(said.code).toBe(0);
    const map = await images.decode(said.bytes, 'map');
    expect(new Set(map.data).size).toBeGreaterThan(20);
  });

  it('says what it cannot use', async () => {
    const select = (...more: string[]) => attune('select', at('source.png'), ...more);
    expect(await select('-o', at('no.png'))).toMatchObject({ code: 2, err: expect.stringContaining('--word') });
    expect(await select('--word', 'cat', ...prompt, '-o', at('no.png'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('does not contain "cat"'),
    });
    expect(await select('--word', 'apple', '-o', at('no.jpg'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('JPEG'),
    });
    expect(await select('--word', 'apple', '--soft', '--threshold', '0.5', '-o', at('no.png'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('--soft'),
    });
  });
});
