import { basename } from 'node:path';
import type { ImageFormat } from '../engine/ports.ts';

/** Larger files are not pictures that anything here could edit. */
export const MAX_PICTURE_BYTES = 512 * 1024 * 1024;

/** Picture formats that are written, by the ending of a file's name in lower case. */
export const FORMAT_OF_ENDING: Readonly<Record<string, ImageFormat>> = {
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.webp': 'webp',
  '.avif': 'avif',
};

/** File name as a record may hold it: no folders, of whichever platform. */
export function bareName(path: string): string {
  return basename(path).replaceAll('\\', '_').slice(-255) || 'picture';
}
