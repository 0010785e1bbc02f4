import type { Pixels } from '../../engine/index.ts';
import type { Binary } from './foreground.ts';

/** How alike two pictures of one size are, over chosen pixels. Pure functions. */

/** Given where every pixel is equal: a PSNR that JSON can carry. */
const EQUAL_DB = 99;

/** PSNR in dB of the RGB values where `where` is 1; undefined where it is 1 nowhere. */
export function psnr(a: Pixels, b: Pixels, where: Binary): number | undefined {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < where.length; i++) {
    if (where[i] !== 1) continue;
    for (let c = 0; c < 3; c++) {
      const d = (a.data[i * a.channels + c] ?? 0) - (b.data[i * b.channels + c] ?? 0);
      sum += d * d;
      count++;
    }
  }
  if (count === 0) return undefined;
  return sum === 0 ? EQUAL_DB : Math.min(EQUAL_DB, 10 * Math.log10((255 * 255 * count) / sum));
}

const WINDOW = 8;
/** (0.01 * 255)^2 and (0.03 * 255)^2 (Wang et al. 2004, DOI 10.1109/TIP.2003.819861). */
const [C1, C2] = [6.5025, 58.5225];

/** SSIM of the luma, the mean over all 8 px windows (every 4 px) that lie in `where` entirely; undefined without any. */
export function ssim(a: Pixels, b: Pixels, where: Binary): number | undefined {
  const [first, second] = [luma(a), luma(b)];
  let sum = 0;
  let windows = 0;
  for (let top = 0; top + WINDOW <= a.height; top += WINDOW / 2)
    for (let left = 0; left + WINDOW <= a.width; left += WINDOW / 2) {
      const at = windowAt(left, top, a.width);
      if (!at.every((i) => where[i] === 1)) continue;
      sum += windowSsim(first, second, at);
      windows++;
    }
  return windows === 0 ? undefined : sum / windows;
}

function windowAt(left: number, top: number, width: number): readonly number[] {
  return Array.from(
    { length: WINDOW * WINDOW },
    (_, i) => (top + Math.floor(i / WINDOW)) * width + left + (i % WINDOW),
  );
}

function windowSsim(a: Float32Array, b: Float32Array, at: readonly number[]): number {
  let [sumA, sumB, aa, bb, ab] = [0, 0, 0, 0, 0];
  for (const i of at) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    sumA += x;
    sumB += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  const n = at.length;
  const [meanA, meanB] = [sumA / n, sumB / n];
  const [varianceA, varianceB, covariance] = [aa / n - meanA ** 2, bb / n - meanB ** 2, ab / n - meanA * meanB];
  return (
    ((2 * meanA * meanB + C1) * (2 * covariance + C2)) / ((meanA ** 2 + meanB ** 2 + C1) * (varianceA + varianceB + C2))
  );
}

function luma({ width, height, channels, data }: Pixels): Float32Array {
  return Float32Array.from({ length: width * height }, (_, i) => {
    const at = i * channels;
    return 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0);
  });
}

/** Intersection over union of two binary images; 1 for two empty ones. */
export function overlap(a: Binary, b: Binary): number {
  let both = 0;
  let either = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === 1 && b[i] === 1) both++;
    if (a[i] === 1 || b[i] === 1) either++;
  }
  return either === 0 ? 1 : both / either;
}

/**
 * Mean absolute step of the RGB values across the border of `inside`, 0..255: between horizontal and vertical neighbours of which one
 * is inside and one is not.
 */
export function borderStep({ width, height, channels, data }: Pixels, inside: Binary): number {
  let sum = 0;
  let count = 0;
  const step = (i: number, j: number) => {
    if (inside[i] === inside[j]) return;
    for (let c = 0; c < 3; c++) sum += Math.abs((data[i * channels + c] ?? 0) - (data[j * channels + c] ?? 0));
    count += 3;
  };
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (x + 1 < width) step(i, i + 1);
      if (y + 1 < height) step(i, i + width);
    }
  return count === 0 ? 0 : sum / count;
}
