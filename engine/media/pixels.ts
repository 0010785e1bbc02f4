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

/**
 * A mask from a picture: one channel, 255 = repaint, 0 = keep.
 * - opaque: brightness counts, white repaints (A1111, diffusers, InvokeAI);
 * - transparent around white paint: the paint repaints;
 * - transparent holes in anything else: the holes repaint (ComfyUI).
 */
export function toMask(picture: Pixels): { mask: Pixels; reading: MaskReading } {
  const { width, height, channels, data } = picture;
  const area = width * height;
  const mask = new Uint8Array(area);
  const reading = maskReading(picture);
  for (let pixel = 0; pixel < area; pixel++) {
    const at = pixel * channels;
    if (reading === 'brightness') mask[pixel] = channels === 1 ? data[at]! : luma(data, at);
    else mask[pixel] = reading === 'painted' ? data[at + 3]! : 255 - data[at + 3]!;
  }
  return { mask: { width, height, channels: 1, data: mask }, reading };
}

function maskReading({ channels, data }: Pixels): MaskReading {
  if (channels !== 4) return 'brightness';
  let opaque = true;
  let white = true;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] !== 255) opaque = false;
    if (data[at + 3] !== 0 && luma(data, at) < 250) white = false;
  }
  if (opaque) return 'brightness';
  return white ? 'painted' : 'transparent';
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
