import type { MediaInfo } from '../../../contract/index.ts';
import { call } from './connection.ts';

/** Decoded pictures by content: the last used ones stay. */
const MAX_BITMAPS = 12;
/** Pixels of them, at four bytes each; the one that was asked for last stays, whatever its size. */
const MAX_PIXELS = 120e6;
const bitmaps = new Map<string, { readonly pixels: number; readonly bitmap: Promise<ImageBitmap> }>();
const thumbnails = new Map<string, Promise<string>>();

/** The picture in full size. */
export function bitmapOf({ ref: { sha256 }, width, height }: MediaInfo): Promise<ImageBitmap> {
  const known = bitmaps.get(sha256)?.bitmap;
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
  bitmaps.set(sha256, { pixels: width * height, bitmap });
  bitmap.catch(() => bitmaps.delete(sha256));
  let pixels = [...bitmaps.values()].reduce((sum, kept) => sum + kept.pixels, 0);
  for (const [oldest, kept] of bitmaps) {
    if (oldest === sha256 || (bitmaps.size <= MAX_BITMAPS && pixels <= MAX_PIXELS)) break;
    bitmaps.delete(oldest);
    pixels -= kept.pixels;
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
