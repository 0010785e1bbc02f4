import { cutAxis, type FloatTensor, floatTensor, joinAxis } from '../base/tensor.ts';
import type { VideoAutoencoder } from '../family.ts';
import { padToMultiple, toPlanar, toRgb } from '../media/pixels.ts';
import type { Pixels } from '../ports.ts';
import { encodePicture } from './codec.ts';
import { SeamBlender, type Tiling, tileGrid } from './tiling.ts';
import { batchesOf, DEFAULT_VIDEO_TILING, type FrameCodingModel, readerOf } from './videobatches.ts';
import type { VideoCanvas } from './videocanvas.ts';

/**
 * The mode of the posterior of a clip of the canvas' size and length, scaled: [leading + coded frames, C, rows, columns]. Frames that fill
 * up the last latent frame repeat the last one, leading latent frames the first one. Larger planes than a tile are encoded tile by tile.
 */
export async function encodeFrames(
  model: FrameCodingModel,
  canvas: VideoCanvas,
  frames: readonly Pixels[],
  tiling: Tiling = DEFAULT_VIDEO_TILING,
): Promise<Float32Array> {
  const { coder } = model;
  const size = coder.autoencoder.latentChannels * canvas.rows * canvas.columns;
  const latent = new Float32Array(canvas.latentLength);
  const frameAt = (at: number) => {
    const frame = frames[Math.min(at, frames.length - 1)];
    if (frame === undefined) throw new RangeError('a clip has a frame');
    return fitTo(frame, canvas);
  };
  if (coder.kind === 'pictures') {
    const pictures = { ...model, autoencoder: coder.autoencoder };
    for (let at = 0; at < canvas.codedFrames; at++)
      latent.set((await encodePicture(pictures, frameAt(at))).data, (canvas.leadingFrames + at) * size);
  } else {
    const mean = await encodeVideo(model, coder.autoencoder, canvas, frameAt, tiling);
    const { shiftFactor, scalingFactor } = coder.autoencoder;
    for (let i = 0; i < mean.length; i++)
      latent[canvas.leadingFrames * size + i] = ((mean[i] ?? 0) - shiftFactor) * scalingFactor;
  }
  for (let lead = 0; lead < canvas.leadingFrames; lead++)
    latent.set(latent.subarray(canvas.leadingFrames * size, (canvas.leadingFrames + 1) * size), lead * size);
  return latent;
}

/** Unscaled means [coded frames, C, rows, columns]. */
async function encodeVideo(
  model: FrameCodingModel,
  autoencoder: VideoAutoencoder,
  { rows, columns, codedFrames }: VideoCanvas,
  frameAt: (at: number) => Pixels,
  tiling: Tiling,
): Promise<Float32Array> {
  const { downscale, frameScale, latentChannels } = autoencoder;
  const count = (codedFrames - 1) * frameScale + 1;
  const [height, width] = [rows * downscale, columns * downscale];
  const video = new Float32Array(3 * count * height * width);
  for (let at = 0; at < count; at++) {
    const planes = toPlanar(toRgb(frameAt(at)));
    for (let c = 0; c < 3; c++)
      video.set(planes.subarray(c * height * width, (c + 1) * height * width), (c * count + at) * height * width);
  }
  const whole = floatTensor(video, [1, 3, count, height, width]);
  // Channels and frames are planes alike to the blender.
  const blender = new SeamBlender(latentChannels * codedFrames, rows, columns);
  for (const { rows: down, columns: across } of tileGrid(rows, columns, tiling)) {
    const tile = cutAxis(
      cutAxis(whole, 3, down.start * downscale, down.size * downscale),
      4,
      across.start * downscale,
      across.size * downscale,
    );
    const parts: FloatTensor[] = [];
    for await (const mean of batchesOf(model, autoencoder, 'encode', readerOf(tile))) parts.push(mean);
    blender.add(joinAxis(parts, 2).data, down.start, across.start, down.weights(1), across.weights(1));
  }
  return framesFirst(blender.result(), latentChannels, codedFrames, rows * columns);
}

/** [C, F, plane] as [F, C, plane]. */
function framesFirst(data: Float32Array, channels: number, frames: number, plane: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let c = 0; c < channels; c++)
    for (let f = 0; f < frames; f++)
      out.set(data.subarray((c * frames + f) * plane, (c * frames + f + 1) * plane), (f * channels + c) * plane);
  return out;
}

function fitTo(frame: Pixels, canvas: VideoCanvas): Pixels {
  if (frame.width !== canvas.width || frame.height !== canvas.height)
    throw new RangeError(`a frame of ${frame.width}x${frame.height} on a canvas of ${canvas.width}x${canvas.height}`);
  return padToMultiple(frame, canvas.multiple);
}
