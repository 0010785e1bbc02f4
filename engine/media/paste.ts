import type { Pixels } from '../ports.ts';
import { featherWeights } from './morphology.ts';
import { toRgb } from './pixels.ts';

/**
 * The background lock: outside the mask a result is the user's picture, byte for byte. An autoencoder changes every pixel a little
 * and a network changes more, so what must stay is copied back rather than hoped for.
 */
export interface PasteRequest {
  /** RGB or RGBA; the result has its channels. */
  readonly source: Pixels;
  /** RGB of the source's size. */
  readonly edited: Pixels;
  /** One channel of the source's size: 0 = keep, 255 = take the edit, between = blend. */
  readonly mask: Pixels;
  /** Width in pixels of a soft edge, inside the mask only. */
  readonly feather?: number;
}

export interface Pasted {
  readonly pixels: Pixels;
  /** Pixels outside the mask that differ from the source: counted on the result, and 0. */
  readonly changedOutside: number;
  readonly changedInside: number;
}

export function paste({ source, edited, mask, feather = 0 }: PasteRequest): Pasted {
  if (!sameSize(source, edited) || !sameSize(source, mask))
    throw new RangeError('source, edit and mask differ in size');
  const { channels } = source;
  const rgb = toRgb(edited).data;
  const weights = featherWeights(mask, feather);
  const data = source.data.slice();
  for (let pixel = 0; pixel < weights.length; pixel++) {
    const weight = weights[pixel]!;
    if (weight > 0) blendPixel(data, pixel * channels, rgb, pixel * 3, weight, channels);
  }
  const pixels: Pixels = { width: source.width, height: source.height, channels, data };
  return { pixels, ...countChanged(source, pixels, mask) };
}

/** Pixels with any byte that differs, where the mask is 0 and where it is not. */
function countChanged(a: Pixels, b: Pixels, mask: Pixels): Pick<Pasted, 'changedOutside' | 'changedInside'> {
  let [changedOutside, changedInside] = [0, 0];
  const { channels } = a;
  for (let pixel = 0; pixel < mask.data.length; pixel++) {
    let isChanged = false;
    for (let at = pixel * channels; at < (pixel + 1) * channels; at++) isChanged ||= a.data[at] !== b.data[at];
    if (!isChanged) continue;
    if (mask.data[pixel] === 0) changedOutside++;
    else changedInside++;
  }
  return { changedOutside, changedInside };
}

/** Moves one pixel towards the edit. Where the source is transparent its colour means nothing and the edit's is taken. */
function blendPixel(
  data: Uint8Array,
  at: number,
  edit: Uint8Array,
  from: number,
  weight: number,
  channels: number,
): void {
  const sourceAlpha = channels === 4 ? data[at + 3]! / 255 : 1;
  const alpha = sourceAlpha + (1 - sourceAlpha) * weight;
  const share = weight / alpha;
  for (let channel = 0; channel < Math.min(channels, 3); channel++) {
    const value = data[at + channel]!;
    data[at + channel] = Math.round(value + (edit[from + channel]! - value) * share);
  }
  if (channels === 4) data[at + 3] = Math.round(alpha * 255);
}

/** How far two pictures of one size are apart on the chosen pixels. */
export interface Difference {
  readonly pixels: number;
  /** Pixels with any differing byte. */
  readonly changed: number;
  /** Largest difference of any byte. */
  readonly largest: number;
  /** Peak signal-to-noise ratio in dB over the chosen pixels; Infinity when they are equal. */
  readonly psnr: number;
}

export function compareWhere(a: Pixels, b: Pixels, chosen: (pixel: number) => boolean = () => true): Difference {
  if (!sameSize(a, b) || a.channels !== b.channels) throw new RangeError('the pictures differ in size or channels');
  let pixels = 0;
  let changed = 0;
  let largest = 0;
  let squares = 0;
  for (let pixel = 0; pixel < a.width * a.height; pixel++) {
    if (!chosen(pixel)) continue;
    pixels++;
    let apart = 0;
    for (let at = pixel * a.channels; at < (pixel + 1) * a.channels; at++) {
      const difference = Math.abs(a.data[at]! - b.data[at]!);
      apart = Math.max(apart, difference);
      squares += difference * difference;
    }
    if (apart > 0) changed++;
    largest = Math.max(largest, apart);
  }
  const psnr = squares === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10((255 * 255 * pixels * a.channels) / squares);
  return { pixels, changed, largest, psnr };
}

function sameSize(a: Pixels, b: Pixels): boolean {
  return a.width === b.width && a.height === b.height;
}
