import { cutAxis, type FloatTensor, floatTensor, joinAxis } from '../base/tensor.ts';
import type { Tiling } from '../family.ts';
import { padToMultiple, toPlanar, toRgb } from '../media/pixels.ts';
import type { Pixels } from '../ports.ts';
import { batchesOf, type CodingModel, readerOf } from './batches.ts';
import { framesOf, type LatentSize } from './size.ts';
import { SeamBlender, tileGrid } from './tiling.ts';

/**
 * The mode of the posterior of frames of this size, (mean - shift) * scale: [padding + latent frames, C, rows, columns]. Frames that fill
 * up the last latent frame repeat the last one, padding frames the first one; pixels are padded by their last row and column. Larger
 * planes than a tile are encoded tile by tile with blended seams.
 */
export async function encodeFrames(
  model: CodingModel,
  size: LatentSize,
  frames: readonly Pixels[],
  tiling: Tiling = model.autoencoder.tiling,
): Promise<Float32Array> {
  const { autoencoder } = model;
  const { frameLength, latentFrames, paddingFrames } = size;
  const count = framesOf(latentFrames, autoencoder);
  const mean = new Float32Array(latentFrames * frameLength);
  // Frames that are coded one by one need not be in memory together.
  const together = autoencoder.independentFrames ? 1 : count;
  for (let start = 0; start < count; start += together) {
    const planes = clipOf(size, frames, start, together);
    mean.set(await encodeClip(model, size, planes, tiling), start * frameLength);
  }
  const { shiftFactor, scalingFactor } = autoencoder;
  const scaled = mean.map((value) => (value - shiftFactor) * scalingFactor);
  const latent = new Float32Array(size.length);
  for (let padding = 0; padding < paddingFrames; padding++)
    latent.set(scaled.subarray(0, frameLength), padding * frameLength);
  latent.set(scaled, paddingFrames * frameLength);
  return latent;
}

/** [1, 3, count, padded height, padded width] in -1..1. */
function clipOf(size: LatentSize, frames: readonly Pixels[], start: number, count: number): FloatTensor {
  const { paddedHeight, paddedWidth } = size;
  const plane = paddedHeight * paddedWidth;
  const clip = new Float32Array(3 * count * plane);
  for (let at = 0; at < count; at++) {
    const frame = frames[Math.min(start + at, frames.length - 1)];
    if (frame === undefined) throw new RangeError('a clip has a frame');
    const planes = toPlanar(toRgb(padded(frame, size)));
    for (let c = 0; c < 3; c++) clip.set(planes.subarray(c * plane, (c + 1) * plane), (c * count + at) * plane);
  }
  return floatTensor(clip, [1, 3, count, paddedHeight, paddedWidth]);
}

/** Unscaled means [latent frames of the clip, C, rows, columns]. */
async function encodeClip(
  model: CodingModel,
  { rows, columns }: LatentSize,
  clip: FloatTensor,
  tiling: Tiling,
): Promise<Float32Array> {
  const { spatialCompression: scale, latentChannels } = model.autoencoder;
  const grid = tileGrid(rows, columns, tiling);
  if (grid.length === 1) return framesFirst(await encodeTile(model, clip), latentChannels);
  let blender: SeamBlender | undefined;
  for (const { rows: down, columns: across } of grid) {
    const tile = cutAxis(
      cutAxis(clip, 3, down.start * scale, down.size * scale),
      4,
      across.start * scale,
      across.size * scale,
    );
    const mean = await encodeTile(model, tile);
    const [, , frames = 0] = mean.dims;
    // Channels and frames are planes alike to the blender.
    blender ??= new SeamBlender(latentChannels * frames, rows, columns);
    blender.add(mean.data, down.start, across.start, down.weights(1), across.weights(1));
  }
  if (blender === undefined) throw new RangeError('a plane has a tile');
  const data = blender.result();
  const frames = data.length / (latentChannels * rows * columns);
  return framesFirst(floatTensor(data, [1, latentChannels, frames, rows, columns]), latentChannels);
}

/** [1, C, F, h, w] */
async function encodeTile(model: CodingModel, tile: FloatTensor): Promise<FloatTensor> {
  const parts: FloatTensor[] = [];
  for await (const mean of batchesOf(model, 'encode', readerOf(tile))) parts.push(mean);
  return joinAxis(parts, 2);
}

/** [1, C, F, h, w] as [F, C, h, w]. */
function framesFirst({ data, dims }: FloatTensor, channels: number): Float32Array {
  const [, , frames = 0, height = 0, width = 0] = dims;
  if (frames === 1) return data;
  const plane = height * width;
  const out = new Float32Array(data.length);
  for (let c = 0; c < channels; c++)
    for (let f = 0; f < frames; f++)
      out.set(data.subarray((c * frames + f) * plane, (c * frames + f + 1) * plane), (f * channels + c) * plane);
  return out;
}

function padded(frame: Pixels, { width, height, multiple }: LatentSize): Pixels {
  if (frame.width !== width || frame.height !== height)
    throw new RangeError(`a frame of ${frame.width}x${frame.height} where ${width}x${height} are expected`);
  return padToMultiple(frame, multiple);
}
