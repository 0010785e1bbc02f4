import { filmTags } from '../../engine/index.ts';
import { type FilmOptions, type FilmWriter, openFilm } from '../../native/filmwriter.ts';
import { type FrameWriter, weighedFiles } from './writer.ts';

export type FilmFileOptions = Omit<FilmOptions, 'fps'>;

/** MP4 or WebM by the system's ffmpeg. Its tags say how it was made. `begin` throws 'media-invalid' where there is no ffmpeg. */
export function openFilmFile(path: string, options: FilmFileOptions): FrameWriter {
  let film: FilmWriter | undefined;
  const begun = () => {
    if (film === undefined) throw new RangeError('the film was not begun');
    return film;
  };
  return {
    begin({ fps }) {
      if (fps === undefined) throw new RangeError('a film has a rate');
      film = openFilm(path, { ...options, fps });
    },
    write: (frame) => begun().write(frame),
    async finish(record) {
      const notices = await begun().finish(record && filmTags(record));
      return { ...(await weighedFiles([path])), notices };
    },
    abort: async () => film?.abort(),
  };
}
