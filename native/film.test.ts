import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pixels } from '../engine/ports.ts';
import { findFfmpeg } from './ffmpeg.ts';
import { decodeFilm, filmFormat, filmInfo } from './film.ts';
import type { FilmFormat } from './filmprobe.ts';
import { openFilm } from './filmwriter.ts';

const env = process.env;
const hasFfmpeg = findFfmpeg(env) !== undefined && findFfmpeg(env, 'ffprobe') !== undefined;
if (!hasFfmpeg) console.warn('there is no ffmpeg here: films are not tested');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-film-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A square that moves over a gradient; odd sides where asked. */
const clipOf = (width: number, height: number, count: number): readonly Pixels[] =>
  Array.from({ length: count }, (_, frame) => {
    const data = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const inside = x >= 3 * frame && x < 3 * frame + 16 && y > 8 && y < 30;
        data.set(inside ? [200, 40, 60] : [60 + x, 90 + y, 120], (y * width + x) * 3);
      }
    return { width, height, channels: 3, data };
  });

const tags = {
  title: 'a | b',
  comment: 'a | b\nSteps: 3; a=b',
  description: '{"schema":"attune/1","prompt":"a;b=c#d\\\\e \\"ü\\""}',
};

async function write(name: string, format: FilmFormat, frames: readonly Pixels[], fps: number): Promise<string> {
  const path = join(folder, name);
  const film = openFilm(path, { format, fps, env });
  for (const frame of frames) await film.write(frame);
  await film.finish(tags);
  return path;
}

const meanError = (a: Pixels, b: Pixels) =>
  a.data.reduce((sum, value, i) => sum + Math.abs(value - (b.data[i] ?? 0)), 0) / a.data.length;

const noTemporaries = async () => expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);

describe.skipIf(!hasFfmpeg)('a film', () => {
  it.each(['mp4', 'webm'] as const)('%s: frames, rate, size and what it says come back', async (format) => {
    const frames = clipOf(64, 48, 9);
    const path = await write(`clip.${format}`, format, frames, 6);
    expect(filmFormat(new Uint8Array(await readFile(path)))).toBe(format);
    const read = await decodeFilm(path, format, env);
    expect(read.frames).toHaveLength(9);
    expect(read.fps).toBeCloseTo(6, 2);
    for (const [at, frame] of read.frames.entries()) {
      const before = frames[at];
      if (before === undefined) throw new Error('a frame too many');
      expect(meanError(frame, before)).toBeLessThan(4);
    }
    expect((await filmInfo(path, format, env)).tags).toEqual(tags);
    await noTemporaries();
  });

  it('MP4 is 4:2:0 of limited range, BT.709, its index in front', async () => {
    const path = await write('form.mp4', 'mp4', clipOf(64, 48, 4), 8);
    const asked = 'stream=codec_name,pix_fmt,color_range,color_space,color_primaries,color_transfer,r_frame_rate';
    const told = execFileSync(findFfmpeg(env, 'ffprobe') ?? '', [
      '-v',
      'error',
      '-show_entries',
      asked,
      '-of',
      'json',
      path,
    ]);
    expect(JSON.parse(told.toString()).streams[0]).toEqual({
      codec_name: 'h264',
      pix_fmt: 'yuv420p',
      color_range: 'tv',
      color_space: 'bt709',
      color_primaries: 'bt709',
      color_transfer: 'bt709',
      r_frame_rate: '8/1',
    });
    const bytes = await readFile(path);
    expect(bytes.indexOf('moov')).toBeLessThan(bytes.indexOf('mdat'));
  });

  it('of odd sides gets even ones', async () => {
    const path = await write('odd.mp4', 'mp4', clipOf(33, 21, 3), 5);
    expect(await filmInfo(path, 'mp4', env)).toMatchObject({ width: 34, height: 22 });
  });

  it('that is given up leaves nothing, and no process', async () => {
    const film = openFilm(join(folder, 'never.mp4'), { format: 'mp4', fps: 6, env });
    for (const frame of clipOf(64, 48, 5)) await film.write(frame);
    await film.abort();
    expect(await readdir(folder)).not.toContain('never.mp4');
    await noTemporaries();
    const left = execFileSync('ps', ['-eo', 'args']).toString();
    expect(left).not.toContain(folder);
  });

  it('cut off in its middle is refused', async () => {
    const path = await write('whole.mp4', 'mp4', clipOf(64, 48, 9), 6);
    const bytes = await readFile(path);
    const cut = join(folder, 'cut.mp4');
    await writeFile(cut, bytes.subarray(0, 200));
    await expect(decodeFilm(cut, 'mp4', env)).rejects.toThrow(/cut\.mp4/);
  });

  it('in disguise is not followed anywhere: playlists, concat lists, links to the network', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const secret = join(folder, 'secret.txt');
    await writeFile(secret, 'secret');
    const disguises = [
      `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:${port}/x.ts\n#EXT-X-ENDLIST\n`,
      `ffconcat version 1.0\nfile '${secret}'\n`,
      `<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:${port}/y.png"/></svg>`,
    ];
    for (const [at, text] of disguises.entries()) {
      const path = join(folder, `disguise-${at}.mp4`);
      await writeFile(path, text);
      for (const format of ['mp4', 'webm'] as const)
        await expect(decodeFilm(path, format, env)).rejects.toThrow(/disguise/);
    }
    await new Promise((done) => server.close(done));
    expect(asked).toEqual([]);
  });
});

describe('without ffmpeg', () => {
  it('says what to do', () => {
    expect(() => openFilm('out.mp4', { format: 'mp4', fps: 6, env: { PATH: '' } })).toThrow(
      /out\.mp4 needs ffmpeg.*Install it/,
    );
  });

  it('is found by its variable first', async () => {
    const named = join(folder, 'ffmpeg');
    await symlink(process.execPath, named);
    expect(findFfmpeg({ PATH: '', ATTUNE_FFMPEG: named })).toBe(named);
    expect(findFfmpeg({ PATH: '/nowhere', ATTUNE_FFMPEG: '/nowhere/ffmpeg' })).toBeUndefined();
  });
});
