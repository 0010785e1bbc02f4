import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EditRecord } from '../../contract/index.ts';
import { readMetadata } from '../../engine/index.ts';
import { decodeAnimation, encodeAnimation } from '../../native/animation.ts';
import { findFfmpeg } from '../../native/ffmpeg.ts';
import { sha256Of } from '../../native/files.ts';
import { decodeFilm, filmFormat } from '../../native/film.ts';
import { openFilm } from '../../native/filmwriter.ts';
import { openImageCodec } from '../../native/images.ts';
import { folderOf } from '../../test/checkpoint-files.ts';
import { openTestEngine } from '../../test/embedded.ts';
import { runCommand } from '../../test/run-command.ts';
import { writeTinyVideoModel } from '../../test/tiny-video-model.ts';
import type { Host } from '../host.ts';

/** A model of random weights draws nothing, which an edit may say; and nothing else. */
const LITTLE = expect.stringMatching(/^(?:attune: The edit did little[^\n]*\n)?$/);

const engine = openTestEngine();
afterAll(() => engine.close());
const images = openImageCodec();
const ffmpegEnv = { PATH: process.env.PATH };
const hasFfmpeg = findFfmpeg(ffmpegEnv) !== undefined && findFfmpeg(ffmpegEnv, 'ffprobe') !== undefined;

/** A command line with its own folder and a small random model. */
function scene() {
  const [folder, model] = [folderOf({}), writeTinyVideoModel({ settings: { frames: 3, fps: 6, steps: 2 } })];
  const at = (name: string) => join(folder, name);
  const run = (argv: readonly string[], change: Partial<Host> = {}) => runCommand(argv, { folder, engine }, change);
  const film = (...argv: readonly string[]) => run(['video', '--model', model, '--seed', '1', '--quiet', ...argv]);
  return { at, model, run, film };
}

const frames = (...numbers: readonly number[]) => numbers.map((number) => `00000${number}.png`);

describe('a video that was made', () => {
  const several = ['-p', 'a red apple', '-p', 'a blue cat', '--param', 'transitions=0'];

  it.each(['clip', 'clip.webp'])('%s: is inspected, and redone to the same pixels', async (name) => {
    const { at, film, run } = scene();
    expect(await film(...several, '-o', at(name))).toMatchObject({ code: 0, err: '' });
    const told = await run(['inspect', at(name)]);
    expect(told).toMatchObject({ code: 0, err: '' });
    expect(told.out).toMatch(/a video at 6 frames a second\n {2}prompt 1: a red apple\n {2}prompt 2: a blue cat/);
    const again = await run(['redo', at(name), '-o', at(`again-${name}`), '--quiet']);
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(again.out).toMatch(/the same pixels in all \d frames/);
    // What is not the same is said.
    const other = await run(['inspect', at(`again-${name}`), '--json']);
    expect(JSON.parse(other.out).record.request.segments).toHaveLength(2);
  });

  it('without a record says so', async () => {
    const { at, film, run } = scene();
    await film('-p', 'a red apple', '-o', at('clip.webp'), '--no-metadata');
    expect((await run(['redo', at('clip.webp'), '-o', at('again.webp')])).err).toMatch(/carries no record of Attune/);
  });
});

describe('attune video', () => {
  it('writes a PNG for each frame and how they were made', async () => {
    const { at, film } = scene();
    const said = await film('-p', 'a red apple', '-o', at('clip'));
    expect(said).toMatchObject({ code: 0, err: '' });
    expect(said.out).toMatch(/12x8, 3 frames at 6 a second, generate, seed 1/);
    expect((await readdir(at('clip'))).sort()).toEqual([...frames(1, 2, 3), 'record.json']);
    const record = EditRecord.parse(JSON.parse(await readFile(at('clip/record.json'), 'utf8')));
    expect(record.request).toMatchObject({ method: 'generate', prompt: 'a red apple', frames: 3, fps: 6, steps: 2 });
    const { width, height } = await images.decode(await readFile(at('clip/000002.png')), 'frame');
    expect([width, height]).toEqual([12, 8]);
  });

  it('takes several prompts one after the other, with their length and overlap', async () => {
    const { at, film } = scene();
    const lengths = ['--segment-frames', '4', '--overlap', '1'];
    const said = await film('-p', 'a red apple', '-p', 'a cat', ...lengths, '--json', '-o', at('two'));
    expect(said.code).toBe(0);
    const { outputs, record } = JSON.parse(said.out);
    expect(record.request).toMatchObject({
      method: 'ditctrl',
      segments: [
        { prompt: 'a red apple', frames: 4 },
        { prompt: 'a cat', frames: 4 },
      ],
      params: { overlap: 1 },
    });
    const written = await readdir(at('two'));
    expect(outputs).toMatchObject([{ kind: 'video', path: at('two'), frames: written.length - 1, fps: 6 }]);
    const bytes = await Promise.all(
      written.filter((name) => name.endsWith('.png')).map(async (name) => (await readFile(at(`two/${name}`))).length),
    );
    expect(outputs[0].bytes).toBe(bytes.reduce((sum, length) => sum + length, 0));
  });

  it('takes length, rate, size, steps, guidance, negative and parameters', async () => {
    const { at, film } = scene();
    const asked = ['--frames', '2', '--fps', '12.5', '--size', '10x6', '--steps', '3', '--guidance', '2'];
    const more = ['-n', 'blue', '--param', 'dynamicGuidance=true', '--no-metadata', '--json'];
    const said = await film('-p', 'a cat', ...asked, ...more, '-o', at('short'));
    expect(said.code).toBe(0);
    expect(JSON.parse(said.out).record.request).toMatchObject({
      frames: 2,
      fps: 12.5,
      size: { width: 10, height: 6 },
      steps: 3,
      guidance: 2,
      negative: 'blue',
      params: { dynamicGuidance: true },
    });
    expect((await readdir(at('short'))).sort()).toEqual(frames(1, 2));
  });

  it('writes where each word is in each latent frame', async () => {
    const { at, film } = scene();
    expect((await film('-p', 'a red apple', '-o', at('clip'), '--maps', at('maps'))).code).toBe(0);
    expect((await readdir(at('maps'))).sort()).toEqual(['a', 'apple', 'red']);
    expect((await readdir(at('maps/red'))).sort()).toEqual(frames(1, 2, 3));
  });

  it('writes a word of two prompts into one folder, and a word said twice into two', async () => {
    const { at, film } = scene();
    const said = await film('-p', 'a red apple', '-p', 'apple on a cat', '-o', at('two'), '--maps', at('maps'));
    expect(said.code).toBe(0);
    expect((await readdir(at('maps'))).sort()).toEqual(['a', 'apple', 'cat', 'on', 'red']);
    const last = (await readdir(at('two'))).filter((name) => name.endsWith('.png')).sort();
    expect((await readdir(at('maps/apple'))).sort()).toEqual(last);
    expect((await film('-p', 'a cat on a cat', '-o', at('cats'), '--maps', at('more'))).code).toBe(0);
    expect((await readdir(at('more'))).sort()).toEqual(['a', 'a-2', 'cat', 'cat-2', 'on']);
  });

  it('replaces only with --force, and then leaves no frame of a longer video behind', async () => {
    const { at, film } = scene();
    await film('-p', 'a red apple', '-o', at('clip'));
    await writeFile(at('clip/notes.txt'), 'mine');
    const refused = await film('-p', 'a cat', '--frames', '1', '-o', at('clip'));
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('--force') });
    expect((await film('-p', 'a cat', '--frames', '2', '-o', at('clip'), '--force', '--no-metadata')).code).toBe(0);
    expect((await readdir(at('clip'))).sort()).toEqual([...frames(1, 2), 'notes.txt']);
  });

  it('leaves nothing behind when it is cancelled, and what was there as it was', async () => {
    const { at, model, run } = scene();
    await mkdir(at('kept'));
    for (const name of ['new', 'kept']) {
      const abort = new AbortController();
      const codec = {
        ...images,
        encode: async (...args: Parameters<typeof images.encode>) => {
          abort.abort();
          return images.encode(...args);
        },
      };
      const said = await run(['video', '-m', model, '-p', 'a cat', '-q', '-o', at(name)], {
        signal: abort.signal,
        images: async () => codec,
      });
      expect(said.code).toBe(130);
    }
    expect(existsSync(at('new'))).toBe(false);
    expect(await readdir(at('kept'))).toEqual([]);
  });

  it.each([
    ['no prompt', [], /--prompt is missing: say what the video shall show/],
    ['a length that belongs to several prompts', ['-p', 'a cat', '--segment-frames', '3'], /--frames N/],
    ['a length that belongs to one', ['-p', 'a', '-p', 'cat', '--frames', '3'], /--segment-frames N/],
    [
      'several prompts for a method of one',
      ['-p', 'a', '-p', 'cat', '--method', 'clip'],
      /no use of prompts one after/,
    ],
    ['an overlap where there is none', ['-p', 'a cat', '--overlap', '2'], /no parameter "overlap"/],
    ['a method that needs a clip', ['-p', 'a cat', '--method', 'video-edit'], /needs a picture or clip to edit/],
    ['a rate beyond all', ['-p', 'a cat', '--fps', '1000'], /--fps takes a number from 1 to 120/],
  ] as const)('refuses %s', async (_name, argv, sentence) => {
    const { at, film } = scene();
    expect(await film(...argv, '-o', at('out'))).toMatchObject({ code: 2, err: expect.stringMatching(sentence) });
    expect(existsSync(at('out'))).toBe(false);
  });

  it('writes an animation where the ending says so, and into a WebP how it was made', async () => {
    const { at, film } = scene();
    for (const name of ['clip.webp', 'clip.gif']) {
      const said = await film('-p', 'a red apple', '-o', at(name), '--json');
      expect(said.code).toBe(0);
      const bytes = await readFile(at(name));
      expect(JSON.parse(said.out).outputs).toMatchObject([
        { kind: 'video', path: at(name), frames: 3, bytes: bytes.length, sha256: sha256Of(bytes) },
      ]);
      const { frames, fps } = await decodeAnimation(bytes, name);
      expect([frames.length, Math.round(fps)]).toEqual([3, 6]);
    }
    const { record } = readMetadata(await readFile(at('clip.webp')));
    expect(record?.request).toMatchObject({ method: 'generate', frames: 3 });
    expect((await film('-p', 'a cat', '-o', at('clip.webp'))).code).toBe(1);
    await film('-p', 'a red apple', '-o', at('same'));
    const [first] = (await decodeAnimation(await readFile(at('clip.webp')), 'clip')).frames;
    expect(first?.data).toEqual((await images.decode(await readFile(at('same/000001.png')), 'frame')).data);
  });

  it('edits a clip, outside the mask byte for byte, and takes it in every form it can be decoded from', async () => {
    const { at, film } = scene();
    await film('-p', 'a red apple', '-o', at('in.webp'));
    const mask = { width: 12, height: 8, channels: 1, data: new Uint8Array(96).fill(255, 0, 48) } as const;
    await writeFile(at('mask.png'), await images.encode(mask, 'png'));
    const words = ['--from', 'a red apple', '--to', 'a blue cat'];
    const said = await film(at('in.webp'), ...words, '--mask', at('mask.png'), '-o', at('out.webp'), '--json');
    expect(said.code).toBe(0);
    expect(JSON.parse(said.out).figures).toMatchObject({ changedOutside: 0 });
    expect(JSON.parse(said.out).record.request).toMatchObject({
      method: 'prompt-edit',
      sourcePrompt: 'a red apple',
      prompt: 'a blue cat',
      source: { name: 'in.webp', sha256: sha256Of(await readFile(at('in.webp'))) },
      fps: 6,
    });
    const [before, after] = await Promise.all(
      ['in.webp', 'out.webp'].map(async (name) => (await decodeAnimation(await readFile(at(name)), name)).frames),
    );
    // The lower half is not under the mask.
    expect(after?.map(({ data }) => data.slice(48 * 3))).toEqual(before?.map(({ data }) => data.slice(48 * 3)));
    expect(after?.map(({ data }) => data)).not.toEqual(before?.map(({ data }) => data));

    const part = await film(
      at('in.webp'),
      ...words,
      '--start-frame',
      '2',
      '--frames',
      '1',
      '-o',
      at('part.webp'),
      '--json',
    );
    expect(JSON.parse(part.out)).toMatchObject({ record: { request: { startFrame: 1, frames: 1 } } });

    const beyond = await film(at('in.webp'), ...words, '--start-frame', '9', '-o', at('beyond.webp'));
    expect(beyond).toMatchObject({ code: 2, err: expect.stringMatching(/beyond them/) });

    await film('-p', 'a red apple', '-o', at('in.gif'));
    expect((await film(at('in.gif'), ...words, '-o', at('gif'))).code).toBe(0);
  });

  // Above and below what --fps takes as well: a clip has the rate that it has.
  it.for([
    ['mp4', 12.5],
    ['webm', 15],
    ['webp', 20],
    ['gif', 25],
    ['frames', 10],
    ['webp', 0.5],
    ['mp4', 200],
  ] as const)(
    'keeps the rate of the clip that it edits in %s, at %d a second, in file, message, record and redo',
    async ([format, fps], { skip }) => {
      const { at, film, run, model } = scene();
      const env = ffmpegEnv;
      const isFilm = format === 'mp4' || format === 'webm';
      if (isFilm && !hasFfmpeg) skip('there is no ffmpeg here');
      await film('-p', 'a red apple', '-o', at('made.webp'));
      const { frames: made } = await decodeAnimation(await readFile(at('made.webp')), 'made');
      const clip = at(isFilm ? `in.${format}` : 'in.webp');
      if (isFilm) {
        const written = openFilm(clip, { format, fps, env });
        for (const frame of made) await written.write(frame);
        await written.finish(undefined);
      } else await writeFile(clip, await encodeAnimation({ frames: made, fps }, 'webp'));
      const out = at(format === 'frames' ? 'out' : `out.${format}`);
      const words = ['--from', 'a red apple', '--to', 'a blue cat'];
      const said = await run(['video', clip, '--model', model, '--seed', '1', '--quiet', ...words, '-o', out], { env });
      expect(said).toMatchObject({ code: 0, err: format === 'gif' ? expect.stringContaining('GIF') : LITTLE });
      expect(said.out).toContain(`3 frames at ${fps} a second`);
      if (format === 'frames') {
        expect(JSON.parse(await readFile(join(out, 'record.json'), 'utf8')).request.fps).toBe(fps);
        return;
      }
      const rateOf = async (path: string) => {
        const bytes = await readFile(path);
        const film = filmFormat(bytes);
        return (film === undefined ? await decodeAnimation(bytes, path) : await decodeFilm(path, film, env)).fps;
      };
      expect(await rateOf(out)).toBeCloseTo(fps, 1);
      if (format === 'gif') return;
      const told = await run(['inspect', out], { env });
      expect(told.out).toContain(`a video at ${fps} frames a second`);
      const again = at(`again.${format}`);
      const redone = await run(['redo', out, '-o', again, '--quiet'], { env });
      expect(redone).toMatchObject({ code: 0, err: LITTLE });
      expect(await rateOf(again)).toBeCloseTo(fps, 1);
    },
  );

  it.each([
    ['words of a clip without one', ['--from', 'a', '--to', 'cat'], 2, /go with a clip/],
    ['a first frame of no clip', ['-p', 'a cat', '--start-frame', '2'], 2, /name the clip/],
    ['a prompt beside a clip', ['in.webp', '-p', 'a cat'], 2, /--prompt makes a video from nothing/],
    ['a clip that is none', ['note.txt', '--from', 'a', '--to', 'cat'], 1, /note\.txt is no clip that can be read/],
  ] as const)('refuses %s', async (_name, argv, code, sentence) => {
    const { at, film } = scene();
    await writeFile(at('note.txt'), 'hello');
    const args = argv.map((arg) => (/\.\w+$/.test(arg) ? at(arg) : arg));
    expect(await film(...args, '-o', at('out'))).toMatchObject({ code, err: expect.stringMatching(sentence) });
  });

  it('refuses before the run more frames than the file can be made of', async () => {
    const { at, film } = scene();
    const long = ['-p', 'a cat', '--method', 'ditctrl', '--frames', '20000', '-o'];
    const said = await film(...long, at('long.webp'));
    expect(said).toMatchObject({ code: 2, err: expect.stringMatching(/too many for one webp file.+MP4/s) });
    expect(existsSync(at('long.webp'))).toBe(false);
  });

  it.each([
    ['clip.avi', /"\.avi" is no form.+\.mp4/],
    ['-', /standard output cannot take/],
  ] as const)('refuses to write %s', async (name, sentence) => {
    const { at, film } = scene();
    const path = name === '-' ? name : at(name);
    expect(await film('-p', 'a cat', '-o', path)).toMatchObject({ code: 2, err: expect.stringMatching(sentence) });
  });

  it('says before the run what a film needs that is not there, and what goes without', async () => {
    const { at, film } = scene();
    const said = await film('-p', 'a cat', '-o', at('clip.mp4'));
    expect(said).toMatchObject({ code: 1, err: expect.stringMatching(/needs ffmpeg.+PNG frames/s) });
    expect(existsSync(at('clip.mp4'))).toBe(false);
  });

  it('writes what the checkpoint makes, and refuses a name that cannot hold it', async () => {
    const { at, model, run } = scene();
    const short = ['-p', 'a cat', '--steps', '2', '-q', '-o'];
    const picture = await run(['video', '-m', 'embedded/image', ...short, at('v.mp4')]);
    expect(picture).toMatchObject({ code: 2, err: expect.stringContaining('This checkpoint makes pictures') });
    const clip = await run(['generate', '-m', model, ...short, at('a.png')]);
    expect(clip).toMatchObject({ code: 2, err: expect.stringContaining('This checkpoint makes videos') });
    expect(await run(['generate', '-m', model, ...short, at('a.webp')])).toMatchObject({ code: 0, err: '' });
    expect((await decodeAnimation(await readFile(at('a.webp')), 'a.webp')).frames).toHaveLength(3);
    const method = await run(['generate', '--method', 'ditctrl', ...short, at('a.png')]);
    expect(method).toMatchObject({ code: 2, err: expect.stringMatching(/ditctrl makes videos.+\(--method ID\)/) });
  });

  it('lists the methods that make videos in its help', async () => {
    const { out } = await scene().run(['video', '--help']);
    for (const text of ['--method generate', '--method ditctrl', '--param dynamicGuidance'])
      expect(out).toContain(text);
  });
});

describe('a clip', () => {
  const words = ['--from', 'a red apple', '--to', 'a blue cat'];

  it.each([
    ['edit', words],
    ['edit', [...words, '--method', 'flowedit']],
    ['edit', ['--to', 'a blue cat', '--method', 'sdedit']],
    ['inpaint', ['-p', 'a blue cat', '--mask', 'mask.png']],
  ] as const)('is edited by attune %s %j as a picture is', async (command, argv) => {
    const { at, model, run, film } = scene();
    await film('-p', 'a red apple', '-o', at('in.webp'));
    const mask = { width: 12, height: 8, channels: 1, data: new Uint8Array(96).fill(255, 0, 48) } as const;
    await writeFile(at('mask.png'), await images.encode(mask, 'png'));
    const given = argv.map((arg) => (arg === 'mask.png' ? at(arg) : arg));
    const common = ['-m', model, '--seed', '3', '-q'];
    const said = await run([command, at('in.webp'), ...given, ...common, '-o', at('out.webp'), '--maps', at('maps')]);
    expect(said).toMatchObject({ code: 0, err: LITTLE });
    expect(said.out).toContain('3 frames at 6 a second');
    expect((await readdir(at('maps'))).sort()).toEqual(expect.arrayContaining(['a', 'blue', 'cat']));
    expect((await decodeAnimation(await readFile(at('out.webp')), 'out')).frames).toHaveLength(3);
    expect((await run(['redo', at('out.webp'), '-o', at('again'), '-q'])).out).toContain('the same pixels in all 3');
  });

  it('is looked at frame by frame, into a folder or an animation', async () => {
    const { at, model, run, film } = scene();
    await film('-p', 'a red apple', '-o', at('in.webp'));
    const select = ['select', at('in.webp'), '--word', 'apple', '--prompt', 'a red apple', '-m', model, '-q', '-o'];
    expect(await run([...select, at('masks')])).toMatchObject({ code: 0, err: '' });
    expect((await readdir(at('masks'))).sort()).toEqual(frames(1, 2, 3));
    expect(await run([...select, at('masks.webp')])).toMatchObject({ code: 0, err: '' });
    const { frames: shown } = await decodeAnimation(await readFile(at('masks.webp')), 'masks');
    const [first] = shown;
    const mask = await images.decode(await readFile(at('masks/000001.png')), 'mask');
    expect(first?.data.filter((_, at) => at % 3 === 0)).toEqual(mask.data.filter((_, at) => at % mask.channels === 0));
    const film2 = await run([...select, at('masks.gif')]);
    expect(film2).toMatchObject({ code: 2, err: expect.stringContaining('GIF blurs the edges of a mask') });
  });

  it('is refused by a checkpoint that makes pictures', async () => {
    const { at, run, film } = scene();
    await film('-p', 'a red apple', '-o', at('in.webp'));
    const said = await run(['edit', at('in.webp'), ...words, '-m', 'embedded/image', '-o', at('out.png')]);
    expect(said).toMatchObject({ code: 2, err: expect.stringContaining('the source is a clip of 3 frames') });
  });
});
