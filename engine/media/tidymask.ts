import type { Pixels } from '../ports.ts';

export interface TidySettings {
  /** Connected areas smaller than this share of the largest one are dropped. */
  readonly smallest: number;
  /** Holes up to this share of the largest area are filled. */
  readonly largestHole: number;
}

/** A mask of 0 and 255 without specks and small holes: areas and holes are connected along edges of pixels. Pure. */
export function tidyMask(mask: Pixels, { smallest, largestHole }: TidySettings): Pixels {
  const areas = regions(mask, (value) => value > 0);
  const most = areas.reduce((largest, area) => Math.max(largest, area.length), 0);
  const data = new Uint8Array(mask.data.length);
  for (const area of areas) if (area.length >= smallest * most) for (const pixel of area) data[pixel] = 255;
  for (const hole of regions({ ...mask, data }, (value) => value === 0))
    if (hole.length <= largestHole * most && !hole.some((pixel) => isAtBorder(pixel, mask)))
      for (const pixel of hole) data[pixel] = 255;
  return { ...mask, data };
}

function isAtBorder(pixel: number, { width, height }: Pixels): boolean {
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  return x === 0 || y === 0 || x === width - 1 || y === height - 1;
}

/** The pixels of each connected region whose values are `wanted`. */
function regions({ width, height, data }: Pixels, wanted: (value: number) => boolean): readonly (readonly number[])[] {
  const seen = new Uint8Array(data.length);
  const found: number[][] = [];
  for (let first = 0; first < data.length; first++) {
    if (seen[first] === 1 || !wanted(data[first]!)) continue;
    const region = [first];
    seen[first] = 1;
    const visit = (pixel: number) => {
      if (seen[pixel] === 1 || !wanted(data[pixel]!)) return;
      seen[pixel] = 1;
      region.push(pixel);
    };
    // The list grows while it is walked.
    for (let at = 0; at < region.length; at++) {
      const pixel = region[at]!;
      const x = pixel % width;
      if (x > 0) visit(pixel - 1);
      if (x < width - 1) visit(pixel + 1);
      if (pixel >= width) visit(pixel - width);
      if (pixel < width * (height - 1)) visit(pixel + width);
    }
    found.push(region);
  }
  return found;
}
