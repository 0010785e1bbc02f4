import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pixels } from '../engine/ports.ts';
import { findFfmpeg } from './ffmpeg.ts';
import { decodeFilm, type Film, filmFormat } from './film.ts';
import { openFilm } from './filmwriter.ts';

/** Films as phones, cameras and other programs write them; each is made here by the system's ffmpeg. */
const env = process.env;
const hasFfmpeg = findFfmpeg(env) !== undefined && findFfmpeg(env, 'ffprobe') !== undefined;
if (!hasFfmpeg) console.warn('there is no ffmpeg here: films that people bring are not tested');
const can = (what: string, name: string) =>
  hasFfmpeg &&
  execFileSync(findFfmpeg(env) ?? '', ['-v', 'error', what])
    .toString()
    .includes(` ${name} `);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-brought-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function make(name: string, ...args: readonly string[]): string {
  const path = join(folder, name);
  execFileSync(findFfmpeg(env) ?? '', ['-v', 'error', '-y', ...args, `file:${path}`]);
  return path;
}

const source = (size: string, rate = 10, seconds = 1) => [
  ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`],
];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '4', '-pix_fmt', 'yuv420p'];

async function decode(path: string, ...part: readonly [start?: number, count?: number]): Promise<Film> {
  const format = filmFormat(new Uint8Array(await readFile(path)).subarray(0, 64));
  if (format === undefined) throw new Error(`${path} is no film`);
  const [start = 0, count] = part;
  return decodeFilm(path, format, env, { start, count });
}

/** What ffmpeg, as a player, shows of a film. */
function shown(path: string, width: number, height: number, frame = 0): Pixels {
  const filters = `select=eq(n\\,${frame}),scale=${width}:${height}`;
  const data = execFileSync(
    findFfmpeg(env) ?? '',
    ['-v', 'error', '-i', `file:${path}`, '-vf', filters, '-frames:v', '1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
    { maxBuffer: 1 << 28 },
  );
  return { width, height, channels: 3, data };
}

const meanError = (a: Pixels | undefined, b: Pixels | undefined) => {
  if (a === undefined || b === undefined || a.data.length !== b.data.length) return Number.NaN;
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - (b.data[i] ?? 0)), 0) / a.data.length;
};

const ask = (path: string, asked: string, ...more: readonly string[]) =>
  execFileSync(findFfmpeg(env, 'ffprobe') ?? '', [
    ...['-v', 'error', ...more, '-show_entries', asked, '-of', 'json', `file:${path}`],
  ]).toString();

describe.skipIf(!hasFfmpeg)('the shown geometry of a film', () => {
  it.each([90, 180, 270])('a mark of %i degrees turns every frame', async (degrees) => {
    const stored = make('stored.mp4', ...source('96x64'), ...H264);
    const path = make(`turned-${degrees}.mp4`, '-i', stored, '-c', 'copy', '-metadata:s:v', `rotate=${degrees}`);
    const [width, height] = degrees === 180 ? [96, 64] : [64, 96];
    const { frames } = await decode(path);
    expect(frames).toHaveLength(10);
    expect(frames[3]).toMatchObject({ width, height });
    expect(meanError(frames[3], shown(path, width, height, 3))).toBeLessThan(2);
    expect(meanError(frames[3], shown(stored, width, height, 3))).toBeGreaterThan(20);
  });

  it.each([
    ['3/2', 96, 64],
    ['2/3', 64, 96],
  ])('pixels of %s become square ones, and none is lost', async (aspect, width, height) => {
    const path = make('wide.mp4', ...source('64x64'), '-vf', `setsar=${aspect}`, ...H264);
    const { frames } = await decode(path);
    expect(frames[0]).toMatchObject({ width, height });
    expect(meanError(frames[0], shown(path, width, height))).toBeLessThan(2);
  });

  it('pixels that are not square are turned with the picture', async () => {
    const stored = make('wide-stored.mp4', ...source('64x64'), '-vf', 'setsar=3/2', ...H264);
    const path = make('wide-turned.mp4', '-i', stored, '-c', 'copy', '-metadata:s:v', 'rotate=90');
    const [frame] = (await decode(path)).frames;
    expect(frame).toMatchObject({ width: 64, height: 96 });
    expect(meanError(frame, shown(path, 64, 96))).toBeLessThan(3);
  });

  it('a cover before the pictures is no picture', async () => {
    const cover = make('cover.png', ...source('32x32'), '-frames:v', '1');
    const path = make(
      'covered.mp4',
      ...[
        ...source('96x64'),
        '-i',
        cover,
        '-map',
        '1',
        '-map',
        '0',
        '-c:v:0',
        'png',
        '-disposition:v:0',
        'attached_pic',
      ],
      ...['-c:v:1', 'libx264', '-pix_fmt:v:1', 'yuv420p'],
    );
    expect((await decode(path)).frames[0]).toMatchObject({ width: 96, height: 64 });
  });

  it('fields become whole frames', async () => {
    const fields = ['-vf', 'tinterlace=interleave_top,fieldorder=tff', '-flags', '+ildct+ilme', '-top', '1'];
    const path = make('fields.mp4', ...source('96x64', 20), ...fields, ...H264);
    expect(ask(path, 'stream=field_order')).toMatch(/"t[tb]"/);
    const [, frame] = (await decode(path)).frames;
    // The lines of two fields differ where something moves; in a whole frame neighbours agree.
    const combed = shown(path, 96, 64, 1);
    const jumps = ({ data }: Pixels) => {
      let sum = 0;
      for (let y = 1; y < 63; y++)
        for (let x = 0; x < 96 * 3; x++) {
          const at = (row: number) => data[row * 96 * 3 + x] ?? 0;
          sum += Math.abs(2 * at(y) - at(y - 1) - at(y + 1));
        }
      return sum;
    };
    if (frame === undefined) throw new Error('no frame');
    expect(jumps(frame)).toBeLessThan(0.9 * jumps(combed));
  });

  it('a second track of pictures, and subtitles, are said', async () => {
    const path = make('two.mp4', ...source('96x64'), ...source('32x32'), '-map', '0', '-map', '1', ...H264);
    const { frames, notices } = await decode(path);
    expect(frames[0]).toMatchObject({ width: 96, height: 64 });
    expect(notices).toEqual([expect.stringMatching(/2 tracks of pictures; the first one was taken/)]);
    const words = join(folder, 'words.srt');
    await writeFile(words, '1\n00:00:00,000 --> 00:00:01,000\nhello\n');
    const told = make(
      'told.mp4',
      ...source('96x64'),
      '-i',
      words,
      '-map',
      '0',
      '-map',
      '1',
      ...H264,
      '-c:s',
      'mov_text',
    );
    expect((await decode(told)).notices).toEqual([expect.stringMatching(/subtitles of .* are left out/)]);
  });
});

describe.skipIf(!hasFfmpeg)('the colours of a film', () => {
  it('full range, and BT.709 of large films that do not say their matrix', async () => {
    const filters = (range: string) => ['-vf', `scale=out_color_matrix=bt709:out_range=${range},format=yuv420p`];
    const unmarked = ['-bsf:v', 'h264_metadata=matrix_coefficients=2:colour_primaries=2:transfer_characteristics=2'];
    const large = make('large.mp4', ...source('1280x64'), ...filters('tv'), ...H264, ...unmarked);
    const exact = make('exact.png', ...source('1280x64'), '-frames:v', '1');
    const still = shown(exact, 1280, 64);
    expect(meanError((await decode(large)).frames[0], still)).toBeLessThan(3);
    const full = make('full.mp4', ...source('1280x64'), ...filters('pc'), ...H264, '-color_range', 'pc');
    expect(meanError((await decode(full)).frames[0], still)).toBeLessThan(3);
  });

  it.skipIf(!can('-filters', 'zscale') || !can('-encoders', 'libx265')).each([
    ['HLG', 'arib-std-b67'],
    ['PQ', 'smpte2084'],
  ])('%s of 10 bits is brought to SDR, and said', async (kind, transfer) => {
    const sdr = make('sdr.png', ...source('96x64'), '-frames:v', '1');
    const toHdr = [
      'scale=out_color_matrix=bt709:out_range=tv,format=yuv444p',
      'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709',
      'zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt2020',
      `zscale=t=${transfer}:m=bt2020nc:r=tv:npl=203,format=yuv420p10le`,
    ].join(',');
    const marks = [
      '-color_primaries',
      'bt2020',
      '-color_trc',
      transfer,
      '-colorspace',
      'bt2020nc',
      '-color_range',
      'tv',
    ];
    const x265 = ['-c:v', 'libx265', '-crf', '6', '-x265-params', 'log-level=none', '-tag:v', 'hvc1'];
    const path = make(`${kind}.mp4`, ...source('96x64'), '-vf', toHdr, ...x265, ...marks);
    const { frames, notices } = await decode(path);
    expect(notices).toEqual([
      expect.stringMatching(new RegExp(`is HDR \\(${kind}\\); its colours were brought to SDR`)),
    ]);
    const still = shown(sdr, 96, 64);
    const error = meanError(frames[0], still);
    expect(error).toBeLessThan(25);
    // Taken as they are, its values are of another transfer.
    expect(meanError(shown(path, 96, 64), still)).toBeGreaterThan(1.5 * error);
  });

  it.skipIf(!can('-encoders', 'libvpx-vp9'))('transparency that is left out is said', async () => {
    const path = make(
      'clear.webm',
      ...source('96x64'),
      '-vf',
      'format=yuva420p',
      '-c:v',
      'libvpx-vp9',
      '-pix_fmt',
      'yuva420p',
    );
    expect((await decode(path)).notices).toEqual([expect.stringMatching(/transparency is left out/)]);
  });
});

describe.skipIf(!hasFfmpeg)('a part of a film', () => {
  it('is the same frames as in the whole, wherever it begins', async () => {
    const path = make(
      'long.mp4',
      ...source('64x48', 30, 8),
      '-c:v',
      'libx264',
      '-bf',
      '3',
      '-g',
      '40',
      '-pix_fmt',
      'yuv420p',
    );
    const whole = await decode(path);
    expect(whole.frames).toHaveLength(240);
    for (const start of [0, 1, 39, 40, 41, 137, 235]) {
      const part = await decode(path, start, 5);
      expect(part.fps).toBe(30);
      expect(part.frames).toHaveLength(5);
      for (const [at, frame] of part.frames.entries())
        expect(frame.data, `frame ${start + at}`).toEqual(whole.frames[start + at]?.data);
    }
  });

  it('of 1080p is decoded where the whole could not be held', async () => {
    const marked = ['-vf', 'scale=out_color_matrix=bt709,format=yuv420p', '-colorspace', 'bt709'];
    const plain = ['-f', 'lavfi', '-i', 'testsrc=size=1920x1080:rate=30:duration=7'];
    const path = make('hd.mp4', ...plain, ...marked, ...H264);
    await expect(decode(path)).rejects.toThrow(/more than 192 frames of 1920x1080.*take a part of it/);
    const { frames } = await decode(path, 200, 5);
    expect(frames).toHaveLength(5);
    expect(meanError(frames[0], shown(path, 1920, 1080, 200))).toBeLessThan(2);
  });

  it('beyond the end is refused, with the length', async () => {
    const path = make('short.mp4', ...source('64x48'), ...H264);
    await expect(decode(path, 10, 5)).rejects.toThrow(/has 10 frames, and the first one to edit is beyond them/);
    expect((await decode(path, 8, 5)).frames).toHaveLength(2);
  });

  it('of a film that an edit list cuts counts the shown frames only', async () => {
    const path = make(
      'keys.mp4',
      ...source('64x48', 10, 4),
      '-c:v',
      'libx264',
      '-g',
      '10',
      '-bf',
      '2',
      '-pix_fmt',
      'yuv420p',
    );
    const cut = make('cut.mp4', '-ss', '1.45', '-i', path, '-c', 'copy');
    const whole = await decode(cut);
    const part = await decode(cut, 7, 3);
    for (const [at, frame] of part.frames.entries()) expect(frame.data).toEqual(whole.frames[7 + at]?.data);
  });
});

describe.skipIf(!hasFfmpeg)('the times of frames', () => {
  const uneven = ['-vf', "setpts='N+floor(N/3)'", '-fps_mode', 'passthrough', '-enc_time_base', '1:90000'];
  const wanted = [0.1, 0.1, 0.2, 0.1, 0.1, 0.2, 0.1, 0.1, 0.2, 0.1];

  it.each(['mp4', 'webm'] as const)('%s: that differ are read, and written again', async (format) => {
    const codec = format === 'mp4' ? H264 : ['-c:v', 'libvpx-vp9', '-crf', '10', '-b:v', '0'];
    const { frames, seconds, fps } = await decode(make(`uneven.${format}`, ...source('64x48'), ...uneven, ...codec));
    expect(frames).toHaveLength(10);
    expect(Math.abs(fps - 10 / 1.3)).toBeLessThan(1);
    for (const [at, lasts] of wanted.slice(0, 9).entries()) expect(seconds?.[at]).toBeCloseTo(lasts, 2);

    const path = join(folder, `written.${format}`);
    const film = openFilm(path, { format, fps, ...(seconds && { seconds }), env });
    for (const frame of frames) await film.write(frame);
    expect(await film.finish(undefined)).toEqual([]);
    const again = await decode(path);
    expect(again.frames).toHaveLength(10);
    for (const [at, frame] of again.frames.entries()) expect(meanError(frame, frames[at])).toBeLessThan(6);
    for (const [at, lasts] of wanted.slice(0, 9).entries()) expect(again.seconds?.[at]).toBeCloseTo(lasts, 2);
  });

  it.each([12, 24, 29.97, 60])('that only rounding sets apart are even: %f a second', async (rate) => {
    for (const [name, codec] of [
      ['even.mp4', H264],
      ['even.webm', ['-c:v', 'libvpx-vp9']],
    ] as const) {
      const { seconds, fps } = await decode(make(name, ...source('64x48', rate), ...codec));
      expect(seconds).toBeUndefined();
      expect(fps).toBeCloseTo(rate, 1);
    }
  });

  it('of a recording that says no rate are measured', async () => {
    const live = ['-c:v', 'libvpx-vp9', '-f', 'webm', '-live', '1', '-default_mode', 'passthrough'];
    const { fps, frames } = await decode(make('live.webm', ...source('64x48', 20), ...live));
    expect(frames).toHaveLength(20);
    expect(fps).toBeCloseTo(20, 1);
  });
});

describe.skipIf(!hasFfmpeg)('sound', () => {
  const tone = (seconds: number) => ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`];
  /** A second of silence, then a tone. */
  const late = ['-f', 'lavfi', '-i', "aevalsrc='if(gt(t,1),0.5*sin(2*PI*440*t),0)':duration=3:sample_rate=48000"];

  function loudness(path: string): readonly number[] {
    const pcm = execFileSync(findFfmpeg(env) ?? '', [
      ...['-v', 'error', '-i', `file:${path}`, '-map', '0:a:0', '-ac', '1', '-ar', '8000', '-f', 's16le', '-'],
    ]);
    const samples = new Int16Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length - (pcm.length % 2)));
    // Tenths of a second.
    return Array.from({ length: Math.floor(samples.length / 800) }, (_, at) =>
      Math.max(...samples.subarray(at * 800, (at + 1) * 800).map(Math.abs)),
    );
  }

  it.each(['mp4', 'webm'] as const)('%s: of the edited stretch goes on in it, in step', async (format) => {
    const path = make('late.mp4', ...source('64x48', 10, 3), ...late, ...H264, '-c:a', 'aac');
    const { frames, fps, sound } = await decode(path, 5, 15);
    expect(sound?.startS).toBeCloseTo(0.5, 2);
    const out = join(folder, `heard.${format}`);
    const film = openFilm(out, { format, fps, ...(sound && { sound }), env });
    for (const frame of frames) await film.write(frame);
    expect(await film.finish({ title: 't', comment: 'c', description: 'd' })).toEqual([]);
    const heard = loudness(out);
    expect(heard.length).toBeGreaterThanOrEqual(14);
    expect(heard.length).toBeLessThanOrEqual(16);
    expect(Math.max(...heard.slice(0, 4))).toBeLessThan(1000);
    expect(Math.min(...heard.slice(6, 14))).toBeGreaterThan(8000);
  });

  it('of every track is kept', async () => {
    const maps = ['-map', '0', '-map', '1', '-map', '2'];
    const path = make('tracks.mp4', ...source('64x48'), ...tone(1), ...tone(1), ...maps, ...H264, '-c:a', 'aac');
    const { frames, fps, sound } = await decode(path);
    const out = join(folder, 'tracks-out.mp4');
    const film = openFilm(out, { format: 'mp4', fps, ...(sound && { sound }), env });
    for (const frame of frames) await film.write(frame);
    await film.finish(undefined);
    expect(JSON.parse(ask(out, 'stream=codec_name', '-select_streams', 'a')).streams).toHaveLength(2);
  });
});

describe.skipIf(!hasFfmpeg)('paths', () => {
  it.each([
    '12:30 takes/a.mp4',
    'pipe:1',
    '-x.mp4',
    'http:/x.mp4',
    "it's %03d [1] ü.mp4",
    'file:a.mp4',
    'concat:a|b.mp4',
  ])('%s is a file and nothing else, to read and to write', async (name) => {
    const inside = await mkdtemp(join(folder, 'paths-'));
    await mkdir(join(inside, name, '..'), { recursive: true });
    const before = process.cwd();
    process.chdir(inside);
    try {
      const film = openFilm(name, { format: 'mp4', fps: 10, env });
      for (const frame of (await decode(make('plain.mp4', ...source('64x48'), ...H264))).frames)
        await film.write(frame);
      await film.finish({ title: 't', comment: 'c', description: 'd' });
      const { frames, tags } = await decode(name);
      expect(frames).toHaveLength(10);
      expect(tags).toMatchObject({ title: 't' });
    } finally {
      process.chdir(before);
    }
  });
});

describe.skipIf(!hasFfmpeg)('an ffmpeg that does not go on', () => {
  it('is ended, and that is said', async () => {
    const { Guest } = await import('./ffmpeg.ts');
    const sleeper = join(folder, 'ffmpeg');
    await symlink('/bin/sleep', sleeper);
    const program = { name: 'ffprobe', path: sleeper } as const;
    const guest = new Guest(program, ['60'], { file: 'a.mp4', what: 'could not be written', patienceMs: 200 });
    await expect(guest.finish()).rejects.toThrow(/a\.mp4 could not be written: ffmpeg did not go on for/);
  });

  it('is ended when the job is cancelled', async () => {
    const { Guest } = await import('./ffmpeg.ts');
    const program = { name: 'ffprobe', path: '/bin/sleep' } as const;
    const stop = new AbortController();
    const guest = new Guest(program, ['60'], { file: 'a.mp4', what: 'cannot be read', signal: stop.signal });
    stop.abort();
    await expect(guest.finish()).rejects.toMatchObject({ kind: 'cancelled' });
  });
});
