import type { Pixels } from '../../engine/index.ts';

/** Binary images of one picture's size: 1 is set. Pure functions used by the judge. */

export type Binary = Uint8Array;

/** Euclidean RGB distance of two pictures at every pixel (0..1 per channel scale), smoothed by a 3x3 mean. */
function smoothedDistance(a: Pixels, b: Pixels): Float32Array {
  const { width, height } = a;
  const raw = new Float32Array(width * height);
  for (let i = 0; i < raw.length; i++) {
    let sum = 0;
    for (let c = 0; c < 3; c++) {
      const d = ((a.data[i * a.channels + c] ?? 0) - (b.data[i * b.channels + c] ?? 0)) / 255;
      sum += d * d;
    }
    raw[i] = Math.sqrt(sum);
  }
  return raw.map((_, i) => {
    let sum = 0;
    let count = 0;
    eachNeighbour(i, width, height, 1, (at) => {
      sum += raw[at] ?? 0;
      count++;
    });
    return sum / count;
  });
}

function eachNeighbour(
  index: number,
  width: number,
  height: number,
  radius: number,
  visit: (at: number) => void,
): void {
  const [x, y] = [index % width, Math.floor(index / width)];
  for (let v = Math.max(0, y - radius); v <= Math.min(height - 1, y + radius); v++)
    for (let u = Math.max(0, x - radius); u <= Math.min(width - 1, x + radius); u++) visit(v * width + u);
}

/** Square dilation by `radius`; along rows, then columns. */
export function dilate(mask: Binary, width: number, height: number, radius: number): Binary {
  const pass = (source: Binary, along: number, length: number, across: number, lines: number) => {
    const out = new Uint8Array(source.length);
    for (let line = 0; line < lines; line++)
      for (let i = 0; i < length; i++) {
        if (source[line * across + i * along] === 0) continue;
        for (let j = Math.max(0, i - radius); j <= Math.min(length - 1, i + radius); j++)
          out[line * across + j * along] = 1;
      }
    return out;
  };
  return pass(pass(mask, 1, width, width, height), width, height, 1, width);
}

export function invert(mask: Binary): Binary {
  return mask.map((value) => (value === 0 ? 1 : 0));
}

/** Square erosion by `radius`; the border of the picture does not erode. */
export function erode(mask: Binary, width: number, height: number, radius: number): Binary {
  return invert(dilate(invert(mask), width, height, radius));
}

/** Sets every unset pixel that cannot reach the border through unset pixels. */
function fillHoles(mask: Binary, width: number, height: number): Binary {
  const outside = new Uint8Array(mask.length);
  const stack: number[] = [];
  const push = (at: number) => {
    if (mask[at] === 0 && outside[at] === 0) {
      outside[at] = 1;
      stack.push(at);
    }
  };
  for (let x = 0; x < width; x++) {
    push(x);
    push((height - 1) * width + x);
  }
  for (let y = 0; y < height; y++) {
    push(y * width);
    push(y * width + width - 1);
  }
  while (stack.length > 0) {
    const at = stack.pop() ?? 0;
    const [x, y] = [at % width, Math.floor(at / width)];
    if (x > 0) push(at - 1);
    if (x < width - 1) push(at + 1);
    if (y > 0) push(at - width);
    if (y < height - 1) push(at + width);
  }
  return invert(outside);
}

/** What differs from the background by more than .16, closed and opened by 2 px, with its holes filled. */
export function foreground(picture: Pixels, background: Pixels): Binary {
  const { width, height } = picture;
  const raw = Uint8Array.from(smoothedDistance(picture, background), (d) => (d > 0.16 ? 1 : 0));
  const closed = erode(dilate(raw, width, height, 2), width, height, 2);
  const opened = dilate(erode(closed, width, height, 2), width, height, 2);
  return fillHoles(opened, width, height);
}
