import { AttuneError } from '../engine/base/errors.ts';
import type { FilmTags } from '../engine/ports.ts';
import { type Env, fileArgument, guestOutput, LOCAL, requireFfmpeg } from './ffmpeg.ts';

export type FilmFormat = 'mp4' | 'webm';

/** What ffprobe says of a track, as it says it: any of it may be missing or nonsense. */
export interface ProbedStream {
  readonly index: number;
  readonly codec_type?: string;
  readonly width?: number;
  readonly height?: number;
  readonly sample_aspect_ratio?: string;
  readonly avg_frame_rate?: string;
  readonly time_base?: string;
  readonly pix_fmt?: string;
  readonly color_space?: string;
  readonly color_transfer?: string;
  readonly color_primaries?: string;
  readonly color_range?: string;
  readonly field_order?: string;
  readonly disposition?: { readonly attached_pic?: number };
  readonly tags?: Readonly<Record<string, string>>;
  readonly side_data_list?: readonly { readonly rotation?: number }[];
}

export interface Probe {
  /** The first track of pictures that is no cover. */
  readonly picture: ProbedStream;
  readonly pictureTracks: number;
  readonly soundTracks: number;
  readonly subtitleTracks: number;
  /** Time of the container's beginning, in seconds, from which ffmpeg counts when it seeks. */
  readonly startS: number;
  readonly tags: Partial<FilmTags>;
  /** All tags that are texts, by their names in lower case. */
  readonly allTags: ReadonlyMap<string, string>;
}

/** Graphs of ComfyUI may hold pictures, and a film holds two forms of one. */
const MAX_TOLD_BYTES = 64 * 1024 * 1024;

const ASKED = [
  'stream=index,codec_type,width,height,sample_aspect_ratio,avg_frame_rate,time_base,pix_fmt,field_order',
  'color_space,color_transfer,color_primaries,color_range:stream_disposition=attached_pic:stream_tags',
  'stream_side_data=rotation:format=start_time:format_tags',
];

/**
 * What ffprobe says of a film on the disk. The container is the one its bytes name, never what its name or a playlist says. Throws
 * 'media-invalid' or 'file-failed'.
 */
export async function probeFilm(path: string, format: FilmFormat, env: Env): Promise<Probe> {
  const asked = `${ASKED[0]},${ASKED[1]}:${ASKED[2]}`;
  const { bytes } = await guestOutput(
    requireFfmpeg(env, path, 'ffprobe'),
    ['-v', 'error', ...LOCAL, '-f', format, '-show_entries', asked, '-of', 'json', '-i', fileArgument(path)],
    { file: path, what: 'cannot be read' },
    MAX_TOLD_BYTES,
  );
  const refuse = (why: string, cause?: unknown) =>
    new AttuneError('media-invalid', `${path} ${why}.`, { file: path }, cause);
  let told: { streams?: ProbedStream[]; format?: { start_time?: string; tags?: Record<string, unknown> } };
  try {
    told = JSON.parse(new TextDecoder().decode(bytes)); // ffprobe's own form; values are checked where they are used
  } catch (cause) {
    throw refuse('cannot be read: ffprobe says nothing that can be understood', cause);
  }
  const streams = told.streams ?? [];
  const ofType = (type: string) => streams.filter(({ codec_type }) => codec_type === type);
  const pictures = ofType('video').filter(({ disposition }) => disposition?.attached_pic !== 1);
  const [picture] = pictures;
  if (picture === undefined) throw refuse('has no pictures');
  const allTags = allTagsOf(told.format?.tags ?? {});
  const startS = Number(told.format?.start_time ?? 0);
  return {
    picture,
    pictureTracks: pictures.length,
    soundTracks: ofType('audio').length,
    subtitleTracks: ofType('subtitle').length,
    startS: Number.isFinite(startS) ? startS : 0,
    tags: tagsOf(allTags),
    allTags,
  };
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

export interface FrameTimes {
  /** When each frame is shown, in seconds, in the order in which they are. Empty where the container does not say. */
  readonly times: readonly number[];
  /** Whether these are all frames of the film. */
  readonly isWhole: boolean;
}

/** Frames that may stand before those asked for in the file and are shown after them, or never. */
const MARGIN = 512;

/** The times of the first `count` frames, or of a few more, from the container alone: nothing is decoded. Throws as `probeFilm`. */
export async function frameTimes(
  path: string,
  format: FilmFormat,
  { picture }: Pick<Probe, 'picture'>,
  count: number,
  env: Env,
): Promise<FrameTimes> {
  const most = count + MARGIN;
  const { bytes } = await guestOutput(
    requireFfmpeg(env, path, 'ffprobe'),
    [
      ...['-v', 'error', ...LOCAL, '-f', format, '-select_streams', `${picture.index}`],
      ...['-read_intervals', `%+#${most}`, '-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0'],
      ...['-i', fileArgument(path)],
    ],
    { file: path, what: 'cannot be read' },
    most * 64 + MAX_TOLD_BYTES,
  );
  const lines = new TextDecoder().decode(bytes).split('\n').filter(Boolean);
  const packets = lines.map((line) => line.trim().split(','));
  const isWhole = packets.length < most;
  // "D": an edit list hides it.
  const shown = packets.filter(([, flags = '']) => !flags.includes('D')).map(([time]) => Number(time));
  return shown.every(Number.isFinite) ? { times: shown.sort((a, b) => a - b), isWhole } : { times: [], isWhole };
}
