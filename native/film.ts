import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AttuneError } from '../engine/base/errors.ts';
import type { FilmTags, Pixels } from '../engine/ports.ts';
import type { Animation } from './animation.ts';
import { type Env, Guest, LOCAL, requireFfmpeg } from './ffmpeg.ts';

export type FilmFormat = 'mp4' | 'webm';

export interface FilmOptions {
  readonly format: FilmFormat;
  /** Frames a second. */
  readonly fps: number;
  readonly env: Env;
}

export interface FilmWriter {
  write(frame: Pixels): Promise<void>;
  /** Gives the file its name. */
  finish(tags: FilmTags | undefined): Promise<void>;
  /** Ends the encoder and removes what it wrote; harmless after `finish`. */
  abort(): Promise<void>;
}

/** Bits a pixel and frame: far above what the eye asks for, since a film is often worked on further. */
const BITS = 0.35;
const LEAST_BITS = 800_000;

/**
 * H.264 in MP4 with its index in front, or VP9 in WebM, by the system's ffmpeg: 8 bits 4:2:0, limited range, BT.709, marked as such. An odd side
 * gets one more row or column. Memory does not grow with the frames. Throws 'media-invalid' where there is no ffmpeg or it gives up.
 */
export function openFilm(path: string, { format, fps, env }: FilmOptions): FilmWriter {
  const program = requireFfmpeg(env, path);
  const about = { file: path, what: 'could not be written' };
  const [raw, notes, whole] = ['film', 'tags', 'done'].map((part) =>
    join(dirname(path), `.${process.pid}-${Date.now()}-${part}.tmp`),
  ) as [string, string, string];
  let guest: Guest | undefined;
  let size: Pick<Pixels, 'width' | 'height'> | undefined;
  const tidy = () => Promise.all([raw, notes, whole].map((file) => rm(file, { force: true })));
  const start = ({ width, height }: Pixels) => {
    const bits = Math.max(LEAST_BITS, Math.round(width * height * fps * BITS));
    const colours = ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'];
    const filters =
      'pad=ceil(iw/2)*2:ceil(ih/2)*2,scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd,format=yuv420p';
    const input = [
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-video_size',
      `${width}x${height}`,
      '-framerate',
      `${fps}`,
      '-i',
      'pipe:0',
    ];
    const codec = format === 'mp4' ? 'h264' : 'vp9';
    return new Guest(
      program,
      [...input, '-vf', filters, ...colours, '-c:v', codec, '-b:v', `${bits}`, '-f', format, '-y', raw],
      about,
    );
  };
  return {
    async write(frame) {
      size ??= frame;
      if (frame.width !== size.width || frame.height !== size.height || frame.channels !== 3)
        throw new RangeError(`a frame of ${frame.width}x${frame.height} in a film of ${size.width}x${size.height}`);
      guest ??= start(frame);
      await guest.write(frame.data);
    },
    async finish(tags) {
      if (guest === undefined) throw new RangeError('a film has a frame');
      guest.child.stdin?.end();
      await guest.ended;
      // What the film says of itself is known at its end; the frames are only copied now.
      await writeFile(notes, tags === undefined ? ';FFMETADATA1\n' : metadata(tags));
      const faststart = format === 'mp4' ? ['-movflags', '+faststart'] : [];
      const inputs = [...LOCAL, '-f', format, '-i', raw, ...LOCAL, '-f', 'ffmetadata', '-i', notes];
      await new Guest(
        program,
        [...inputs, '-map', '0', '-map_metadata', '1', '-c', 'copy', ...faststart, '-f', format, '-y', whole],
        about,
      ).ended;
      await rename(whole, path);
      await tidy();
    },
    async abort() {
      guest?.kill();
      await guest?.ended.catch(() => {});
      await tidy();
    },
  };
}

/** ffmpeg's own text form of tags: `=`, `;`, `#`, `\` and line ends are escaped. */
function metadata(tags: FilmTags): string {
  const line = (name: string, value: string) => `${name}=${value.replace(/[=;#\\\n]/g, '\\$&')}\n`;
  return `;FFMETADATA1\n${line('title', tags.title)}${line('comment', tags.comment)}${line('description', tags.description)}`;
}

/** AVIF and HEIC lie in the container of MP4. */
const PICTURE_BRANDS = new Set(['avif', 'avis', 'heic', 'heix', 'heim', 'hevc', 'mif1', 'msf1']);

/** The container that a file's first bytes name; undefined for what is no film that is taken. */
export function filmFormat(bytes: Uint8Array): FilmFormat | undefined {
  const ascii = String.fromCharCode(...bytes.subarray(4, 12));
  if (ascii.startsWith('ftyp')) return PICTURE_BRANDS.has(ascii.slice(4)) ? undefined : 'mp4';
  return bytes[0] === 0x1a && bytes[1] === 0x45 && bytes[2] === 0xdf && bytes[3] === 0xa3 ? 'webm' : undefined;
}

export interface FilmInfo {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly tags: Partial<FilmTags>;
  /** All tags that are texts, by their names in lower case. */
  readonly allTags: ReadonlyMap<string, string>;
}

/** Whatever a container calls them: Matroska may name what a tag is about before it, as in `MOVIE/TITLE`. */
function allTagsOf(found: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(found).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name.toLowerCase().split('/').at(-1) ?? '', value] as const] : [],
    ),
  );
}

function tagsOf(all: ReadonlyMap<string, string>): Partial<FilmTags> {
  return Object.fromEntries(
    (['title', 'comment', 'description'] as const).flatMap((name) => {
      const value = all.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

const MAX_PIXELS = 100_000_000;
const MAX_TOTAL_PIXELS = 400_000_000;
const MAX_FRAMES = 10_000;
/** Graphs of ComfyUI may hold pictures, and a film holds two forms of one. */
const MAX_TAG_BYTES = 64 * 1024 * 1024;
/** A damaged file may keep a decoder busy without end. */
const TIME_LIMIT_MS = 120_000;

/**
 * Size, rate and tags of a film on the disk. The container is the one its bytes name, never what its name or a playlist says. Throws
 * 'media-invalid'.
 */
export async function filmInfo(path: string, format: FilmFormat, env: Env): Promise<FilmInfo> {
  const program = requireFfmpeg(env, path, 'ffprobe');
  const asked = 'stream=width,height,avg_frame_rate:format_tags';
  const told = await output(
    program,
    ['-v', 'error', ...LOCAL, '-f', format, '-select_streams', 'v:0', '-show_entries', asked, '-of', 'json', path],
    { file: path, what: 'cannot be read' },
    MAX_TAG_BYTES,
  );
  const { streams = [], format: container = {} } = JSON.parse(new TextDecoder().decode(told));
  const [stream] = streams;
  const refuse = (why: string) => new AttuneError('media-invalid', `${path} ${why}.`, { file: path });
  if (stream === undefined) throw refuse('has no pictures');
  const [count = 0, per = 1] = String(stream.avg_frame_rate).split('/').map(Number);
  const [width, height, fps] = [Number(stream.width), Number(stream.height), count / per];
  if (!(width > 0 && height > 0) || !(fps > 0 && fps <= 1000)) throw refuse('says no size or rate that can be used');
  if (width * height > MAX_PIXELS) throw refuse(`has frames of more than ${MAX_PIXELS} pixels; scale it down first`);
  const allTags = allTagsOf(container.tags ?? {});
  return { width, height, fps: Math.round(fps * 1000) / 1000, tags: tagsOf(allTags), allTags };
}

/** All frames of a film. Throws 'media-invalid'. */
export async function decodeFilm(
  path: string,
  format: FilmFormat,
  env: Env,
): Promise<Animation & Pick<FilmInfo, 'tags'>> {
  const { width, height, fps, tags } = await filmInfo(path, format, env);
  const most = Math.min(MAX_FRAMES, Math.floor(MAX_TOTAL_PIXELS / (width * height)));
  const size = width * height * 3;
  const data = await output(
    requireFfmpeg(env, path),
    // One frame more than is taken tells that there are too many.
    [
      ...LOCAL,
      '-f',
      format,
      '-i',
      path,
      '-map',
      '0:v:0',
      '-frames:v',
      `${most + 1}`,
      '-fps_mode',
      'passthrough',
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      'pipe:1',
    ],
    { file: path, what: 'cannot be decoded' },
    (most + 1) * size,
  );
  const frames = Math.floor(data.length / size);
  if (frames === 0 || frames > most)
    throw new AttuneError(
      'media-invalid',
      frames === 0
        ? `${path} has no frame that can be decoded.`
        : `${path} has more than ${most} frames of ${width}x${height}, more than can be held; shorten it or scale it down.`,
      { file: path },
    );
  return {
    fps,
    tags,
    frames: Array.from({ length: frames }, (_, at) => ({
      width,
      height,
      channels: 3 as const,
      data: data.subarray(at * size, (at + 1) * size),
    })),
  };
}

/** What a guest writes to its output, at most so much of it. */
async function output(
  program: string,
  args: readonly string[],
  about: { readonly file: string; readonly what: string },
  limit: number,
): Promise<Uint8Array> {
  await stat(about.file).catch((cause: unknown) => {
    throw new AttuneError('file-failed', `${about.file} cannot be read.`, { file: about.file }, cause);
  });
  const guest = new Guest(program, args, about);
  guest.child.stdin?.end();
  const timer = setTimeout(() => guest.kill(), TIME_LIMIT_MS);
  const parts: Uint8Array[] = [];
  let length = 0;
  guest.child.stdout?.on('data', (part: Uint8Array) => {
    length += part.length;
    if (length > limit) guest.kill();
    else parts.push(part);
  });
  try {
    await guest.ended;
  } finally {
    clearTimeout(timer);
    guest.kill();
  }
  const whole = new Uint8Array(length);
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
