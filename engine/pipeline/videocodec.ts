import { AttuneError } from '../base/errors.ts';
import { cutAxis, type FloatTensor, floatTensor, joinAxis, type Tensor } from '../base/tensor.ts';
import type { VideoAutoencoder } from '../family.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { cropTo, fromPlanar, padToMultiple, toPlanar, toRgb } from '../media/pixels.ts';
import type { Pixels, RuntimeSession } from '../ports.ts';
import { decodePlanes, encodePicture, type Tiling } from './codec.ts';
import { finite } from './finite.ts';
import { SeamBlender, seamWeights, tileStarts } from './tiling.ts';
import type { VideoCanvas } from './videocanvas.ts';
import type { VideoModel } from './videomodel.ts';

/** 192 px planes at once with the usual factor 8: the decoder of CogVideoX holds some 3 GB at that size. */
export const DEFAULT_VIDEO_TILING: Tiling = { cells: 24, overlap: 6 };

/** What of a model codes frames. */
export type FrameCodingModel = Pick<VideoModel, 'folder' | 'coder' | 'sessions' | 'loading'>;

/** Where decoded pieces wait until their neighbours are there: in memory, or on a disk. Pieces are taken once. */
export interface FrameSpool {
  put(key: string, data: Uint8Array): Promise<void>;
  take(key: string): Promise<Uint8Array>;
}

function memorySpool(): FrameSpool {
  const pieces = new Map<string, Uint8Array>();
  return {
    put: async (key, data) => void pieces.set(key, data),
    async take(key) {
      const data = pieces.get(key);
      if (data === undefined) throw new RangeError(`nothing waits as ${key}`);
      pieces.delete(key);
      return data;
    },
  };
}

export interface DecodeOptions {
  readonly tiling?: Tiling;
  readonly spool?: FrameSpool;
}

/**
 * Decodes a latent [leading + coded frames, C, rows, columns] to its frames in order, cropped to the canvas. Only the frames of one batch
 * of the autoencoder are held; larger planes than a tile are decoded tile by tile, whose pieces wait in the spool.
 */
export async function* decodeFrames(
  model: FrameCodingModel,
  canvas: VideoCanvas,
  latent: Float32Array,
  { tiling = DEFAULT_VIDEO_TILING, spool = memorySpool() }: DecodeOptions = {},
): AsyncGenerator<Pixels> {
  for await (const planes of decodeFramePlanes(model, canvas, latent, { tiling, spool }))
    yield cropTo(fromPlanar(planes, canvas.paddedWidth, canvas.paddedHeight), canvas.width, canvas.height);
}

/** As `decodeFrames`, before colours become bytes: [3, padded height, padded width] of each frame, about -1..1. */
export async function* decodeFramePlanes(
  model: FrameCodingModel,
  canvas: VideoCanvas,
  latent: Float32Array,
  { tiling = DEFAULT_VIDEO_TILING, spool = memorySpool() }: DecodeOptions = {},
): AsyncGenerator<Float32Array> {
  const { coder } = model;
  const { latentChannels } = coder.autoencoder;
  const size = latentChannels * canvas.rows * canvas.columns;
  const coded = latent.subarray(canvas.leadingFrames * size);
  const plain = { channels: latentChannels, height: canvas.rows, width: canvas.columns };
  if (coder.kind === 'pictures') {
    const pictures = { ...model, autoencoder: coder.autoencoder };
    for (let frame = 0; frame < canvas.frames; frame++)
      yield await decodePlanes(pictures, { ...plain, data: coded.subarray(frame * size, (frame + 1) * size) });
    return;
  }
  const whole = channelsFirst(coded, canvas.codedFrames, plain);
  // An even number of latent frames has no first one that stands for a single frame: those it repeats are left out.
  let frame = canvas.codedFrames % 2 === 0 ? 1 - coder.autoencoder.frameScale : 0;
  const planes =
    canvas.rows <= tiling.cells && canvas.columns <= tiling.cells
      ? decodeBatches(model, coder.autoencoder, whole)
      : decodeTiles(model, coder.autoencoder, whole, tiling, spool);
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
  latent: Float32Array,
  latentFrame: number,
): Promise<Pixels> {
  const size = canvas.latentLength / (canvas.leadingFrames + canvas.codedFrames);
  const start = (canvas.leadingFrames + latentFrame) * size;
  const alone = { ...canvas, frames: 1, codedFrames: 1, leadingFrames: 0, latentLength: size };
  for await (const frame of decodeFrames(model, alone, latent.subarray(start, start + size))) return frame;
  throw new RangeError(`the latent has no frame ${latentFrame}`);
}

/**
 * The mode of the posterior of a clip of the canvas' size and length, scaled: [leading + coded frames, C, rows, columns]. Frames that fill
 * up the last latent frame repeat the last one, leading latent frames the first one.
 */
export async function encodeFrames(
  model: FrameCodingModel,
  canvas: VideoCanvas,
  frames: readonly Pixels[],
): Promise<Float32Array> {
  const { coder } = model;
  const { latentChannels, downscale, scalingFactor, shiftFactor } = coder.autoencoder;
  const size = latentChannels * canvas.rows * canvas.columns;
  const latent = new Float32Array(canvas.latentLength);
  const fitted = (frame: Pixels) => fitTo(frame, canvas);
  if (coder.kind === 'pictures') {
    const pictures = { ...model, autoencoder: coder.autoencoder };
    for (let at = 0; at < canvas.codedFrames; at++) {
      const frame = frames[Math.min(at, frames.length - 1)];
      if (frame !== undefined)
        latent.set((await encodePicture(pictures, fitted(frame))).data, (canvas.leadingFrames + at) * size);
    }
  } else {
    const { autoencoder } = coder;
    const count = (canvas.codedFrames - 1) * autoencoder.frameScale + 1;
    const [height, width] = [canvas.rows * downscale, canvas.columns * downscale];
    const video = new Float32Array(3 * count * height * width);
    for (let at = 0; at < count; at++) {
      const frame = frames[Math.min(at, frames.length - 1)];
      if (frame === undefined) continue;
      const planes = toPlanar(toRgb(fitted(frame)));
      for (let c = 0; c < 3; c++)
        video.set(planes.subarray(c * height * width, (c + 1) * height * width), (c * count + at) * height * width);
    }
    const parts: FloatTensor[] = [];
    for await (const { mean } of batchesOf(
      model,
      autoencoder,
      'encode',
      floatTensor(video, [1, 3, count, height, width]),
    ))
      parts.push(mean);
    const mean = joinAxis(parts, 2);
    const plane = canvas.rows * canvas.columns;
    for (let f = 0; f < canvas.codedFrames; f++)
      for (let c = 0; c < latentChannels; c++)
        for (let i = 0; i < plane; i++)
          latent[(canvas.leadingFrames + f) * size + c * plane + i] =
            ((mean.data[(c * canvas.codedFrames + f) * plane + i] ?? 0) - shiftFactor) * scalingFactor;
  }
  for (let lead = 0; lead < canvas.leadingFrames; lead++)
    latent.set(latent.subarray(canvas.leadingFrames * size, (canvas.leadingFrames + 1) * size), lead * size);
  return latent;
}

function fitTo(frame: Pixels, canvas: VideoCanvas): Pixels {
  if (frame.width !== canvas.width || frame.height !== canvas.height)
    throw new RangeError(`a frame of ${frame.width}x${frame.height} on a canvas of ${canvas.width}x${canvas.height}`);
  return padToMultiple(frame, canvas.multiple);
}

/** [F, C, h, w] unscaled, as the video autoencoder takes it: [1, C, F, h, w]. */
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

/** Frames [3, H, W] of the whole plane, batch by batch. */
async function* decodeBatches(
  model: FrameCodingModel,
  autoencoder: VideoAutoencoder,
  latent: FloatTensor,
): AsyncGenerator<Float32Array> {
  const { scalingFactor, shiftFactor } = autoencoder;
  const raw = floatTensor(
    latent.data.map((value) => value / scalingFactor + shiftFactor),
    latent.dims,
  );
  for await (const { video } of batchesOf(model, autoencoder, 'decode', raw)) {
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

/** As `decodeBatches` by tiles: the frames of one tile after the other go into the spool, and are then blended frame by frame. */
async function* decodeTiles(
  model: FrameCodingModel,
  autoencoder: VideoAutoencoder,
  latent: FloatTensor,
  { cells, overlap }: Tiling,
  spool: FrameSpool,
): AsyncGenerator<Float32Array> {
  const [, , , rows = 0, columns = 0] = latent.dims;
  const scale = autoencoder.downscale;
  const [height, width] = [Math.min(cells, rows), Math.min(cells, columns)];
  const [tops, lefts] = [
    tileStarts(rows, height, Math.min(overlap, height - 1)),
    tileStarts(columns, width, Math.min(overlap, width - 1)),
  ];
  let frames = 0;
  for (const top of tops)
    for (const left of lefts) {
      frames = 0;
      for await (const plane of decodeBatches(
        model,
        autoencoder,
        cutAxis(cutAxis(latent, 3, top, height), 4, left, width),
      ))
        await spool.put(`${top}.${left}.${frames++}`, fromPlanar(plane, width * scale, height * scale).data);
    }
  for (let frame = 0; frame < frames; frame++) {
    const blender = new SeamBlender(3, rows * scale, columns * scale);
    for (const [i, top] of tops.entries())
      for (const [j, left] of lefts.entries()) {
        const data = await spool.take(`${top}.${left}.${frame}`);
        const piece = toPlanar({ width: width * scale, height: height * scale, channels: 3, data });
        blender.add(
          piece,
          top * scale,
          left * scale,
          weightsAt(tops, i, height, scale),
          weightsAt(lefts, j, width, scale),
        );
      }
    yield blender.result();
  }
}

function weightsAt(starts: readonly number[], at: number, size: number, scale: number): Float32Array {
  const shared = (before: number | undefined, after: number | undefined) =>
    before === undefined || after === undefined ? 0 : Math.max(0, before + size - after) * scale;
  return seamWeights(size * scale, shared(starts[at - 1], starts[at]), shared(starts[at], starts[at + 1]));
}

/** Runs a coder over [1, C, F, h, w] in its batches, each given what the one before carries on. */
async function* batchesOf(
  model: FrameCodingModel,
  autoencoder: VideoAutoencoder,
  way: 'encode' | 'decode',
  whole: FloatTensor,
): AsyncGenerator<{ readonly video: FloatTensor; readonly mean: FloatTensor }> {
  const [, , frames = 0, height = 0, width = 0] = whole.dims;
  const lengths = way === 'encode' ? autoencoder.encoderBatches(frames) : autoencoder.decoderBatches(frames);
  let carried: Record<string, Tensor> = {};
  let start = 0;
  for (const [index, length] of lengths.entries()) {
    const sizes = { batch: 1, frames: length, height, width, follows: index > 0 };
    const session = await coderSession(model, autoencoder, way, sizes);
    const outputs = await session.run({
      [way === 'encode' ? 'video' : 'latent']: cutAxis(whole, 2, start, length),
      ...carried,
    });
    const { result, ...after } = outputs;
    if (result?.dtype !== 'float32')
      throw new AttuneError('runtime-failed', 'The session did not return the frames as float32.');
    finite(result.data, way === 'encode' ? 'video encoder' : 'video decoder', model.folder);
    carried = Object.fromEntries(
      Object.entries(after).map(([name, tensor]) => [name.replace('after.', 'before.'), tensor]),
    );
    start += length;
    yield { video: result, mean: result };
  }
}

function coderSession(
  model: FrameCodingModel,
  autoencoder: VideoAutoencoder,
  way: 'encode' | 'decode',
  sizes: Parameters<VideoAutoencoder['buildDecoder']>[1],
): Promise<RuntimeSession> {
  const { frames, height, width, follows } = sizes;
  const key = `${model.folder}:vae:${way}:${frames}x${height}x${width}:${follows ? 'follows' : 'first'}`;
  return model.sessions.get(key, model.loading.autoencoder, () => {
    const g = new GraphBuilder();
    const built = way === 'encode' ? autoencoder.buildEncoder(g, sizes) : autoencoder.buildDecoder(g, sizes);
    g.output('result', 'mean' in built ? built.mean : built.video);
    for (const [name, value] of built.after) g.output(`after.${name}`, value);
    return g.build();
  });
}
