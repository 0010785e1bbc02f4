import { createHash } from 'node:crypto';
import { extname, join, resolve } from 'node:path';
import type { VideoResult } from '../../engine/index.ts';
import type { AnimationFormat } from '../../native/animation.ts';
import { requireFfmpeg } from '../../native/ffmpeg.ts';
import { checkTarget, readFileWithin, sha256Of, stageFile } from '../../native/files.ts';
import type { FilmFormat } from '../../native/film.ts';
import type { Output } from '../command.ts';
import { UsageError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Values } from '../options.ts';
import { checkEmpty, freshName } from '../output.ts';
import { openAnimation } from './animation.ts';
import { openFilmFile } from './film.ts';
import { checkSequence, frameName, framesIn, openSequence } from './pngsequence.ts';
import type { VideoWriter } from './writer.ts';

const FILES: Readonly<Record<string, AnimationFormat | FilmFormat>> = {
  '.mp4': 'mp4',
  '.webm': 'webm',
  '.webp': 'webp',
  '.gif': 'gif',
};

/** Where a video goes; checked before the run, so that nobody waits for frames that cannot be written. */
export interface VideoPlan {
  readonly path: string;
  /** `frames` is a folder with a PNG for each frame. */
  readonly format: 'frames' | AnimationFormat | FilmFormat;
  readonly mapsFolder?: string;
  readonly replace: boolean;
  readonly withRecord: boolean;
}

/** Nothing that an encoder here makes is larger. */
const MAX_FILE_BYTES = 2 ** 31 - 1;

export async function planVideoOutput(values: Values, { env }: Pick<Host, 'env'>): Promise<VideoPlan> {
  const path = values.required('output', 'name a folder for the frames or a file, e.g. -o clip.mp4 or -o out/clip');
  const replace = values.has('force');
  const mapsFolder = values.text('maps');
  const format = formatOf(path);
  if (format === 'frames') await checkSequence(path, { replace });
  else await checkTarget(path, replace);
  // Nobody waits for a film that cannot be written.
  if (format === 'mp4' || format === 'webm') requireFfmpeg(env, path);
  if (mapsFolder !== undefined && resolve(mapsFolder) === resolve(path))
    throw new UsageError('--maps and -o name the same folder; give the maps one of their own.');
  if (mapsFolder !== undefined && !replace) await checkEmpty(mapsFolder);
  const withRecord = !values.has('no-metadata');
  return { path, format, replace, withRecord, ...(mapsFolder !== undefined && { mapsFolder }) };
}

/** Opens what the ending of the path asks for. `result` is asked at the end, when the run has said how it was made. */
export async function openVideoWriter(
  { path, format, replace, withRecord }: VideoPlan,
  result: () => VideoResult,
  host: Host,
): Promise<VideoWriter> {
  const record = () => (withRecord ? result().record : undefined);
  if (format === 'frames') return openSequence(path, await host.images(), { replace, record });
  if (format === 'mp4' || format === 'webm') return openFilmFile(path, { format, record, env: host.env });
  return openAnimation(path, { format, replace, record });
}

/** What a file ending looks like; `v1.5` names a folder as well as anything. */
const ENDING = /^\.[a-z][a-z0-9]{1,4}$/i;

function formatOf(path: string): VideoPlan['format'] {
  if (path === '-') throw new UsageError('A video is written as files, which standard output cannot take.');
  const ending = extname(path).toLowerCase();
  const format = FILES[ending];
  if (format !== undefined) return format;
  if (!ENDING.test(ending)) return 'frames';
  throw new UsageError(
    `"${ending}" is no form that videos are written in: ${Object.keys(FILES).join(', ')}, or the name of a folder, which gets a PNG for each frame.`,
  );
}

/** Writes the maps and tells of all that was written. */
export async function writeBeside(result: VideoResult, plan: VideoPlan, host: Host): Promise<readonly Output[]> {
  const { size, frames, fps } = result;
  const files = plan.format === 'frames' ? await framesIn(plan.path) : [plan.path];
  const video: Output = { kind: 'video', path: resolve(plan.path), ...size, frames, fps, ...(await weigh(files)) };
  return [video, ...(plan.mapsFolder === undefined ? [] : await writeMaps(result, plan.mapsFolder, plan, host))];
}

/** Size and hash of files, one after the other. */
async function weigh(files: readonly string[]): Promise<Pick<Output, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const file of files) {
    const content = await readFileWithin(file, MAX_FILE_BYTES);
    hash.update(content);
    bytes += content.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** A folder for each word, with a picture for each latent frame. */
async function writeMaps(
  { maps }: Pick<VideoResult, 'maps'>,
  folder: string,
  { replace }: VideoPlan,
  host: Host,
): Promise<readonly Output[]> {
  const codec = await host.images();
  const outputs: Output[] = [];
  const taken = new Set<string>();
  const names = new Map<string, string>();
  const said = new Map<string, number>();
  for (const { word, frame, image } of maps) {
    // A prompt may say a word twice: the second one is another folder. The same word of the next prompt goes on in the first one's.
    const count = (said.get(`${frame} ${word}`) ?? 0) + 1;
    said.set(`${frame} ${word}`, count);
    const key = `${count} ${word}`;
    const name = names.get(key) ?? freshName(word, taken);
    names.set(key, name);
    const path = join(folder, name, frameName(frame));
    const bytes = await codec.encode(image, 'png');
    await (await stageFile(path, bytes, { replace })).commit();
    const { width, height } = image;
    outputs.push({
      kind: 'map',
      path: resolve(path),
      width,
      height,
      bytes: bytes.length,
      sha256: sha256Of(bytes),
      word,
    });
  }
  return outputs;
}
