import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CallResult, MAX_MEDIA_BYTES, type MediaInfo, type MediaRef, type Pixels } from '../../contract/index.ts';
import { AttuneError, type ImageCodec } from '../../engine/index.ts';
import { type Animation, animationSize, decodeAnimation, encodeAnimation } from '../../native/animation.ts';
import { readFileWithin, sha256Of, stageFile } from '../../native/files.ts';
import { openImageCodec, pixelCount, thumbnailOf } from '../../native/images.ts';
import type { Database } from './database.ts';
import { Turns } from './turns.ts';

export type MediaType = CallResult<'media.get'>['type'];

/** Pictures by their content: `media/aa/<sha256>` below the data folder. */
export interface MediaStore {
  readonly codec: ImageCodec;
  /** Who holds pictures in memory, by `decodedBytes`: many at once would take gigabytes. Its own methods take theirs by themselves. */
  readonly turns: Turns;
  /** Throws 'media-invalid' for what is no picture or too large a one. The file is on the disk before it returns. */
  put(name: string, bytes: Uint8Array): Promise<MediaInfo>;
  /** As PNG. Throws 'media-invalid'. */
  putPixels(name: string, pixels: Pixels): Promise<MediaInfo>;
  /** As animated WebP without loss. Throws 'request-invalid' for frames of different sizes or more than can be held. */
  putFrames(name: string, clip: Animation): Promise<MediaInfo>;
  /** With `side`: a PNG no larger than that on either side. Throws 'media-invalid' for a picture that is not here. */
  get(sha256: string, side?: number): Promise<{ readonly type: MediaType; readonly bytes: Uint8Array }>;
  /** Throws 'media-invalid' naming `field` for a picture that is not here. */
  info(ref: MediaRef, field: string): MediaInfo;
  /** Where its file lies. Only for pictures that `info` knows. */
  pathOf(sha256: string): string;
}

/** What the largest picture takes. */
const MAX_DECODED_BYTES = 400_000_000;

/** What a picture or clip takes when it is decoded, at most. */
export const decodedBytes = ({ width, height, frames = 1 }: Pick<MediaInfo, 'width' | 'height' | 'frames'>): number =>
  width * height * frames * 4;

type MediaSize = Pick<MediaInfo, 'width' | 'height' | 'frames' | 'fps'>;

export interface MediaFolders {
  readonly data: string;
  readonly cache: string;
}

export function openMediaStore({ prepare }: Database, { data, cache }: MediaFolders): MediaStore {
  const codec = openImageCodec();
  const turns = new Turns(MAX_DECODED_BYTES);
  const pathOf = (sha256: string) => join(data, 'media', sha256.slice(0, 2), sha256);
  const known = prepare('SELECT type, width, height, bytes, frames, fps FROM media WHERE sha256 = ?');
  const remember = prepare(
    'INSERT INTO media (sha256, type, width, height, bytes, frames, fps) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO NOTHING',
  );
  const find = (sha256: string) => {
    const row = known.get(sha256);
    return row === undefined
      ? undefined
      : {
          type: String(row.type) as MediaType, // written by `put` alone
          size: {
            width: Number(row.width),
            height: Number(row.height),
            ...(row.frames === null ? {} : { frames: Number(row.frames), fps: Number(row.fps) }),
          },
          bytes: Number(row.bytes),
        };
  };
  const keep = async (name: string, bytes: Uint8Array, size: MediaSize) => {
    const sha256 = sha256Of(bytes);
    const staged = await stageFile(pathOf(sha256), bytes, { replace: true });
    await staged.commit();
    const { width, height, frames, fps } = size;
    remember.run(sha256, typeOf(bytes), width, height, bytes.length, frames ?? null, fps ?? null);
    return { ref: { sha256, name }, ...size, bytes: bytes.length };
  };
  const missing = (name: string, field?: string) =>
    new AttuneError('media-invalid', `The picture ${name} is not in Attune's store; add it again.`, {
      ...(field === undefined ? {} : { field }),
    });
  const stored = (sha256: string) => readFileWithin(pathOf(sha256), MAX_MEDIA_BYTES);
  return {
    codec,
    turns,
    pathOf,
    async put(name, bytes) {
      if (bytes.length > MAX_MEDIA_BYTES)
        throw new AttuneError('media-invalid', `${name} has more than the ${MAX_MEDIA_BYTES} bytes that are taken.`, {
          file: name,
        });
      const sha256 = sha256Of(bytes);
      const row = find(sha256);
      if (row !== undefined && (await isThere(pathOf(sha256), row.bytes)))
        return { ref: { sha256, name }, ...row.size, bytes: row.bytes };
      const clip = await animationSize(bytes);
      // What cannot be decoded is refused now.
      if (clip !== undefined) {
        await turns.take(decodedBytes(clip), () => decodeAnimation(bytes, name));
        return keep(name, bytes, clip);
      }
      const size = await turns.take((await pixelCount(bytes)) * 4, async () => {
        const { width, height } = await codec.decode(bytes, name);
        return { width, height };
      });
      return keep(name, bytes, size);
    },
    async putPixels(name, pixels) {
      const { width, height } = pixels;
      const bytes = await turns.take(decodedBytes(pixels), () => codec.encode(pixels, 'png'));
      return keep(name, bytes, { width, height });
    },
    async putFrames(name, { frames, ...timing }) {
      const [first] = frames;
      if (first === undefined) throw new RangeError('a clip has a frame');
      const { width, height } = first;
      if (frames.some((frame) => frame.width !== width || frame.height !== height || frame.channels !== 3))
        throw new AttuneError('request-invalid', `The frames of ${name} must be RGB and of one size.`, {
          field: 'frames',
        });
      const bytes = await turns.take(decodedBytes({ width, height, frames: frames.length }), () =>
        encodeAnimation({ frames, ...timing }, 'webp'),
      );
      // What the header says is what is read again: its delays are whole milliseconds.
      return keep(
        name,
        bytes,
        (await animationSize(bytes)) ?? { width, height, frames: frames.length, fps: timing.fps },
      );
    },
    async get(sha256, side) {
      const row = find(sha256);
      if (row === undefined) throw missing(sha256.slice(0, 12));
      if (side === undefined) return { type: row.type, bytes: await turns.take(row.bytes, () => stored(sha256)) };
      const cached = join(cache, 'thumbnails', `${sha256}-${side}.png`);
      const ready = await readFile(cached).catch(() => undefined);
      if (ready !== undefined) return { type: 'image/png', bytes: new Uint8Array(ready) };
      const cost = decodedBytes(row.size) + row.bytes;
      const bytes = await turns.take(cost, async () => thumbnailOf(await stored(sha256), side));
      // A full cache must not keep a picture from being shown.
      await stageFile(cached, bytes, { replace: true })
        .then((staged) => staged.commit())
        .catch(() => undefined);
      return { type: 'image/png', bytes };
    },
    info(ref, field) {
      const row = find(ref.sha256);
      if (row === undefined) throw missing(ref.name, field);
      return { ref, ...row.size, bytes: row.bytes };
    },
  };
}

async function isThere(path: string, bytes: number): Promise<boolean> {
  const file = await readFile(path).catch(() => undefined);
  return file?.length === bytes;
}

/** By the first bytes; the codec has decoded it already. */
function typeOf(bytes: Uint8Array): MediaType {
  const ascii = (start: number, end: number) => String.fromCharCode(...bytes.subarray(start, end));
  if (bytes[0] === 0x89) return 'image/png';
  if (bytes[0] === 0xff) return 'image/jpeg';
  if (ascii(0, 4) === 'RIFF') return 'image/webp';
  if (ascii(0, 3) === 'GIF') return 'image/gif';
  return ascii(4, 8) === 'ftyp' ? 'image/avif' : 'image/tiff';
}
