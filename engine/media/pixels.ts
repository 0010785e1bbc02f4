import { AttuneError } from '../base/errors.ts';
import type { Pixels } from '../ports.ts';

/** Conversions between 8-bit pictures and what networks take; pure functions. */

/** RGB of any picture; transparency is laid over white, as browsers show it. */
export function toRgb(picture: Pixels): Pixels {
  if (picture.channels === 3) return picture;
  const { width, height, channels, data } = picture;
  const rgb = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const alpha = channels === 4 ? data[pixel * 4 + 3]! : 255;
    for (let channel = 0; channel < 3; channel++) {
      const value = channels === 4 ? data[pixel * 4 + channel]! : data[pixel]!;
      rgb[pixel * 3 + channel] = Math.round((value * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return { width, height, channels: 3, data: rgb };
}

/** [3, height, width] in -1..1 from RGB pixels. */
export function toPlanar(picture: Pixels): Float32Array {
  const { width, height, data } = toRgb(picture);
  const area = width * height;
  const planes = new Float32Array(area * 3);
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < area; pixel++) planes[channel * area + pixel] = data[pixel * 3 + channel]! / 127.5 - 1;
  }
  return planes;
}

/** RGB pixels from [3, height, width] in about -1..1; what lies outside is clipped. */
export function fromPlanar(planes: Float32Array, width: number, height: number): Pixels {
  const area = width * height;
  const data = new Uint8ClampedArray(area * 3);
  for (let channel = 0; channel < 3; channel++) {
    for (let pixel = 0; pixel < area; pixel++)
      data[pixel * 3 + channel] = (planes[channel * area + pixel]! + 1) * 127.5;
  }
  return { width, height, channels: 3, data: new Uint8Array(data.buffer) };
}

/** How the parts of a mask file were understood. */
export type MaskReading = 'brightness' | 'painted' | 'transparent';

/** Less opacity than this is seen as transparency; lossy encoders and rounding leave some that is hardly less than full. */
const SEEN_THROUGH = 240;
/** Channels so far apart are still grey. */
const GREY_SPREAD = 40;
/** Share of full brightness from which paint is white; less than `BLACK` of 255 is black. */
const WHITE = 0.78;
const BLACK = 55;
/** Paint of this brightness repaints in full: editors and lossy formats write white as 245 or so. */
const FULL = 0.92;
/** Share of what is visible that is black or white in a mask that somebody painted. */
const PAINTED = 0.8;

/**
 * A mask from a picture: one channel, 255 = repaint, 0 = keep.
 * - opaque: brightness counts, white repaints (A1111, diffusers, InvokeAI);
 * - transparent around white paint, or white and black paint: the white repaints, black and nothing keep;
 * - transparent holes in anything else: the holes repaint (ComfyUI).
 *
 * The reading follows from what most of the picture is, so that stray pixels, soft edges and a white that is not quite white do not turn
 * it over.
 */
export function toMask(picture: Pixels): { mask: Pixels; reading: MaskReading } {
  const { width, height, channels, data } = picture;
  const area = width * height;
  const mask = new Uint8Array(area);
  const reading = maskReading(picture);
  for (let pixel = 0; pixel < area; pixel++) {
    const at = pixel * channels;
    const alpha = channels === 4 ? data[at + 3]! : 255;
    if (reading === 'transparent') mask[pixel] = 255 - alpha;
    else {
      const brightness = channels === 1 ? data[at]! : luma(data, at);
      // Paint that was mixed with the black below it is as bright as it is opaque, and counts once.
      if (reading === 'painted') mask[pixel] = Math.min(alpha, Math.round(brightness / FULL));
      else mask[pixel] = alpha >= SEEN_THROUGH ? brightness : Math.round((brightness * alpha) / 255);
    }
  }
  return { mask: { width, height, channels: 1, data: mask }, reading };
}

function maskReading({ channels, data }: Pixels): MaskReading {
  if (channels !== 4) return 'brightness';
  let [holes, visible, white, black, whitePixels] = [0, 0, 0, 0, 0];
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3]!;
    if (alpha < SEEN_THROUGH) holes++;
    if (alpha === 0) continue;
    visible += alpha;
    if (spread(data, at) > GREY_SPREAD) continue;
    const brightness = luma(data, at);
    if (brightness >= WHITE * alpha) {
      white += alpha;
      whitePixels++;
    } else if (brightness <= BLACK) black += alpha;
  }
  const area = data.length / 4;
  if (!counts(holes, area)) return 'brightness';
  return white + black >= PAINTED * visible && counts(whitePixels, area) ? 'painted' : 'transparent';
}

/** Whether so many pixels are meant: more than a few, and more than a ten-thousandth. Of tiny pictures each eighth counts. */
function counts(pixels: number, area: number): boolean {
  return pixels > Math.max(area / 10_000, Math.min(4, area / 8));
}

function spread(data: Uint8Array, at: number): number {
  const [red, green, blue] = [data[at]!, data[at + 1]!, data[at + 2]!];
  return Math.max(red, green, blue) - Math.min(red, green, blue);
}

/** Rec. 601 brightness; equal channels give that value exactly. */
function luma(data: Uint8Array, at: number): number {
  return Math.round((299 * data[at]! + 587 * data[at + 1]! + 114 * data[at + 2]!) / 1000);
}

/** A mask that cannot be used gets a sentence: another size than the picture's, or nothing to repaint. */
export function checkMask(mask: Pixels, source: Pixels): void {
  if (mask.width !== source.width || mask.height !== source.height) {
    throw new AttuneError(
      'request-invalid',
      `The mask has ${mask.width}x${mask.height} pixels and the picture ${source.width}x${source.height}; give a mask of the picture's size.`,
      { field: 'mask' },
    );
  }
  if (mask.data.every((value) => value === 0)) {
    throw new AttuneError(
      'request-invalid',
      'The mask is black everywhere, so nothing would change; paint white what may be repainted.',
      {
        field: 'mask',
      },
    );
  }
}

/** The picture enlarged to the next multiple by repeating its last row and column; `cropTo` undoes it. */
export function padToMultiple(picture: Pixels, multiple: number): Pixels {
  const width = Math.ceil(picture.width / multiple) * multiple;
  const height = Math.ceil(picture.height / multiple) * multiple;
  if (width === picture.width && height === picture.height) return picture;
  return resample(
    picture,
    width,
    height,
    (x) => Math.min(x, picture.width - 1),
    (y) => Math.min(y, picture.height - 1),
  );
}

/** The top left part of a picture. */
export function cropTo(picture: Pixels, width: number, height: number): Pixels {
  if (width > picture.width || height > picture.height)
    throw new RangeError(`cannot crop ${picture.width}x${picture.height} to ${width}x${height}`);
  if (width === picture.width && height === picture.height) return picture;
  return resample(
    picture,
    width,
    height,
    (x) => x,
    (y) => y,
  );
}

function resample(
  { width: sourceWidth, channels, data }: Pixels,
  width: number,
  height: number,
  column: (x: number) => number,
  row: (y: number) => number,
): Pixels {
  const result = new Uint8Array(width * height * channels);
  const columns = Array.from({ length: width }, (_, x) => column(x) * channels);
  for (let y = 0; y < height; y++) {
    const from = row(y) * sourceWidth * channels;
    for (let x = 0; x < width; x++) {
      const to = (y * width + x) * channels;
      for (let channel = 0; channel < channels; channel++) result[to + channel] = data[from + columns[x]! + channel]!;
    }
  }
  return { width, height, channels, data: result };
}

/** A plane of numbers, e.g. a mask on the latent grid: `data` is [height, width]. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** One channel in 0..1 from one channel of bytes. */
export function toPlane({ width, height, data }: Pixels): Plane {
  return { width, height, data: Float32Array.from(data, (value) => value / 255) };
}

/** Exact area average, for any ratio: the share of each target cell that the source covers. */
export function resizeArea(plane: Plane, width: number, height: number): Plane {
  const across = averageRows(plane, width);
  return transpose(averageRows(transpose(across), height));
}

/** Averages along x to `width` cells. */
function averageRows({ width: from, height, data }: Plane, width: number): Plane {
  const result = new Float32Array(width * height);
  const scale = from / width;
  for (let x = 0; x < width; x++) {
    const begin = x * scale;
    const end = Math.min(from, (x + 1) * scale);
    for (let source = Math.floor(begin); source < end; source++) {
      const share = (Math.min(end, source + 1) - Math.max(begin, source)) / scale;
      for (let y = 0; y < height; y++)
        result[y * width + x] = result[y * width + x]! + share * data[y * from + source]!;
    }
  }
  return { width, height, data: result };
}

function transpose({ width, height, data }: Plane): Plane {
  const result = new Float32Array(data.length);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) result[x * height + y] = data[y * width + x]!;
  return { width: height, height: width, data: result };
}
