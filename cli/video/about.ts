import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type PictureMetadata, readFilmTags } from '../../engine/index.ts';
import type { Env } from '../../native/ffmpeg.ts';
import { readFileWithin } from '../../native/files.ts';
import { type FilmFormat, filmFormat, filmInfo } from '../../native/film.ts';
import { RECORD } from './pngsequence.ts';

export type VideoMetadata = Omit<PictureMetadata, 'format'> & { readonly format: FilmFormat | 'frames' };

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
    return { format: 'frames', ...readFilmTags({ description }) };
  }
  const format = status?.isFile() ? filmFormat(await beginningOf(path)) : undefined;
  return format === undefined ? undefined : { format, ...readFilmTags((await filmInfo(path, format, env)).tags) };
}

async function beginningOf(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    return (await file.read(new Uint8Array(64), 0, 64, 0)).buffer;
  } finally {
    await file.close();
  }
}
