import type { Pixels } from '../../../contract/index.ts';

type Rgba = Uint8ClampedArray<ArrayBuffer>;

/** Places of the Inferno colour map, evenly apart. */
const INFERNO = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
] as const;

/** Four bytes a pixel of one, three or four. */
export function rgbaOf({ width, height, channels, data }: Pixels): Rgba {
  if (channels === 4) return new Uint8ClampedArray(data);
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let from = 0, to = 0; to < rgba.length; from += channels, to += 4) {
    rgba[to] = data[from]!;
    rgba[to + 1] = data[channels === 3 ? from + 1 : from]!;
    rgba[to + 2] = data[channels === 3 ? from + 2 : from]!;
    rgba[to + 3] = 255;
  }
  return rgba;
}

/** A map as colours that lie over a picture: little is clear, much is bright. `stride` is the bytes a pixel of `values`. */
export function heatOf(values: Uint8Array | Uint8ClampedArray, stride: number): Rgba {
  const heat = new Uint8ClampedArray((values.length / stride) * 4);
  const colours = Array.from({ length: 256 }, (_, value) => heatColour(value / 255));
  for (let from = 0, to = 0; to < heat.length; from += stride, to += 4) heat.set(colours[values[from]!]!, to);
  return heat;
}

function heatColour(value: number): readonly number[] {
  const place = value * (INFERNO.length - 1);
  const below = Math.min(INFERNO.length - 2, Math.floor(place));
  const share = place - below;
  const mixed = INFERNO[below]!.map((from, channel) => from + (INFERNO[below + 1]![channel]! - from) * share);
  return [...mixed, 225 * value ** 0.7];
}

/** How many times a difference is shown, so that a small one is seen. */
export const DIFFERENCE_GAIN = 4;

/** The absolute difference of two pictures of the same size, made visible; opaque. */
export function differenceOf(a: Uint8ClampedArray, b: Uint8ClampedArray): Rgba {
  const difference = new Uint8ClampedArray(a.length);
  for (let at = 0; at < a.length; at++)
    difference[at] = at % 4 === 3 ? 255 : DIFFERENCE_GAIN * Math.abs(a[at]! - b[at]!);
  return difference;
}
