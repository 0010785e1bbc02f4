import { valueAt } from '../base/tensor.ts';
import { padToMultiple, resizeArea, toPlane } from '../media/pixels.ts';
import type { Pixels } from '../ports.ts';
import type { LatentSize } from './size.ts';

/** Mask pixels (0..255) to one weight 0..1 a latent pixel: the mean over its pixels; padding repeats the border. */
export function maskToLatent({ columns, rows, multiple }: LatentSize, mask: Pixels): Float32Array {
  return resizeArea(toPlane(padToMultiple(mask, multiple)), columns, rows).data;
}

/** Weights 0..1 of latent pixels [rows, columns] to pixels of the picture's size, one channel, nearest. */
export function latentToMask({ width, height, columns, paddedWidth }: LatentSize, weights: Float32Array): Pixels {
  const scale = paddedWidth / columns;
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      data[y * width + x] = Math.round(255 * valueAt(weights, Math.floor(y / scale) * columns + Math.floor(x / scale)));
  return { width, height, channels: 1, data };
}

/** 1 at every latent pixel that holds any of the mask: a hard border inside one would leave half of it to the old picture. */
export function touchedLatent(size: LatentSize, mask: Pixels): Float32Array {
  return maskToLatent(size, mask).map((share) => (share > 0 ? 1 : 0));
}
