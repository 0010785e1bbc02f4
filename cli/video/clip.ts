import { resolve } from 'node:path';
import type { MediaRef } from '../../contract/index.ts';
import { AttuneError, type VideoMedia } from '../../engine/index.ts';
import { animationSize, decodeAnimation } from '../../native/animation.ts';
import { readFileWithin, sha256Of } from '../../native/files.ts';
import { decodeFilm, filmFormat } from '../../native/film.ts';
import { bareName } from '../../native/picturefile.ts';
import type { Host } from '../host.ts';

/** Larger files are not clips that anything here could edit. */
const MAX_CLIP_BYTES = 512 * 1024 * 1024;

export interface LoadedClip {
  readonly ref: MediaRef;
  readonly source: NonNullable<VideoMedia['source']>;
}

/** Reads a clip of any form that is written: animated WebP, GIF, and with ffmpeg MP4 and WebM. Throws 'file-failed' or 'media-invalid'. */
export async function loadClip(path: string, { env, places }: Pick<Host, 'env' | 'places'>): Promise<LoadedClip> {
  const bytes = await readFileWithin(path, MAX_CLIP_BYTES);
  const ref = { sha256: sha256Of(bytes), name: bareName(path) };
  const format = filmFormat(bytes);
  const isAnimated = (await animationSize(bytes)) !== undefined;
  if (format === undefined && !isAnimated)
    throw new AttuneError(
      'media-invalid',
      `${path} is no clip that can be read: give an animated WebP or GIF, or an MP4 or WebM file.`,
      { file: path },
    );
  const { frames, fps } =
    format === undefined ? await decodeAnimation(bytes, path) : await decodeFilm(resolve(path), format, env);
  await places.remember(ref.sha256, resolve(path));
  return { ref, source: { frames, fps } };
}
