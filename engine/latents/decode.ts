import { cutAxis, floatTensor } from '../base/tensor.ts';
import type { Tiling } from '../family.ts';
import { cropTo, fromPlanar } from '../media/pixels.ts';
import type { Pixels } from '../ports.ts';
import { batchesOf, type CodingModel, type FrameReader, readerOf } from './batches.ts';
import { type LatentFrames, latentInMemory } from './frames.ts';
import type { LatentSize } from './size.ts';
import { decodeTiles, memorySpool, type OpenSpool } from './tiles.ts';
import { SeamBlender, tileGrid } from './tiling.ts';

export interface DecodeOptions {
  /** Default: the autoencoder's own. */
  readonly tiling?: Tiling;
  readonly openSpool?: OpenSpool | undefined;
}

/**
 * Decodes a latent [padding + latent frames, C, rows, columns] to its frames in order, cropped to what was asked for. Only the frames of
 * one batch of the autoencoder are held; larger planes than a tile are decoded tile by tile.
 */
export async function* decodeFrames(
  model: CodingModel,
  size: LatentSize,
  latent: LatentFrames,
  options: DecodeOptions = {},
): AsyncGenerator<Pixels> {
  for await (const planes of decodeFramePlanes(model, size, latent, options))
    yield cropTo(fromPlanar(planes, size.paddedWidth, size.paddedHeight), size.width, size.height);
}

/** As `decodeFrames`, before colours become bytes: [3, padded height, padded width] of each frame, about -1..1. */
export async function* decodeFramePlanes(
  model: CodingModel,
  size: LatentSize,
  latent: LatentFrames,
  { tiling = model.autoencoder.tiling, openSpool = memorySpool }: DecodeOptions = {},
): AsyncGenerator<Float32Array> {
  const { autoencoder } = model;
  const { spatialCompression, temporalCompression, independentFrames } = autoencoder;
  const unscaled = unscaledReader(model, size, latent);
  if (independentFrames) {
    for (let frame = 0; frame < size.frames; frame++) yield await decodePlane(model, unscaled, frame, tiling);
    return;
  }
  // An even number of latent frames has no first one that stands for a single frame: those it repeats are left out.
  let frame = size.latentFrames % 2 === 0 ? 1 - temporalCompression : 0;
  const planes =
    size.rows <= tiling.size && size.columns <= tiling.size
      ? decodeBatches(model, unscaled)
      : decodeTiles(unscaled, spatialCompression, tiling, openSpool, (tile) => decodeBatches(model, tile));
  for await (const plane of planes) {
    if (frame >= size.frames) return;
    if (frame++ < 0) continue;
    yield plane;
  }
}

/**
 * One frame of a clean estimate, quick enough for every step. An autoencoder that codes frames together is given the latent frame alone,
 * as if the video began with it.
 */
export async function decodeOneFrame(
  model: CodingModel,
  size: LatentSize,
  latent: LatentFrames,
  latentFrame: number,
): Promise<Pixels> {
  const alone = { ...size, frames: 1, latentFrames: 1, paddingFrames: 0, totalFrames: 1, length: latent.frameLength };
  const only = latentInMemory(await latent.read(size.paddingFrames + latentFrame, 1), 1);
  for await (const frame of decodeFrames(model, alone, only)) return frame;
  throw new RangeError(`the latent has no frame ${latentFrame}`);
}

/** The latent as the decoder takes it, [1, C, F, h, w] without scale and shift, padding frames left out. */
function unscaledReader(
  { autoencoder: { latentChannels, scalingFactor, shiftFactor } }: CodingModel,
  { rows, columns, latentFrames, paddingFrames }: LatentSize,
  latent: LatentFrames,
): FrameReader {
  return {
    frames: latentFrames,
    height: rows,
    width: columns,
    async read(start, count) {
      const data = channelsFirst(await latent.read(paddingFrames + start, count), count, latentChannels);
      return floatTensor(
        data.map((value) => value / scalingFactor + shiftFactor),
        [1, latentChannels, count, rows, columns],
      );
    },
  };
}

/** [F, C, plane] as [C, F, plane]. */
function channelsFirst(latent: Float32Array, frames: number, channels: number): Float32Array {
  if (frames === 1) return latent;
  const plane = latent.length / (frames * channels);
  const data = new Float32Array(latent.length);
  for (let f = 0; f < frames; f++)
    for (let c = 0; c < channels; c++)
      data.set(latent.subarray((f * channels + c) * plane, (f * channels + c + 1) * plane), (c * frames + f) * plane);
  return data;
}

/** One frame that is coded by itself, tile by tile where it is larger than one; seams are blended before colours become bytes. */
async function decodePlane(
  model: CodingModel,
  latent: FrameReader,
  frame: number,
  tiling: Tiling,
): Promise<Float32Array> {
  const { height, width } = latent;
  const scale = model.autoencoder.spatialCompression;
  const whole = await latent.read(frame, 1);
  const grid = tileGrid(height, width, tiling);
  if (grid.length === 1) return onlyFrame(decodeBatches(model, readerOf(whole)));
  const blender = new SeamBlender(3, height * scale, width * scale);
  for (const { rows, columns } of grid) {
    const tile = cutAxis(cutAxis(whole, 3, rows.start, rows.size), 4, columns.start, columns.size);
    blender.add(
      await onlyFrame(decodeBatches(model, readerOf(tile))),
      rows.start * scale,
      columns.start * scale,
      rows.weights(scale),
      columns.weights(scale),
    );
  }
  return blender.result();
}

async function onlyFrame(frames: AsyncIterable<Float32Array>): Promise<Float32Array> {
  for await (const frame of frames) return frame;
  throw new RangeError('the decoder gave no frame');
}

/** Frames [3, H, W] of the whole plane, batch by batch; the latent is unscaled. */
async function* decodeBatches(model: CodingModel, latent: FrameReader): AsyncGenerator<Float32Array> {
  for await (const video of batchesOf(model, 'decode', latent)) {
    const [, , frames = 0, height = 0, width = 0] = video.dims;
    if (frames === 1) {
      yield video.data;
      continue;
    }
    const plane = height * width;
    for (let f = 0; f < frames; f++) {
      const picture = new Float32Array(3 * plane);
      for (let c = 0; c < 3; c++)
        picture.set(video.data.subarray((c * frames + f) * plane, (c * frames + f + 1) * plane), c * plane);
      yield picture;
    }
  }
}
