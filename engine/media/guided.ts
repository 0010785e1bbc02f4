import { valueAt } from '../base/tensor.ts';
import type { Pixels } from '../ports.ts';
import type { Plane } from './pixels.ts';
import { resizeBilinear } from './resize.ts';

/** The guided filter with a colour guide; pure functions. */

export interface GuidedSettings {
  /** Half the side of the windows, in pixels of the small guide. */
  readonly radius: number;
  /** Variance of the guide, in squared units of 0..1, below which a window counts as flat. */
  readonly epsilon: number;
}

/** For every pixel the affine map from the guide's colour to the output: red, green, blue, constant; each [height, width]. */
type Coefficients = readonly [Float32Array, Float32Array, Float32Array, Float32Array];

/**
 * A plane with the edges of a picture: within windows the output is an affine function of the picture's colour that fits the plane
 * best (He, Sun and Tang, "Guided Image Filtering", section 3.3; coefficients found on a small picture and applied on the large one as in
 * He and Sun, "Fast Guided Filter", arXiv 1505.00996).
 * @param plane of the small picture's size
 * @param small RGB
 * @param large RGB of any size; equal to `small` where nothing was scaled
 * @returns of the large picture's size; values can leave the range of `plane` a little
 */
export function guidedFilter(plane: Plane, small: Pixels, large: Pixels, settings: GuidedSettings): Plane {
  const from = { height: plane.height, width: plane.width };
  const to = { height: large.height, width: large.width };
  const fitted = fit(plane, small, settings);
  const isScaled = from.height !== to.height || from.width !== to.width;
  const data = new Float32Array(to.height * to.width);
  fitted.forEach((coefficient, channel) => {
    const full = isScaled ? resizeBilinear(coefficient, from, to) : coefficient;
    for (let i = 0; i < data.length; i++) {
      const value = channel < 3 ? valueAt(large.data, i * large.channels + channel) / 255 : 1;
      data[i] = valueAt(data, i) + valueAt(full, i) * value;
    }
  });
  return { ...to, data };
}

function fit({ width, height, data: p }: Plane, guide: Pixels, { radius, epsilon }: GuidedSettings): Coefficients {
  const mean = (values: Float32Array) => boxMean(values, width, height, radius);
  const times = (a: Float32Array, b: Float32Array) => a.map((value, i) => value * valueAt(b, i));
  const [r, g, b] = [0, 1, 2].map((channel) =>
    Float32Array.from({ length: width * height }, (_, i) => valueAt(guide.data, i * guide.channels + channel) / 255),
  ) as [Float32Array, Float32Array, Float32Array]; // three channels in, three planes out
  const [meanR, meanG, meanB, meanP] = [mean(r), mean(g), mean(b), mean(p)];
  const covariance = (x: Float32Array, meanX: Float32Array, y: Float32Array, meanY: Float32Array) => {
    const product = mean(times(x, y));
    return product.map((value, i) => value - valueAt(meanX, i) * valueAt(meanY, i));
  };
  const rr = covariance(r, meanR, r, meanR);
  const rg = covariance(r, meanR, g, meanG);
  const rb = covariance(r, meanR, b, meanB);
  const gg = covariance(g, meanG, g, meanG);
  const gb = covariance(g, meanG, b, meanB);
  const bb = covariance(b, meanB, b, meanB);
  const rp = covariance(r, meanR, p, meanP);
  const gp = covariance(g, meanG, p, meanP);
  const bp = covariance(b, meanB, p, meanP);
  const slopes = [0, 1, 2, 3].map(() => new Float32Array(p.length)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let i = 0; i < p.length; i++) {
    const matrix = [rr[i]! + epsilon, rg[i]!, rb[i]!, gg[i]! + epsilon, gb[i]!, bb[i]! + epsilon] as const;
    const [x, y, z] = solveSymmetric(matrix, [rp[i]!, gp[i]!, bp[i]!]);
    slopes[0][i] = x;
    slopes[1][i] = y;
    slopes[2][i] = z;
    slopes[3][i] = meanP[i]! - x * meanR[i]! - y * meanG[i]! - z * meanB[i]!;
  }
  return [mean(slopes[0]), mean(slopes[1]), mean(slopes[2]), mean(slopes[3])];
}

/** Solves A x = v for a symmetric 3 x 3 matrix given by its upper triangle, row by row. */
function solveSymmetric(
  [a, b, c, d, e, f]: readonly [number, number, number, number, number, number],
  [u, v, w]: readonly [number, number, number],
): readonly [number, number, number] {
  const [aa, ab, ac] = [d * f - e * e, c * e - b * f, b * e - c * d];
  const [bb, bc, cc] = [a * f - c * c, b * c - a * e, a * d - b * b];
  const determinant = a * aa + b * ab + c * ac;
  return [
    (aa * u + ab * v + ac * w) / determinant,
    (ab * u + bb * v + bc * w) / determinant,
    (ac * u + bc * v + cc * w) / determinant,
  ];
}

/** Mean over the window of `radius` around each pixel, cut off at the borders. */
export function boxMean(values: Float32Array, width: number, height: number, radius: number): Float32Array {
  // Sums in 64 bits: differences of large sums lose too much in 32.
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += values[y * width + x]!;
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1]! + row;
    }
  }
  const out = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [Math.max(0, y - radius) * (width + 1), Math.min(height, y + radius + 1) * (width + 1)];
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - radius), Math.min(width, x + radius + 1)];
      const area = ((bottom - top) / (width + 1)) * (right - left);
      out[y * width + x] =
        (sums[bottom + right]! - sums[top + right]! - sums[bottom + left]! + sums[top + left]!) / area;
    }
  }
  return out;
}
