import type { MediaInfo } from '../../../contract/index.ts';
import { call } from './connection.ts';

/** Decoded pictures by content: the last used ones stay. */
const MAX_BITMAPS = 12;
const bitmaps = new Map<string, Promise<ImageBitmap>>();
const thumbnails = new Map<string, Promise<string>>();

/** The picture in full size. */
export function bitmapOf({ ref: { sha256 } }: MediaInfo): Promise<ImageBitmap> {
  const known = bitmaps.get(sha256);
  const bitmap =
    known ??
    call('media.get', { sha256 }).then(({ type, bytes }) =>
      // Colours are data here: what the engine wrote must reach the screen untouched.
      createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>], { type }), {
        colorSpaceConversion: 'none',
        premultiplyAlpha: 'none',
      }),
    );
  bitmaps.delete(sha256);
  bitmaps.set(sha256, bitmap);
  bitmap.catch(() => bitmaps.delete(sha256));
  for (const oldest of bitmaps.keys()) {
    if (bitmaps.size <= MAX_BITMAPS) break;
    bitmaps.delete(oldest);
  }
  return bitmap;
}

/** An object URL of a small picture, for strips and lists. */
export function thumbnailOf({ ref: { sha256 } }: MediaInfo, side = 192): Promise<string> {
  const key = `${sha256}@${side}`;
  const known = thumbnails.get(key);
  if (known !== undefined) return known;
  const url = call('media.get', { sha256, side }).then(({ type, bytes }) =>
    URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type })),
  );
  thumbnails.set(key, url);
  url.catch(() => thumbnails.delete(key));
  return url;
}
