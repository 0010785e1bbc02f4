import type { Size } from '../contract/index.ts';
import { AttuneError } from '../engine/base/errors.ts';
import type { FilmTags } from '../engine/ports.ts';
import { type Animation, beyondEnd, evenness, type Part } from './animation.ts';
import { type Env, fileArgument, guestOutput, LOCAL, requireFfmpeg } from './ffmpeg.ts';
import { pictureOf, shownSize } from './filmpicture.ts';
import { type FilmFormat, type FrameTimes, frameTimes, type Probe, probeFilm } from './filmprobe.ts';

/** AVIF and HEIC lie in the container of MP4. */
const PICTURE_BRANDS = new Set(['avif', 'avis', 'heic', 'heix', 'heim', 'hevc', 'mif1', 'msf1']);

/** The container that a file's first bytes name; undefined for what is no film that is taken. */
export function filmFormat(bytes: Uint8Array): FilmFormat | undefined {
  const ascii = String.fromCharCode(...bytes.subarray(4, 12));
  if (ascii.startsWith('ftyp')) return PICTURE_BRANDS.has(ascii.slice(4)) ? undefined : 'mp4';
  return bytes[0] === 0x1a && bytes[1] === 0x45 && bytes[2] === 0xdf && bytes[3] === 0xa3 ? 'webm' : undefined;
}

const MAX_PIXELS = 100_000_000;
const MAX_TOTAL_PIXELS = 400_000_000;
const MAX_FRAMES = 10_000;

/** Size as shown and tags of a film on the disk. Throws 'media-invalid' or 'file-failed'. */
export async function filmInfo(
  path: string,
  format: FilmFormat,
  env: Env,
): Promise<Size & Pick<Probe, 'tags' | 'allTags'>> {
  const { picture, tags, allTags } = await probeFilm(path, format, env);
  return { ...sizeOf(path, picture), tags, allTags };
}

function sizeOf(path: string, picture: Probe['picture']): Size {
  const size = shownSize(picture);
  if (size === undefined) throw refusal(path, 'says no size that can be used');
  if (size.width * size.height > MAX_PIXELS)
    throw refusal(path, `has frames of more than ${MAX_PIXELS} pixels; scale it down first`);
  return size;
}

/** Where the sound of decoded frames lies. */
export interface FilmSound {
  readonly path: string;
  readonly format: FilmFormat;
  /** Of the first frame, in seconds from the container's beginning. */
  readonly startS: number;
}

export interface Film extends Animation {
  readonly tags: Partial<FilmTags>;
  readonly sound?: FilmSound;
  /** Sentences about what is not as in the film. */
  readonly notices: readonly string[];
}

/**
 * Frames of a film as a player shows them: turned, of square pixels, in SDR. Of a long film only the part is decoded. Throws
 * 'media-invalid', 'file-failed', and 'request-invalid' for a part that lies beyond the film's end, 'cancelled'.
 */
export async function decodeFilm(
  path: string,
  format: FilmFormat,
  env: Env,
  part: Part = { start: 0 },
  signal?: AbortSignal,
): Promise<Film> {
  const probe = await probeFilm(path, format, env);
  const { picture, tags, startS, soundTracks } = probe;
  const size = sizeOf(path, picture);
  const most = Math.min(MAX_FRAMES, Math.floor(MAX_TOTAL_PIXELS / (size.width * size.height)));
  const tooMany = () =>
    refusal(
      path,
      `has more than ${most} frames of ${size.width}x${size.height}${part.start === 0 ? '' : ' from there on'}, more than can be held; take a part of it, or scale it down`,
      'frames',
    );
  if (part.count !== undefined && part.count > most) throw tooMany();
  const known = await frameTimes(path, format, probe, part.start + (part.count ?? most), env);
  if (known.isWhole && known.times.length > 0 && part.start >= known.times.length) throw beyondEnd(known.times.length);
  if (part.count === undefined && known.times.length - part.start > most) throw tooMany();
  const { filters, notices } = await pictureOf(path, picture, size, env);
  // One frame more than is taken tells that there are too many.
  const decode = (seekS: number | undefined) =>
    decodeFrames({ path, format, env, probe, filters, size, part, count: part.count ?? most + 1, seekS, signal });
  const soon = seekTo(known, part, probe);
  let decoded = await decode(soon);
  if (soon !== undefined && !isSame(decoded.times, known.times.slice(part.start))) decoded = await decode(undefined);
  const { data, times } = decoded;
  const frames = Math.floor(data.length / (size.width * size.height * 3));
  if (frames === 0) throw part.start > 0 ? beyondEnd(undefined) : refusal(path, 'has no frame that can be decoded');
  if (part.count === undefined && frames > most) throw tooMany();
  const length = size.width * size.height * 3;
  return {
    ...timing(path, probe, known, part.start, times),
    tags,
    notices: [...notices, ...leftOut(path, probe)],
    ...(soundTracks > 0 && { sound: { path, format, startS: Math.max(0, (times[0] ?? 0) - startS) } }),
    frames: Array.from({ length: frames }, (_, at) => ({
      ...size,
      channels: 3 as const,
      data: data.subarray(at * length, (at + 1) * length),
    })),
  };
}

interface Decoding {
  readonly path: string;
  readonly format: FilmFormat;
  readonly env: Env;
  readonly probe: Probe;
  readonly filters: readonly string[];
  readonly size: Size;
  readonly part: Part;
  readonly count: number;
  readonly seekS: number | undefined;
  readonly signal: AbortSignal | undefined;
}

async function decodeFrames({ path, format, env, probe, filters, size, part, count, seekS, signal }: Decoding) {
  const skips = seekS === undefined && part.start > 0 ? [`trim=start_frame=${part.start}`] : [];
  const { bytes, notes } = await guestOutput(
    requireFfmpeg(env, path),
    [
      ...[...LOCAL, '-f', format, ...(seekS === undefined ? [] : ['-ss', `${seekS}`]), '-copyts'],
      ...['-i', fileArgument(path), '-map', `0:${probe.picture.index}`, '-vf', [...skips, ...filters].join(',')],
      ...['-frames:v', `${count}`, '-fps_mode', 'passthrough', '-enc_time_base', '1:90000'],
      ...['-c:v', 'rawvideo', '-pix_fmt', 'rgb24', '-f', 'tee', '[f=rawvideo]pipe\\:1|[f=framecrc]pipe\\:3'],
    ],
    { file: path, what: 'cannot be decoded', signal },
    count * size.width * size.height * 3,
  );
  return { data: bytes, times: timesIn(notes) };
}

/** Times in seconds of ffmpeg's "framecrc" lines: track, dts, pts, duration, bytes, checksum. */
function timesIn(notes: string): readonly number[] {
  const [, over = '1', per = '1'] = /^#tb 0: (\d+)\/(\d+)$/m.exec(notes) ?? [];
  return [...notes.matchAll(/^0,\s*-?\d+,\s*(-?\d+),/gm)].map(
    ([, ticks]) => (Number(ticks) * Number(over)) / Number(per),
  );
}

/** Where decoding may begin so that the part's first frame comes first: between it and the one before, from the container's beginning. */
function seekTo({ times }: FrameTimes, { start }: Part, { startS }: Probe): number | undefined {
  const [before, first] = [times[start - 1], times[start]];
  if (before === undefined || first === undefined || first - before < 0.001) return undefined;
  const at = (before + first) / 2 - startS;
  return at > 0 ? at : undefined;
}

/** A seek that is off by a frame shows in the times. */
function isSame(times: readonly number[], wanted: readonly number[]): boolean {
  return times.length > 0 && times.every((time, at) => Math.abs(time - (wanted[at] ?? Number.NaN)) < 0.0015);
}

function timing(
  path: string,
  { picture: { avg_frame_rate = '', time_base = '' } }: Probe,
  known: FrameTimes,
  start: number,
  times: readonly number[],
): Pick<Animation, 'fps' | 'seconds'> {
  const rateOf = (text: string) => {
    const [count = 0, per = 1] = text.split('/').map(Number);
    return count / per;
  };
  const said = rateOf(avg_frame_rate);
  const usable = said > 0 && said <= 1000 ? said : undefined;
  const tick = rateOf(time_base) || 0.001;
  // The frame after the last one says how long the last one lasts.
  const next = known.times[start + times.length];
  const found = evenness(times, next, tick + 1e-4);
  if (found === undefined) {
    if (usable === undefined) throw refusal(path, 'says no rate that can be used');
    return { fps: thousandths(usable) };
  }
  // A rate that is told is exact where the times are rounded.
  const isTold = usable !== undefined && found.seconds === undefined && Math.abs(found.fps / usable - 1) < 0.005;
  return { ...found, fps: thousandths(isTold ? usable : found.fps) };
}

const thousandths = (fps: number) => Math.round(fps * 1000) / 1000;

function leftOut(path: string, { pictureTracks, subtitleTracks }: Probe): readonly string[] {
  return [
    ...(pictureTracks > 1 ? [`${path} has ${pictureTracks} tracks of pictures; the first one was taken.`] : []),
    ...(subtitleTracks > 0 ? [`The subtitles of ${path} are left out.`] : []),
  ];
}

const refusal = (path: string, why: string, field?: string) =>
  new AttuneError('media-invalid', `${path} ${why}.`, { file: path, ...(field && { field }) });
