import { resolve } from 'node:path';
import type { MediaRef } from '../contract/index.ts';
import { AttuneError, type Clip, checkMask, type Pixels, toMask } from '../engine/index.ts';
import { animationSize, decodeAnimation } from '../native/animation.ts';
import { sha256Of } from '../native/files.ts';
import { decodeFilm, filmFormat } from '../native/film.ts';
import { bareName } from '../native/picturefile.ts';
import type { Host } from './host.ts';
import { readInput } from './media.ts';

export interface LoadedSource {
  readonly ref: MediaRef;
  readonly source: Pixels | Clip;
}

/**
 * Reads a picture, or a clip of any form that is written: animated WebP, GIF, and with ffmpeg MP4 and WebM; `-` is a picture or an
 * animation from standard input. Throws 'file-failed' or 'media-invalid'.
 * @param kind `clip`: what has one frame alone is refused
 */
export async function loadSource(path: string, host: Host, kind: 'any' | 'clip' = 'any'): Promise<LoadedSource> {
  const bytes = await readInput(path, host);
  const ref = { sha256: sha256Of(bytes), name: path === '-' ? 'stdin' : bareName(path) };
  const source = await decode(bytes, path, host, kind);
  if (path !== '-') await host.places.remember(ref.sha256, resolve(path));
  return { ref, source };
}

async function decode(bytes: Uint8Array, path: string, host: Host, kind: 'any' | 'clip'): Promise<Pixels | Clip> {
  const name = path === '-' ? 'standard input' : path;
  const film = filmFormat(bytes);
  if (film !== undefined && path === '-')
    throw new AttuneError('media-invalid', 'A film cannot be read from standard input; name its file.', { file: path });
  if (film !== undefined) {
    const { frames, fps } = await decodeFilm(resolve(path), film, host.env);
    return { frames, fps };
  }
  if ((await animationSize(bytes)) !== undefined) return decodeAnimation(bytes, name);
  if (kind === 'clip')
    throw new AttuneError(
      'media-invalid',
      `${path} is no clip that can be read: give an animated WebP or GIF, or an MP4 or WebM file.`,
      { file: path },
    );
  return (await host.images()).decode(bytes, name);
}

const firstFrame = (source: Pixels | Clip): Pixels | undefined => ('frames' in source ? source.frames[0] : source);

/** One channel, 255 = repaint; says how a file was understood whose transparency counts. */
export function readMask(picture: Pixels, source: Pixels | Clip | undefined, host: Pick<Host, 'writeErr'>): Pixels {
  const { mask, reading } = toMask(picture);
  if (reading === 'painted') host.writeErr('attune: the mask repaints where it is painted white on transparency\n');
  if (reading === 'transparent') host.writeErr('attune: the mask repaints where it is transparent\n');
  const frame = source && firstFrame(source);
  if (frame !== undefined) checkMask(mask, frame);
  return mask;
}
