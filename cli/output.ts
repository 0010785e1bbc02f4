import { readdir } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { AttuneError, type Engine, type ImageFormat } from '../engine/index.ts';
import type { AnimationFormat } from '../native/animation.ts';
import { requireFfmpeg } from '../native/ffmpeg.ts';
import { checkFolder, checkTarget, naming } from '../native/files.ts';
import type { FilmFormat } from '../native/filmprobe.ts';
import { FORMAT_OF_ENDING } from '../native/picturefile.ts';
import { UsageError } from './errors.ts';
import type { Host } from './host.ts';
import type { Values } from './options.ts';
import type { LoadedSource } from './source.ts';
import { didYouMean } from './suggest.ts';
import { openAnimation } from './writers/animation.ts';
import { openFilmFile } from './writers/film.ts';
import { openPicture } from './writers/picture.ts';
import { checkSequence, openSequence } from './writers/pngsequence.ts';
import type { FrameWriter } from './writers/writer.ts';

/** What a checkpoint makes. */
type Kind = ReturnType<Engine['model']>['makes'];

const VIDEOS: Readonly<Record<string, AnimationFormat | FilmFormat>> = {
  '.mp4': 'mp4',
  '.webm': 'webm',
  '.webp': 'webp',
  '.gif': 'gif',
};

/** What the name of an output asks for; `frames` is a folder with a PNG for each frame. */
export type Target =
  | { readonly kind: 'picture'; readonly format: ImageFormat }
  | { readonly kind: 'video'; readonly format: 'frames' | AnimationFormat | FilmFormat };

/** Where the results of a run go; checked before the run, so that nobody waits for what cannot be written. */
export interface OutputPlan {
  /** `-` is standard output. */
  readonly path: string;
  readonly target: Target;
  readonly mapsFolder?: string;
  readonly replace: boolean;
  readonly withRecord: boolean;
}

/** The name that the command line gives the result. Throws UsageError where it gives none. */
export function outputPath(values: Values): string {
  const path = values.required('output', 'name the file to write, e.g. -o out.png or -o clip.mp4');
  if (path === '-' && values.has('json'))
    throw new UsageError('--json and -o - both want standard output; give the picture a file name.');
  return path;
}

/** Throws UsageError for a name that holds no result of this kind, 'file-failed' for a place that cannot be written. */
export async function planOutput(values: Values, makes: Kind, { env }: Pick<Host, 'env'>): Promise<OutputPlan> {
  const path = outputPath(values);
  const replace = values.has('force');
  const mapsFolder = values.text('maps');
  const target = makes === 'picture' ? pictureTarget(path) : videoTarget(path);
  if (target.format === 'frames') await checkSequence(path, { replace });
  else if (path !== '-') await checkTarget(path, replace);
  if (target.format === 'mp4' || target.format === 'webm') requireFfmpeg(env, path);
  if (mapsFolder !== undefined && resolve(mapsFolder) === resolve(path))
    throw new UsageError('--maps and -o name the same folder; give the maps one of their own.');
  if (mapsFolder !== undefined) await checkMapsFolder(mapsFolder, replace);
  const withRecord = !values.has('no-metadata');
  return { path, target, replace, withRecord, ...(mapsFolder !== undefined && { mapsFolder }) };
}

function pictureTarget(path: string): Target {
  if (path === '-') return { kind: 'picture', format: 'png' };
  const extension = extname(path).toLowerCase();
  const format = FORMAT_OF_ENDING[extension];
  if (format !== undefined) return { kind: 'picture', format };
  const known = Object.keys(FORMAT_OF_ENDING);
  const what =
    extension === ''
      ? 'The output needs an ending that names its format'
      : `"${extension}" is no format that is written`;
  const hint = extension in VIDEOS ? ' This checkpoint makes pictures.' : didYouMean(extension, known);
  throw new UsageError(`${what}: ${known.join(', ')}.${extension === '' ? '' : hint}`);
}

/** What a file ending looks like; `v1.5` names a folder as well as anything. */
const ENDING = /^\.[a-z][a-z0-9]{1,4}$/i;

function videoTarget(path: string): Target {
  if (path === '-') throw new UsageError('A video is written as files, which standard output cannot take.');
  const ending = extname(path).toLowerCase();
  const format = VIDEOS[ending];
  if (format !== undefined) return { kind: 'video', format };
  if (!ENDING.test(ending)) return { kind: 'video', format: 'frames' };
  const hint = ending in FORMAT_OF_ENDING ? ' This checkpoint makes videos.' : '';
  throw new UsageError(
    `"${ending}" is no form that videos are written in: ${Object.keys(VIDEOS).join(', ')}, or the name of a folder, which gets a PNG for each frame.${hint}`,
  );
}

/** Throws 'file-failed' unless maps can be written into a folder: for checking before a job runs. It holds nothing, unless `replace`. */
async function checkMapsFolder(folder: string, replace: boolean): Promise<void> {
  await checkFolder(folder);
  if (replace) return;
  const entries = await naming(folder, () =>
    readdir(folder).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }),
  );
  if (entries.length === 0) return;
  throw new AttuneError(
    'file-failed',
    `${folder} is not empty; choose another folder, or add --force to write into it.`,
    { file: folder },
  );
}

/**
 * Opens what the name of the output asks for.
 * @param kept what of an edited clip goes on in the result
 */
export async function openWriter(
  { path, target, replace }: OutputPlan,
  { seconds, sound }: Pick<LoadedSource, 'seconds' | 'sound'>,
  host: Host,
): Promise<FrameWriter> {
  const { kind, format } = target;
  const times = seconds === undefined ? {} : { seconds };
  if (kind === 'picture') return openPicture(path, { format, replace, codec: await host.images(), host });
  if (format === 'frames') return openSequence(path, await host.images(), { replace });
  if (format === 'mp4' || format === 'webm')
    return openFilmFile(path, { format, ...times, ...(sound && { sound }), replace, env: host.env });
  return openAnimation(path, { format, replace, ...times });
}
