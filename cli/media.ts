import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { MediaRef } from '../contract/index.ts';
import { AttuneError, type PictureMetadata, type Pixels, pictureFormat, readMetadata } from '../engine/index.ts';
import { readFileWithin, sha256Of, sha256OfFile } from '../native/files.ts';
import { bareName, MAX_PICTURE_BYTES } from '../native/picturefile.ts';
import type { Host } from './host.ts';

export interface LoadedPicture {
  readonly ref: MediaRef;
  readonly pixels: Pixels;
  /** Real name for messages, `-` for standard input. */
  readonly path: string;
}

/** Reads and decodes a picture; `-` is standard input. Throws 'file-failed' or 'media-invalid'. */
export async function loadPicture(path: string, host: Host): Promise<LoadedPicture> {
  const bytes = await readInput(path, host);
  const pixels = await (await host.images()).decode(bytes, path === '-' ? 'standard input' : path);
  const ref = { sha256: sha256Of(bytes), name: path === '-' ? 'stdin' : bareName(path) };
  if (path !== '-') await host.places.remember(ref.sha256, resolve(path));
  return { ref, pixels, path };
}

export function readInput(path: string, host: Host): Promise<Uint8Array> {
  return path === '-' ? host.readStdin(MAX_PICTURE_BYTES) : readFileWithin(path, MAX_PICTURE_BYTES);
}

/** What a picture says about its making. Throws 'media-invalid' for what is no picture of the kinds that can say it. */
export function metadataOf(bytes: Uint8Array, path: string): PictureMetadata {
  if (pictureFormat(bytes) !== undefined) return readMetadata(bytes);
  const name = path === '-' ? 'Standard input' : path;
  const what = 'is neither PNG, JPEG, WebP, AVIF, HEIC, TIFF nor GIF, the pictures that can say how they were made';
  throw new AttuneError('media-invalid', `${name} ${what}.`, { file: path });
}

/** Whether two paths are one file that exists. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  if (one === '-' || other === '-') return false;
  const [real, otherReal] = await Promise.all([one, other].map((path) => realpath(path).catch(() => undefined)));
  return real !== undefined && real === otherReal;
}

const hashOf = async (path: string, host: Host) =>
  path === '-' ? sha256Of(await readInput(path, host)) : sha256OfFile(path, host.signal);

/**
 * Finds a file that a record names: its path. A path given by the user must hold exactly that file; otherwise it is looked for where it was
 * last seen and beside `besides`. Throws 'file-failed' with what to do.
 */
export async function findFile(
  ref: MediaRef,
  option: 'source' | 'mask',
  { given, besides }: { readonly given: string | undefined; readonly besides: readonly string[] },
  host: Host,
): Promise<string> {
  const seen = await host.places.recall(ref.sha256);
  const candidates = given === undefined ? [...(seen === undefined ? [] : [seen]), ...besides] : [given];
  let other: string | undefined;
  for (const path of candidates) {
    const sha256 = await hashOf(path, host).catch((error: unknown) => {
      if (given !== undefined || host.signal.aborted) throw error;
      return undefined;
    });
    if (sha256 === undefined) continue;
    if (sha256 === ref.sha256) return path;
    other = path;
  }
  const wanted = `its ${option} "${ref.name}" (SHA-256 ${ref.sha256.slice(0, 12)}...)`;
  const message =
    other === undefined
      ? `The record names ${wanted}, which is not where it was; say where it is with --${option} FILE.`
      : `${other} is not the file that was used: the record names ${wanted}; give the original with --${option} FILE.`;
  throw new AttuneError('file-failed', message, { file: other ?? ref.name });
}
