import { extname } from 'node:path';
import type { EditRecord, MediaRef } from '../contract/index.ts';
import { AttuneError, type Pixels, writeMetadata } from '../engine/index.ts';
import { readFileWithin, sha256Of, stageFile } from '../native/files.ts';
import { openImageCodec } from '../native/images.ts';
import { bareName, FORMAT_OF_ENDING, MAX_PICTURE_BYTES } from '../native/picturefile.ts';

/** A picture file: what a request says of it, and what travels beside the request. */
export interface Picture {
  readonly ref: MediaRef;
  readonly pixels: Pixels;
}

export interface WriteOptions {
  /** Written into the file, so that `attune redo` and the editor can make the picture again. */
  readonly record?: EditRecord;
  /** Whether an existing file may be replaced. Default false. */
  readonly replace?: boolean;
  /** 1 to 100, for JPEG, WebP and AVIF. Default: 95 for JPEG; WebP and AVIF keep every pixel. */
  readonly quality?: number;
}

const codec = openImageCodec();

/**
 * Reads a PNG, JPEG, WebP, AVIF, GIF or TIFF as 8-bit sRGB, upright.
 * @throws AttuneError 'file-failed' or 'media-invalid', naming the file
 */
export async function readPicture(path: string): Promise<Picture> {
  const bytes = await readFileWithin(path, MAX_PICTURE_BYTES);
  const pixels = await codec.decode(bytes, path);
  return { ref: { sha256: sha256Of(bytes), name: bareName(path) }, pixels };
}

/**
 * Writes a picture in the format that the file's ending names: `.png`, `.jpg`, `.webp` or `.avif`. The file appears whole or not at all;
 * folders are made as needed. Returns sentences about what the format could not keep of the record.
 * @throws AttuneError 'request-invalid' for another ending, 'file-failed' where the file exists or cannot be written
 */
export async function writePicture(
  path: string,
  pixels: Pixels,
  { record, replace = false, quality }: WriteOptions = {},
): Promise<readonly string[]> {
  const format = FORMAT_OF_ENDING[extname(path).toLowerCase()];
  if (format === undefined) {
    const known = Object.keys(FORMAT_OF_ENDING).join(', ');
    throw new AttuneError('request-invalid', `${path} needs an ending that names its format: ${known}.`, {
      file: path,
    });
  }
  const encoded = await codec.encode(pixels, format, quality);
  const written = record === undefined ? { bytes: encoded, notices: [] } : writeMetadata(encoded, format, record);
  const file = await stageFile(path, written.bytes, { replace });
  try {
    await file.commit();
  } finally {
    await file.discard();
  }
  return written.notices;
}
