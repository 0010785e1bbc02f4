import type { Pixels } from '../ports.ts';

/** A rectangle of a picture, in its pixels. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The part of a picture inside a rectangle that lies within it. */
export function cutOut(picture: Pixels, { x, y, width, height }: Rectangle): Pixels {
  const { channels, data } = picture;
  if (x < 0 || y < 0 || x + width > picture.width || y + height > picture.height)
    throw new RangeError(`a rectangle of ${width}x${height} at ${x}, ${y} leaves the picture`);
  if (width === picture.width && height === picture.height) return picture;
  const part = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    const from = ((y + row) * picture.width + x) * channels;
    part.set(data.subarray(from, from + width * channels), row * width * channels);
  }
  return { width, height, channels, data: part };
}

/** The picture with a part of its own channels put in place of what was at `x`, `y`; every other byte is the picture's. */
export function putBack(picture: Pixels, part: Pixels, { x, y }: Pick<Rectangle, 'x' | 'y'>): Pixels {
  const { channels } = picture;
  if (part.channels !== channels) throw new RangeError('part and picture differ in channels');
  const data = picture.data.slice();
  for (let row = 0; row < part.height; row++)
    data.set(
      part.data.subarray(row * part.width * channels, (row + 1) * part.width * channels),
      ((y + row) * picture.width + x) * channels,
    );
  return { ...picture, data };
}

/** A one-channel part at its place in a picture that is 0 elsewhere. */
export function onEmpty({ width, height }: Pick<Pixels, 'width' | 'height'>, part: Pixels, place: Rectangle): Pixels {
  return putBack({ width, height, channels: 1, data: new Uint8Array(width * height) }, part, place);
}

/** The smallest rectangle that holds every pixel of a mask above 0; undefined where there is none. */
export function boundsOf({ width, height, data }: Pixels): Rectangle | undefined {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0, row = 0; y < height; y++, row += width) {
    let first = 0;
    while (first < width && data[row + first] === 0) first++;
    if (first === width) continue;
    let last = width - 1;
    while (data[row + last] === 0) last--;
    left = Math.min(left, first);
    right = Math.max(right, last);
    top = Math.min(top, y);
    bottom = y;
  }
  return right < 0 ? undefined : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * A mask of a part of a picture that fades to 0 towards the part's edges, where these are not the picture's own: what is pasted has no
 * seam. Linear over `margin` pixels.
 */
export function fadeEdges(
  mask: Pixels,
  part: Rectangle,
  picture: Pick<Pixels, 'width' | 'height'>,
  margin: number,
): Pixels {
  const weights = (length: number, start: number, whole: number) =>
    Float32Array.from({ length }, (_, at) => {
      const before = start === 0 ? 1 : (at + 1) / (margin + 1);
      const after = start + length === whole ? 1 : (length - at) / (margin + 1);
      return Math.min(1, before, after);
    });
  const [across, down] = [weights(part.width, part.x, picture.width), weights(part.height, part.y, picture.height)];
  const data = new Uint8Array(mask.data.length);
  let at = 0;
  for (const vertical of down)
    for (const horizontal of across) {
      const value = mask.data[at];
      if (value === undefined) throw new RangeError('the mask is smaller than the part');
      data[at] = Math.round(value * Math.min(vertical, horizontal));
      at += 1;
    }
  return { ...mask, data };
}
