import { execFileSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeAnimation, encodeAnimation } from '../native/animation.ts';
import { findFfmpeg } from '../native/ffmpeg.ts';
import { readFileWithin } from '../native/files.ts';
import { decodeFilm } from '../native/film.ts';
import { folderOf } from '../test/checkpoint-files.ts';
import { openTestEngine } from '../test/embedded.ts';
import { runCommand } from '../test/run-command.ts';
import { writeTinyVideoModel } from '../test/tiny-video-model.ts';

const ffmpeg = findFfmpeg(process.env);
if (ffmpeg === undefined) console.warn('there is no ffmpeg here: edits of films are not tested');
const engine = openTestEngine();
afterAll(() => engine.close());
const WORDS = ['--from', 'a red apple', '--to', 'a blue cat'];

/** A command line with its own folder and a small random model. */
function scene() {
  const [folder, model] = [folderOf({}), writeTinyVideoModel({ settings: { frames: 5, fps: 6, steps: 2 } })];
  const at = (name: string) => join(folder, name);
  // ffmpeg is found by the environment.
  const run = (...argv: readonly string[]) => runCommand(argv, { folder, engine }, { env: process.env });
  const film = (...argv: readonly string[]) => run('video', '--model', model, '--seed', '1', '--quiet', ...argv);
  const make = (name: string, ...args: readonly string[]) => {
    execFileSync(ffmpeg ?? '', ['-v', 'error', '-y', ...args, `file:${at(name)}`]);
    return at(name);
  };
  return { at, model, run, film, make };
}

const near = (seconds: readonly number[]) => seconds.map((lasts) => expect.closeTo(lasts, 3));
const PICTURES = ['-f', 'lavfi', '-i', 'testsrc2=size=24x16:rate=10:duration=1'];
const TONE = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=1'];
const UNEVEN = ['-vf', "setpts='N+floor(N/3)'", '-fps_mode', 'passthrough', '-enc_time_base', '1:90000'];
const H264 = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];

describe.skipIf(ffmpeg === undefined)('an edited film', () => {
  it('keeps its sound where the file can hold it, and says so where it cannot', async () => {
    const { at, film, make } = scene();
    const clip = make('heard.mp4', ...PICTURES, ...TONE, ...H264);
    for (const name of ['out.mp4', 'out.webm']) {
      const said = await film(clip, ...WORDS, '--frames', '5', '-o', at(name));
      expect(said.code).toBe(0);
      expect(said.err).not.toContain('sound');
      const format = name.endsWith('mp4') ? 'mp4' : 'webm';
      expect(await decodeFilm(at(name), format, process.env)).toMatchObject({
        fps: 10,
        // What Opus needs before its first sound.
        sound: { startS: expect.closeTo(0, 1) },
      });
    }
    for (const [name, form] of [
      ['out.webp', 'an animated WebP'],
      ['out.gif', 'a GIF'],
      ['out', 'a folder of frames'],
    ] as const)
      expect((await film(clip, ...WORDS, '--frames', '3', '-o', at(name))).err).toContain(
        `The sound of heard.mp4 is left out, which ${form} cannot hold; MP4 and WebM can.`,
      );
    const faster = await film(clip, ...WORDS, '--frames', '5', '--fps', '20', '-o', at('faster.mp4'));
    expect(faster.err).toContain('The sound of heard.mp4 is left out, since the video runs at another rate');
  });

  it('keeps uneven times of frames in every form that has them, also when it is redone', async () => {
    const { at, film, make, run } = scene();
    const clip = make('uneven.mp4', ...PICTURES, ...UNEVEN, ...H264);
    const part = [clip, ...WORDS, '--start-frame', '3', '--frames', '4'];
    const wanted = [0.2, 0.1, 0.1, 0.2];
    for (const name of ['out.mp4', 'out.webp', 'out.gif']) {
      expect((await film(...part, '-o', at(name))).code).toBe(0);
      const { seconds = [] } = name.endsWith('mp4')
        ? await decodeFilm(at(name), 'mp4', process.env)
        : await decodeAnimation(await readFileWithin(at(name), 1 << 24), name);
      // The last one's own length is lost in MP4.
      for (const [index, lasts] of wanted.slice(0, 3).entries()) expect(seconds[index], name).toBeCloseTo(lasts, 2);
    }
    const again = await run('redo', at('out.webp'), '-o', at('again.webp'), '-q');
    expect(again.out).toContain('the same pixels in all 4 frames');
    expect((await decodeAnimation(await readFileWithin(at('again.webp'), 1 << 24), 'again')).seconds).toEqual(
      near(wanted),
    );
    expect((await film(...part, '-o', at('frames'))).err).toMatch(
      /unequally long, which a folder of frames cannot say/,
    );
    const even = await film(...part, '--fps', '12', '-o', at('even.webp'));
    expect(even.err).toMatch(/unequally long; in the video all last equally, as --fps asks/);
    expect((await decodeAnimation(await readFileWithin(at('even.webp'), 1 << 24), 'even')).seconds).toBeUndefined();
  });

  it('tells what of it was left out or changed', async () => {
    const { at, film, make } = scene();
    const two = ['-map', '0', '-map', '1', ...H264];
    const clip = make('two.mp4', ...PICTURES, ...PICTURES, ...two);
    expect((await film(clip, ...WORDS, '--frames', '3', '-o', at('out.mp4'))).err).toMatch(/2 tracks of pictures/);
  });
});

describe('an edited animation', () => {
  it('of uneven times keeps them, in a batch too, and only the part is read', async () => {
    const { at, model, film, run } = scene();
    const frames = Array.from({ length: 6 }, (_, at) => ({
      ...{ width: 12, height: 8, channels: 3 as const },
      data: new Uint8Array(288).map((_, i) => (i * 7 + at * 20) % 256),
    }));
    const seconds = [0.1, 0.5, 0.1, 0.1, 0.3, 0.1];
    for (const format of ['webp', 'gif'] as const) {
      const clip = at(`in.${format}`);
      await writeFile(clip, await encodeAnimation({ frames, fps: 5, seconds }, format));
      const argv = [clip, ...WORDS, '--start-frame', '2', '--frames', '3', '-o', at(`out.${format}`)];
      expect((await film(...argv)).code).toBe(0);
      const out = await decodeAnimation(await readFileWithin(at(`out.${format}`), 1 << 24), 'out');
      expect(out.seconds).toEqual(near([0.5, 0.1, 0.1]));
    }
    await writeFile(
      at('jobs.csv'),
      `source,from,to,model,frames,seed\n${at('in.gif')},a red apple,a blue cat,${model},3,1\n`,
    );
    const batch = await run('batch', at('jobs.csv'), '-o', at('batch'), '--quiet');
    expect(batch.code, batch.err).toBe(0);
    const [name = ''] = (await readdir(at('batch'))).filter((file) => file.endsWith('.webp'));
    const made = await decodeAnimation(await readFileWithin(join(at('batch'), name), 1 << 24), name);
    expect(made.seconds).toEqual(near([0.1, 0.5, 0.1]));
    const beyond = await film(at('in.gif'), ...WORDS, '--start-frame', '7', '-o', at('beyond.webp'));
    expect(beyond).toMatchObject({ code: 2, err: expect.stringMatching(/has 6 frames, and the first.*beyond them/) });
  });
});

describe('what the disk refuses is told in a sentence, before the run', () => {
  it('places below a file, and files where a folder should be', async () => {
    const { at, model, run } = scene();
    await writeFile(at('taken'), 'x');
    const asked = [
      [['batch', '--prompt', 'a cat', '-o', at('taken')], /taken is a file; give the name of a folder/],
      [['batch', '--prompt', 'a cat', '-o', at('taken/out')], /lies below something that is not a folder/],
      [['video', '-m', model, '-p', 'a cat', '-o', at('taken/v')], /lies below something that is not a folder/],
      [['video', '-m', model, '-p', 'a', '-o', at('v'), '--maps', at('taken')], /taken is a file/],
      [['generate', '-p', 'a', '-o', at('a.png'), '--maps', at('taken'), '--force'], /taken is a file/],
      [['generate', '-p', 'a', '-o', at('taken/a.png')], /lies below something that is not a folder/],
    ] as const;
    for (const [argv, sentence] of asked) {
      const said = await run(...argv, '--seed', '1', '--steps', '1', '-q');
      expect(said.err, argv.join(' ')).toMatch(sentence);
      expect(said.code).toBe(1);
    }
    expect((await readdir(at('.'))).sort()).toEqual(['taken']);
  });

  it.skipIf(process.platform !== 'linux')('places where nothing can be made, without waiting for ever', async () => {
    const { at, run } = scene();
    for (const argv of [
      ['batch', '--prompt', 'a cat', '-o', '/proc/attune/out'],
      ['generate', '-p', 'a cat', '-o', '/proc/attune/a.png'],
      ['generate', '-p', 'a cat', '-o', at('a.png'), '--maps', '/proc/attune/maps'],
    ]) {
      const said = await run(...argv, '--steps', '1', '-q');
      expect(said.err, argv.join(' ')).toMatch(/^attune: \/proc\/attune/);
      expect(said.err).not.toContain('Something went wrong');
    }
  });

  it.skipIf(process.platform === 'win32')(
    'pipes and devices in place of pictures, tables and clips',
    async () => {
      const { at, model, run } = scene();
      await mkdir(at('pictures'));
      for (const name of ['pipe.png', 'pipe.csv', 'pipe.mp4', 'pictures/pipe.png'])
        execFileSync('/usr/bin/env', ['mkfifo', at(name)]);
      const tried = [
        ['edit', at('pipe.png'), '--from', 'a', '--to', 'b', '-o', at('a.png')],
        ['edit', '/dev/zero', '--from', 'a', '--to', 'b', '-o', at('a.png')],
        ['redo', at('pipe.png'), '-o', at('a.png')],
        ['inspect', at('pipe.png')],
        ['inspect', at('pipe.mp4')],
        ['batch', at('pipe.csv'), '--prompt', 'a', '-o', at('out')],
        ['batch', at('pictures'), '--from', 'a', '--to', 'b', '-o', at('out')],
        ['video', at('pipe.mp4'), '-m', model, ...WORDS, '-o', at('v.webp')],
        ['video', '/dev/tty', '-m', model, ...WORDS, '-o', at('v.webp')],
        ['generate', '-p', 'a', '-o', at('pipe.png'), '--force'],
      ];
      for (const argv of tried) {
        const said = await run(...argv);
        expect(said.code, argv.join(' ')).toBe(1);
        expect(said.err, argv.join(' ')).toMatch(/pipe|device|ordinary|regular/);
      }
    },
    20_000,
  );
});
