import { type FloatTensor, floatTensor } from '../base/tensor.ts';
import type { VideoAutoencoder } from '../family.ts';
import { cropTo, fromPlanar } from '../media/pixels.ts';
import type { Pixels } from '../ports.ts';
import { decodePlanes } from './codec.ts';
import { heldLatent, type LatentFrames } from './latentframes.ts';
import type { Tiling } from './tiling.ts';
import { batchesOf, DEFAULT_VIDEO_TILING, type FrameCodingModel, type FrameReader } from './videobatches.ts';
import type { VideoCanvas } from './videocanvas.ts';
import { decodeTiles, memorySpool, type OpenSpool } from './videotiles.ts';

export interface DecodeOptions {
  readonly tiling?: Tiling;
  readonly openSpool?: OpenSpool | undefined;
}

/**
 * Decodes a latent [leading + coded frames, C, rows, columns] to its frames in order, cropped to the canvas. Only the frames of one batch
 * of the autoencoder are held; larger planes than a tile are decoded tile by tile, whose pieces wait in the spool.
 */
export async function* decodeFrames(
  model: FrameCodingModel,
  canvas: VideoCanvas,
  latent: LatentFrames,
  { tiling = DEFAULT_VIDEO_TILING, openSpool = memorySpool }: DecodeOptions = {},
): AsyncGenerator<Pixels> {
  for await (const planes of decodeFramePlanes(model, canvas, latent, { tiling, openSpool }))
    yield cropTo(fromPlanar(planes, canvas.paddedWidth, canvas.paddedHeight), canvas.width, canvas.height);
}

/** As `decodeFrames`, before colours become bytes: [3, padded height, padded width] of each frame, about -1..1. */
export async function* decodeFramePlanes(
  model: FrameCodingModel,
  canvas: VideoCanvas,
  latent: LatentFrames,
  { tiling = DEFAULT_VIDEO_TILING, openSpool = memorySpool }: DecodeOptions = {},
): AsyncGenerator<Float32Array> {
  const { coder } = model;
  const { latentChannels } = coder.autoencoder;
  const { leadingFrames } = canvas;
  const plain = { channels: latentChannels, height: canvas.rows, width: canvas.columns };
  if (coder.kind === 'pictures') {
    const pictures = { ...model, autoencoder: coder.autoencoder };
    for (let frame = 0; frame < canvas.frames; frame++)
      yield await decodePlanes(pictures, { ...plain, data: await latent.read(leadingFrames + frame, 1) });
    return;
  }
  const { autoencoder } = coder;
  const { scalingFactor, shiftFactor } = autoencoder;
  const coded: FrameReader = {
    frames: canvas.codedFrames,
    height: canvas.rows,
    width: canvas.columns,
    async read(start, count) {
      const { data, dims } = channelsFirst(await latent.read(leadingFrames + start, count), count, plain);
      return floatTensor(
        data.map((value) => value / scalingFactor + shiftFactor),
        dims,
      );
    },
  };
  // An even number of latent frames has no first one that stands for a single frame: those it repeats are left out.
  let frame = canvas.codedFrames % 2 === 0 ? 1 - coder.autoencoder.frameScale : 0;
  const planes =
    canvas.rows <= tiling.cells && canvas.columns <= tiling.cells
      ? decodeBatches(model, autoencoder, coded)
      : decodeTiles(coded, autoencoder.downscale, tiling, openSpool, (tile) => decodeBatches(model, autoencoder, tile));
  for await (const plane of planes) {
    if (frame >= canvas.frames) return;
    if (frame++ < 0) continue;
    yield plane;
  }
}

/**
 * One frame of a clean estimate, quick enough for every step. A video autoencoder is given the latent frame alone, as if the video began
 * with it.
 */
export async function decodeOneFrame(
  model: FrameCodingModel,
  canvas: VideoCanvas,
  latent: LatentFrames,
  latentFrame: number,
): Promise<Pixels> {
  const alone = { ...canvas, frames: 1, codedFrames: 1, leadingFrames: 0, latentLength: latent.frameLength };
  const only = heldLatent(await latent.read(canvas.leadingFrames + latentFrame, 1), 1);
  for await (const frame of decodeFrames(model, alone, only)) return frame;
  throw new RangeError(`the latent has no frame ${latentFrame}`);
}

/** [F, C, h, w] as the video autoencoder takes it: [1, C, F, h, w]. */
function channelsFirst(
  latent: Float32Array,
  frames: number,
  { channels, height, width }: { readonly channels: number; readonly height: number; readonly width: number },
): FloatTensor {
  const plane = height * width;
  const data = new Float32Array(channels * frames * plane);
  for (let f = 0; f < frames; f++)
    for (let c = 0; c < channels; c++)
      data.set(latent.subarray((f * channels + c) * plane, (f * channels + c + 1) * plane), (c * frames + f) * plane);
  return floatTensor(data, [1, channels, frames, height, width]);
}

/** Frames [3, H, W] of the whole plane, batch by batch; the latent is unscaled. */
async function* decodeBatches(
  model: FrameCodingModel,
  autoencoder: VideoAutoencoder,
  latent: FrameReader,
): AsyncGenerator<Float32Array> {
  for await (const video of batchesOf(model, autoencoder, 'decode', latent)) {
    const [, , frames = 0, height = 0, width = 0] = video.dims;
    const plane = height * width;
    for (let f = 0; f < frames; f++) {
      const picture = new Float32Array(3 * plane);
      for (let c = 0; c < 3; c++)
        picture.set(video.data.subarray((c * frames + f) * plane, (c * frames + f + 1) * plane), c * plane);
      yield picture;
    }
  }
}
