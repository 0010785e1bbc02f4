import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Imported } from '../contract/index.ts';
import { importFilm, type PictureMetadata, readFilmTags } from '../engine/index.ts';
import type { Env } from '../native/ffmpeg.ts';
import { readFileWithin, readHead } from '../native/files.ts';
import { filmFormat, filmInfo } from '../native/film.ts';
import type { FilmFormat } from '../native/filmprobe.ts';
import { RECORD } from './writers/pngsequence.ts';

export interface VideoMetadata extends Omit<PictureMetadata, 'format'> {
  readonly format: FilmFormat | 'frames';
  /** What its tags say in whichever tool's tongue. */
  readonly imported?: Imported;
}

const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/**
 * What a film or a folder of frames says of its making; undefined for what is neither (an animated WebP says it as a picture does). Throws
 * 'media-invalid' for a film that cannot be read, or where there is no ffmpeg to read it.
 */
export async function aboutVideo(path: string, env: Env): Promise<VideoMetadata | undefined> {
  const status = await stat(path).catch(() => undefined);
  if (status?.isDirectory()) {
    const record = join(path, RECORD);
    if ((await stat(record).catch(() => undefined)) === undefined) return undefined;
    const description = new TextDecoder().decode(await readFileWithin(record, MAX_RECORD_BYTES));
    return told('frames', new Map([['description', description]]));
  }
  const format = status?.isFile() ? filmFormat(await readHead(path, 64)) : undefined;
  return format === undefined ? undefined : told(format, (await filmInfo(path, format, env)).allTags);
}

function told(format: VideoMetadata['format'], tags: ReadonlyMap<string, string>): VideoMetadata {
  const imported = importFilm(tags);
  return { format, ...readFilmTags(tags), ...(imported && { imported }) };
}
