import { resolve } from 'node:path';
import type { EditRequest, MediaRef } from '../contract/index.ts';
import { AttuneError, type Clip, checkMask, framesOfSource, type Pixels, toMask } from '../engine/index.ts';
import { animationSize, decodeAnimation, type Part } from '../native/animation.ts';
import { readHead, sha256Of, sha256OfFile } from '../native/files.ts';
import { decodeFilm, type Film, filmFormat } from '../native/film.ts';
import { bareName } from '../native/picturefile.ts';
import type { Host } from './host.ts';
import { readInput } from './media.ts';

export interface LoadedSource extends Partial<Pick<Film, 'seconds' | 'sound'>> {
  readonly ref: MediaRef;
  readonly source: Pixels | Clip;
  /** Sentences about what of it is not as in the file. */
  readonly notices: readonly string[];
}

interface SourceOptions {
  /** `clip`: what has one frame alone is refused. */
  readonly kind?: 'any' | 'clip';
  /** What is needed of a clip; the rest is not decoded. */
  readonly part?: Part;
}

/** The frames of a clip that a request edits. */
export const partOf = ({ startFrame = 0, frames }: Pick<EditRequest, 'startFrame' | 'frames'>): Part => ({
  start: startFrame,
  count: frames,
});

/**
 * Reads a picture, or a clip of any form that is written: animated WebP, GIF, and with ffmpeg MP4 and WebM; `-` is a picture or an
 * animation from standard input. Throws 'file-failed' or 'media-invalid', and 'request-invalid' for a part that lies beyond a clip's end.
 */
export async function loadSource(path: string, host: Host, options: SourceOptions = {}): Promise<LoadedSource> {
  const film = path === '-' ? undefined : filmFormat(await readHead(path, 64));
  if (film === undefined) return loadBytes(path, await readInput(path, host), host, options);
  const { part = { start: 0 } } = options;
  const ref = { sha256: await sha256OfFile(path, host.signal), name: bareName(path) };
  const { frames, fps, seconds, sound, notices } = await decodeFilm(path, film, host.env, part, host.signal);
  await host.places.remember(ref.sha256, resolve(path));
  const source = { frames, fps, first: part.start };
  return { ref, source, notices, ...(seconds && { seconds }), ...(sound && { sound }) };
}

async function loadBytes(
  path: string,
  bytes: Uint8Array,
  host: Host,
  { kind = 'any', part = { start: 0 } }: SourceOptions,
): Promise<LoadedSource> {
  const isStdin = path === '-';
  if (isStdin && filmFormat(bytes) !== undefined)
    throw new AttuneError('media-invalid', 'A film cannot be read from standard input; name its file.', { file: path });
  const name = isStdin ? 'standard input' : path;
  const ref = { sha256: sha256Of(bytes), name: isStdin ? 'stdin' : bareName(path) };
  const isClip = (await animationSize(bytes)) !== undefined;
  if (!isClip && kind === 'clip')
    throw new AttuneError(
      'media-invalid',
      `${path} is no clip that can be read: give an animated WebP or GIF, or an MP4 or WebM file.`,
      { file: path },
    );
  const decoded = isClip
    ? await decodeClip(bytes, name, part)
    : { source: await (await host.images()).decode(bytes, name) };
  if (!isStdin) await host.places.remember(ref.sha256, resolve(path));
  return { ref, ...decoded, notices: [] };
}

async function decodeClip(bytes: Uint8Array, name: string, part: Part) {
  const { frames, fps, seconds } = await decodeAnimation(bytes, name, part);
  return { source: { frames, fps, first: part.start }, ...(seconds && { seconds }) };
}

/** One channel, 255 = repaint; says how a file was understood whose transparency counts. */
export function readMask(picture: Pixels, source: Pixels | Clip | undefined, host: Pick<Host, 'writeErr'>): Pixels {
  const { mask, reading } = toMask(picture);
  if (reading === 'painted') host.writeErr('attune: the mask repaints where it is painted white on transparency\n');
  if (reading === 'transparent') host.writeErr('attune: the mask repaints where it is transparent\n');
  const [frame] = source === undefined ? [] : framesOfSource(source);
  if (frame !== undefined) checkMask(mask, frame);
  return mask;
}
