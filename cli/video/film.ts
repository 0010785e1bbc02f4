import { filmTags } from '../../engine/index.ts';
import type { Env } from '../../native/ffmpeg.ts';
import { type FilmFormat, openFilm } from '../../native/film.ts';
import type { VideoWriter, VideoWriterOptions } from './writer.ts';

export interface FilmFileOptions extends VideoWriterOptions {
  readonly format: FilmFormat;
  /** Frames a second, which an encoder must know before the first frame. */
  readonly fps: number;
  readonly env: Env;
}

/** MP4 or WebM by the system's ffmpeg. Its tags say how it was made. Throws 'media-invalid' where there is no ffmpeg. */
export function openFilmFile(path: string, { format, fps, env, record }: FilmFileOptions): VideoWriter {
  const film = openFilm(path, { format, fps, env });
  return {
    write: (frame) => film.write(frame),
    finish() {
      const about = record();
      return film.finish(about && filmTags(about));
    },
    abort: () => film.abort(),
  };
}
