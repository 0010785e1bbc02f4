import { rm, writeFile } from 'node:fs/promises';
import { AttuneError } from '../engine/base/errors.ts';
import type { FilmTags, Pixels } from '../engine/ports.ts';
import { type Env, fileArgument, Guest, LOCAL, requireFfmpeg } from './ffmpeg.ts';
import { adoptFile, naming, temporariesBeside } from './files.ts';
import type { FilmSound } from './film.ts';
import type { FilmFormat } from './filmprobe.ts';
import { matroskaFrame, matroskaHead } from './rawmatroska.ts';

export interface FilmOptions {
  readonly format: FilmFormat;
  /** Frames a second. */
  readonly fps: number;
  /** How long each frame is shown, where that differs. */
  readonly seconds?: readonly number[];
  /** What is heard, from the first frame to the last. */
  readonly sound?: FilmSound;
  /** Whether a file of this name may be replaced. */
  readonly replace?: boolean;
  readonly env: Env;
}

export interface FilmWriter {
  write(frame: Pixels): Promise<void>;
  /** Gives the file its name. Returns sentences about what could not be kept. */
  finish(tags: FilmTags | undefined): Promise<readonly string[]>;
  /** Ends the encoder and removes what it wrote; harmless after `finish`. */
  abort(): Promise<void>;
}

/** Bits a pixel and frame: far above what the eye asks for, since a film is often worked on further. */
const BITS = 0.35;
const LEAST_BITS = 800_000;
/** The slowest encoder may hold many frames back until its end. */
const PATIENCE_MS = 600_000;

/**
 * H.264 in MP4 with its index in front, or VP9 in WebM, by the system's ffmpeg: 8 bits 4:2:0, limited range, BT.709, marked as such. An odd side
 * gets one more row or column. Memory does not grow with the frames. Throws 'media-invalid' where there is no ffmpeg or it gives up,
 * 'file-failed' where the disk does.
 */
export function openFilm(path: string, { format, fps, seconds, sound, replace = false, env }: FilmOptions): FilmWriter {
  const program = requireFfmpeg(env, path);
  const about = { file: path, what: 'could not be written', patienceMs: PATIENCE_MS };
  /** The frames, what the film says of itself, both together. */
  let [raw, notes, whole] = ['', '', ''];
  let guest: Guest | undefined;
  let size: Pick<Pixels, 'width' | 'height'> | undefined;
  let [frames, atS] = [0, 0];
  // What is left must not hide why.
  const tidy = () =>
    Promise.all(
      [raw, notes, whole].filter((file) => file !== '').map((file) => rm(file, { force: true }).catch(() => undefined)),
    );
  const start = ({ width, height }: Pixels) => {
    const bits = Math.max(LEAST_BITS, Math.round(width * height * fps * BITS));
    const colours = ['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-color_range', 'tv'];
    const filters =
      'pad=ceil(iw/2)*2:ceil(ih/2)*2,scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd,format=yuv420p';
    const picture = ['-pix_fmt', 'rgb24', '-video_size', `${width}x${height}`, '-framerate', `${fps}`];
    const input = seconds === undefined ? ['-f', 'rawvideo', ...picture] : ['-f', 'matroska'];
    const times = seconds === undefined ? [] : ['-fps_mode', 'passthrough', '-enc_time_base', '1:90000'];
    const codec = format === 'mp4' ? 'h264' : 'vp9';
    // The encoder of VP9 is told no duration, and would give each frame the bits of one tick.
    const rate = format === 'webm' && seconds !== undefined ? ['-crf', '15', '-b:v', '0'] : ['-b:v', `${bits}`];
    return new Guest(
      program,
      [
        ...[...input, '-i', 'pipe:0', '-vf', filters, ...colours, ...times],
        ...['-c:v', codec, ...rate, '-f', format, '-y', fileArgument(raw)],
      ],
      about,
    );
  };
  /** Copies the frames into the file that is given its name, with what it says of itself and what is heard. */
  const copy = (heard: FilmSound | undefined) => {
    const faststart = format === 'mp4' ? ['-movflags', '+faststart'] : [];
    const inputs = [
      LOCAL,
      ['-f', format, '-i', fileArgument(raw)],
      LOCAL,
      ['-f', 'ffmetadata', '-i', fileArgument(notes)],
    ];
    const audio =
      heard === undefined
        ? []
        : ['-ss', `${heard.startS}`, '-t', `${atS}`, ...LOCAL, '-f', heard.format, '-i', fileArgument(heard.path)];
    const coded = ['-map', '2:a', '-c:a', format === 'mp4' ? 'aac' : 'libopus', '-b:a', '192k'];
    return new Guest(
      program,
      [
        ...[...inputs.flat(), ...audio, '-map', '0', ...(heard === undefined ? [] : coded)],
        ...[
          '-map_metadata',
          '1',
          '-map_chapters',
          '-1',
          '-c:v',
          'copy',
          ...faststart,
          '-f',
          format,
          '-y',
          fileArgument(whole),
        ],
      ],
      about,
    ).finish();
  };
  return {
    async write(frame) {
      size ??= frame;
      if (frame.width !== size.width || frame.height !== size.height || frame.channels !== 3)
        throw new RangeError(`a frame of ${frame.width}x${frame.height} in a film of ${size.width}x${size.height}`);
      const lastsS = seconds?.[frames] ?? 1 / fps;
      if (guest === undefined) {
        [raw = '', notes = '', whole = ''] = await temporariesBeside(path, 3);
        guest = start(frame);
        if (seconds !== undefined) await guest.write(matroskaHead(frame));
      }
      if (seconds !== undefined) await guest.write(matroskaFrame(atS, lastsS, frame.data.length));
      await guest.write(frame.data);
      frames += 1;
      atS += lastsS;
    },
    async finish(tags) {
      if (guest === undefined) throw new RangeError('a film has a frame');
      await guest.finish();
      return naming(path, async () => {
        // What the film says of itself is known at its end; the frames are only copied now.
        await writeFile(notes, tags === undefined ? ';FFMETADATA1\n' : metadata(tags));
        const notices: string[] = [];
        await copy(sound).catch(async (error: unknown) => {
          if (sound === undefined || !(error instanceof AttuneError) || error.kind !== 'media-invalid') throw error;
          notices.push(`The sound of ${sound.path} is left out, since it cannot be coded. ${error.message}`);
          await copy(undefined);
        });
        await adoptFile(whole, path, { replace });
        await tidy();
        return notices;
      });
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
