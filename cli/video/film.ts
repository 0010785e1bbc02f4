import { filmTags } from '../../engine/index.ts';
import type { Env } from '../../native/ffmpeg.ts';
import { type FilmFormat, type FilmWriter, openFilm } from '../../native/film.ts';
import type { VideoWriter, VideoWriterOptions } from './writer.ts';

export interface FilmFileOptions extends VideoWriterOptions {
  readonly format: FilmFormat;
  readonly env: Env;
}

/** MP4 or WebM by the system's ffmpeg. Its tags say how it was made. Throws 'media-invalid' where there is no ffmpeg. */
export function openFilmFile(path: string, { format, env, record }: FilmFileOptions): VideoWriter {
  let film: FilmWriter | undefined;
  const begun = () => {
    if (film === undefined) throw new RangeError('a film begins before its first frame');
    return film;
  };
  return {
    begin({ fps }) {
      film = openFilm(path, { format, fps, env });
    },
    write: (frame) => begun().write(frame),
    finish() {
      const about = record();
      return begun().finish(about && filmTags(about));
    },
    abort: async () => film?.abort(),
  };
}
