import { AttuneError } from '../engine/base/errors.ts';
import type { ImageCodec, ImageFormat, Pixels } from '../engine/ports.ts';
import { foreignKind, isHeic, pngFrames, tiffPages } from './foreign.ts';
import { sharp } from './sharp.ts';

/** Pictures on disk <-> pixels, by sharp (libvips). The only file that knows sharp. */

/** libvips itself stops only at 268 million pixels, which takes gigabytes; nothing we run edits more than this. */
const MAX_PIXELS = 100_000_000;
const MAX_SIDE = 16_384;

/** What sharp calls the formats we take; everything else (SVG, PDF, ...) is refused by content, whatever its name. */
const READABLE = new Set(['png', 'jpeg', 'webp', 'gif', 'tiff', 'heif']);

const TAKEN = 'save it as PNG, JPEG, WebP or AVIF';

/** sharp's own libvips has no decoder for HEVC; one of the system may. */
const HEIC =
  'is a HEIC picture, which the picture library here cannot decode; save it as JPEG or PNG (phones can be set to write JPEG: "Most Compatible")';

/** Quality of JPEG where nobody says otherwise: with full colour resolution, hard to tell from the original. */
const JPEG_QUALITY = 95;

/** Of AVIF without loss: twice the effort takes three times as long for one per cent of the size. */
const LOSSLESS_EFFORT = 2;

/** @param limits lower limits, for tests */
export function openImageCodec(limits: { readonly maxPixels: number } = { maxPixels: MAX_PIXELS }): ImageCodec {
  return {
    decode: (bytes, file) => decode(bytes, file, limits.maxPixels),
    encode,
  };
}

async function decode(bytes: Uint8Array, file: string, maxPixels: number): Promise<Pixels> {
  const refuse = (why: string, cause?: unknown) => new AttuneError('media-invalid', `${file} ${why}.`, { file }, cause);
  // sharp throws for no bytes at all where it rejects for wrong ones.
  if (bytes.length === 0) throw refuse('is empty');
  const options = { limitInputPixels: maxPixels, failOn: 'error' } as const;
  const header = await sharp()(bytes, options)
    .metadata()
    .catch((cause: unknown) => {
      const tooLarge = cause instanceof Error && /exceeds pixel limit/i.test(cause.message);
      if (tooLarge) throw refuse(`has more than ${maxPixels} pixels; scale it down first`, cause);
      if (isHeic(bytes)) throw refuse(HEIC, cause);
      const kind = foreignKind(bytes);
      throw kind === undefined
        ? refuse('is not a picture that can be read', cause)
        : refuse(`is ${kind}, which is not taken; ${TAKEN}`, cause);
    });
  if (header.format === undefined || !READABLE.has(header.format)) {
    throw refuse(`is ${header.format ?? 'of an unknown format'}, which is not taken; ${TAKEN}`);
  }
  const several = severalPictures(header.format, header.pages ?? 1, bytes);
  if (several !== undefined) throw refuse(several);
  if (header.width > MAX_SIDE || header.height > MAX_SIDE)
    throw refuse(`has a side of more than ${MAX_SIDE} pixels; scale it down first`);
  if (header.width * header.height > maxPixels) throw refuse(`has more than ${maxPixels} pixels; scale it down first`);
  const { data, info } = await sharp()(bytes, options)
    .autoOrient()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw refuse(isHeic(bytes) ? HEIC : 'is damaged and cannot be decoded', cause);
    });
  if (info.channels !== 3 && info.channels !== 4 && info.channels !== 1) throw refuse(`has ${info.channels} channels`);
  return { width: info.width, height: info.height, channels: info.channels, data: new Uint8Array(data) };
}

/** How many pixels a file says that it holds; 0 for what is no picture. Nothing is decoded. */
export async function pixelCount(bytes: Uint8Array): Promise<number> {
  if (bytes.length === 0) return 0;
  return sharp()(bytes, { limitInputPixels: false })
    .metadata()
    .then(
      ({ width, height }) => width * height,
      () => 0,
    );
}

/** What a file with more than one picture is, and what to do; undefined for a file of one. */
function severalPictures(format: string, pages: number, bytes: Uint8Array): string | undefined {
  const frames = format === 'png' ? pngFrames(bytes) : pages;
  if (format === 'tiff') {
    const own = pages > 1 ? tiffPages(bytes) : 1;
    return own > 1 ? `has ${own} pages; save the page you want as a picture of its own` : undefined;
  }
  if (frames < 2) return undefined;
  return format === 'heif'
    ? `holds ${frames} pictures; save the one you want as a picture of its own`
    : `is animated (${frames} frames); Attune edits still pictures, so save the frame you want as a picture`;
}

/**
 * PNG, and WebP and AVIF without a quality, keep every pixel. JPEG cannot, so a background lock holds in its file only up to the encoder.
 * The same pixels give the same bytes.
 */
async function encode(pixels: Pixels, format: ImageFormat, quality?: number): Promise<Uint8Array> {
  const { width, height, channels } = pixels;
  const raw = sharp()(pixels.data, { raw: { width, height, channels }, limitInputPixels: false });
  const picture = channels === 1 ? raw.toColourspace('b-w') : raw;
  switch (format) {
    case 'png':
      return picture.png({ compressionLevel: 9 }).toBuffer();
    case 'jpeg':
      return picture
        .flatten({ background: 'white' })
        .jpeg({ quality: quality ?? JPEG_QUALITY, chromaSubsampling: '4:4:4' })
        .toBuffer();
    case 'webp':
      return picture.webp(quality === undefined ? { lossless: true, exact: true } : { quality }).toBuffer();
    case 'avif':
      return picture
        .avif(
          quality === undefined ? { lossless: true, effort: LOSSLESS_EFFORT } : { quality, chromaSubsampling: '4:4:4' },
        )
        .toBuffer();
  }
}

/** A PNG no larger than `side` on either side, upright, in sRGB; for pictures that `decode` has taken. Throws 'media-invalid'. */
export async function thumbnailOf(bytes: Uint8Array, side: number): Promise<Uint8Array> {
  const buffer = await sharp()(bytes, { limitInputPixels: MAX_PIXELS })
    .autoOrient()
    .toColourspace('srgb')
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .png()
    .toBuffer()
    .catch((cause: unknown) => {
      throw new AttuneError('media-invalid', 'The picture cannot be made smaller: its file is damaged.', {}, cause);
    });
  return new Uint8Array(buffer);
}

/** Version line of the codec, for `attune doctor`. */
export function imageCodecVersion(): string {
  return `sharp ${sharp().versions.sharp}, libvips ${sharp().versions.vips}`;
}
