import { AttuneError } from '../base/errors.ts';
import { type FloatTensor, floatTensor } from '../base/tensor.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { fromPlanar, toPlanar, toRgb } from '../media/pixels.ts';
import type { Pixels, RuntimeSession } from '../ports.ts';
import { finite } from './finite.ts';
import type { Model } from './model.ts';
import { SeamBlender, type Tiling, tileGrid } from './tiling.ts';

/** A latent of the denoiser, scaled and shifted: [channels, height, width]. */
export interface Latent {
  readonly data: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** 1024 px planes at once with the usual factor 8; a tile then takes about 0.25 of the memory of a 2048 px plane. */
export const DEFAULT_TILING: Tiling = { cells: 128, overlap: 16 };

/** What of a model codes pictures. */
export type CodingModel = Pick<Model, 'folder' | 'autoencoder' | 'sessions' | 'loading'>;

/** Pixels must be a multiple of this along both sides. */
export function pixelMultiple(model: Model): number {
  return model.autoencoder.downscale * model.denoiser.patchSize;
}

/**
 * Encodes a picture (RGB, sides multiples of `pixelMultiple`) to the mode of the posterior: (mean - shift) * scale. Planes larger than
 * a tile are encoded in tiles with blended seams.
 */
export async function encodePicture(model: CodingModel, picture: Pixels, tiling = DEFAULT_TILING): Promise<Latent> {
  const { autoencoder } = model;
  const [height, width] = [picture.height / autoencoder.downscale, picture.width / autoencoder.downscale];
  if (!Number.isInteger(height) || !Number.isInteger(width))
    throw new RangeError(`a picture of ${picture.width} x ${picture.height} was not padded to latent cells`);
  const planes = toPlanar(toRgb(picture));
  const mean = await tiled(
    { channels: autoencoder.latentChannels, height, width },
    tiling,
    1,
    async (top, left, rows, columns) => {
      const session = await coderSession(model, 'encode', rows, columns);
      const d = autoencoder.downscale;
      const image = cut(planes, 3, picture.height, picture.width, top * d, left * d, rows * d, columns * d);
      const outputs = await session.run({ image: floatTensor(image, [1, 3, rows * d, columns * d]) });
      return finite(floatOutput(outputs, 'mean'), 'picture encoder', model.folder);
    },
  );
  const data = mean.map((value) => (value - autoencoder.shiftFactor) * autoencoder.scalingFactor);
  return { data, channels: autoencoder.latentChannels, height, width };
}

/** Decodes a latent to RGB pixels: what `decodePlanes` gives, -1..1 to 0..255 clipped and rounded. */
export async function decodeLatent(model: CodingModel, latent: Latent, tiling = DEFAULT_TILING): Promise<Pixels> {
  const d = model.autoencoder.downscale;
  return fromPlanar(await decodePlanes(model, latent, tiling), latent.width * d, latent.height * d);
}

/** latent / scale + shift, through the decoder: [3, height, width] of pixels, about -1..1. */
export async function decodePlanes(model: CodingModel, latent: Latent, tiling = DEFAULT_TILING): Promise<Float32Array> {
  const { autoencoder } = model;
  const { channels, height, width } = latent;
  const raw = latent.data.map((value) => value / autoencoder.scalingFactor + autoencoder.shiftFactor);
  const plane = { channels: 3, height, width };
  return tiled(plane, tiling, autoencoder.downscale, async (top, left, rows, columns) => {
    const session = await coderSession(model, 'decode', rows, columns);
    const piece = cut(raw, channels, height, width, top, left, rows, columns);
    const outputs = await session.run({ latent: floatTensor(piece, [1, channels, rows, columns]) });
    return finite(floatOutput(outputs, 'image'), 'picture decoder', model.folder);
  });
}

async function coderSession(
  model: CodingModel,
  way: 'encode' | 'decode',
  height: number,
  width: number,
): Promise<RuntimeSession> {
  return model.sessions.get(`${model.folder}:vae:${way}:${height}x${width}`, model.loading.autoencoder, () => {
    const g = new GraphBuilder();
    const d = model.autoencoder.downscale;
    if (way === 'encode')
      g.output('mean', model.autoencoder.buildEncoder(g, { batch: 1, height: height * d, width: width * d }).mean);
    else g.output('image', model.autoencoder.buildDecoder(g, { batch: 1, height, width }));
    return g.build();
  });
}

/** Runs `code` on every tile (in latent cells) and blends the results, which have `scale` values a cell along each side. */
async function tiled(
  plane: { readonly channels: number; readonly height: number; readonly width: number },
  tiling: Tiling,
  scale: number,
  code: (top: number, left: number, rows: number, columns: number) => Promise<Float32Array>,
): Promise<Float32Array> {
  const { channels, height, width } = plane;
  const grid = tileGrid(height, width, tiling);
  if (grid.length === 1) return code(0, 0, height, width);
  const blender = new SeamBlender(channels, height * scale, width * scale);
  for (const { rows, columns } of grid)
    blender.add(
      await code(rows.start, columns.start, rows.size, columns.size),
      rows.start * scale,
      columns.start * scale,
      rows.weights(scale),
      columns.weights(scale),
    );
  return blender.result();
}

/** [channels, rows, columns] of a plane [channels, height, width]. */
function cut(
  plane: Float32Array,
  channels: number,
  height: number,
  width: number,
  top: number,
  left: number,
  rows: number,
  columns: number,
): Float32Array {
  if (rows === height && columns === width) return plane;
  const out = new Float32Array(channels * rows * columns);
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < rows; y++) {
      const from = (c * height + top + y) * width + left;
      out.set(plane.subarray(from, from + columns), (c * rows + y) * columns);
    }
  return out;
}

function floatOutput(
  outputs: Readonly<Record<string, FloatTensor | { readonly dtype: string }>>,
  name: string,
): Float32Array {
  const tensor = outputs[name];
  if (tensor === undefined || tensor.dtype !== 'float32' || !('data' in tensor))
    throw new AttuneError('runtime-failed', `The session did not return the float32 tensor ${name}.`);
  return tensor.data;
}
