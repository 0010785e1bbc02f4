import { valueAt } from '../base/tensor.ts';
import type { Pixels } from '../ports.ts';
import type { CodingModel } from './batches.ts';
import { decodeOneFrame } from './decode.ts';
import { type LatentFrames, latentInMemory } from './frames.ts';
import type { LatentSize } from './size.ts';

/** Largest side, in latent pixels, of what is decoded for a preview. */
const PREVIEW_SIDE = 32;

/**
 * A picture of one frame of a clean estimate, quick enough for every step: where frames are coded one by one, large latents are averaged
 * over blocks of latent pixels before decoding.
 */
export async function decodePreview(
  model: CodingModel,
  size: LatentSize,
  latent: LatentFrames,
  latentFrame: number,
): Promise<Pixels> {
  const factor = Math.ceil(Math.max(size.rows, size.columns) / PREVIEW_SIDE);
  if (factor === 1 || !model.autoencoder.independentFrames) return decodeOneFrame(model, size, latent, latentFrame);
  const { latentChannels: channels, spatialCompression } = model.autoencoder;
  // The thin side of a long picture may have fewer latent pixels than a block.
  const [down, across] = [Math.min(factor, size.rows), Math.min(factor, size.columns)];
  const [rows, columns] = [Math.floor(size.rows / down), Math.floor(size.columns / across)];
  const frame = await latent.read(size.paddingFrames + latentFrame, 1);
  const data = new Float32Array(channels * rows * columns);
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < rows * down; y++)
      for (let x = 0; x < columns * across; x++) {
        const to = (c * rows + Math.floor(y / down)) * columns + Math.floor(x / across);
        data[to] = valueAt(data, to) + valueAt(frame, (c * size.rows + y) * size.columns + x) / (down * across);
      }
  const [width, height] = [columns * spatialCompression, rows * spatialCompression];
  const small = {
    ...size,
    ...{ width, height, paddedWidth: width, paddedHeight: height, rows, columns, paddingFrames: 0 },
    ...{ frames: 1, latentFrames: 1, totalFrames: 1, frameLength: data.length, length: data.length },
  };
  return decodeOneFrame(model, small, latentInMemory(data, 1), 0);
}
