import { AttuneError } from '../base/errors.ts';
import { cropTo, padToMultiple, resizeArea, toPlane } from '../media/pixels.ts';
import type { Pixels } from '../ports.ts';
import { decodeLatent, encodePicture, type Latent, pixelMultiple } from './codec.ts';
import type { Model } from './model.ts';

/** Sizes of one job: the picture as asked for, and the padded picture the network works on. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** Pixels after padding to whole tokens, to the right and below. */
  readonly paddedWidth: number;
  readonly paddedHeight: number;
  /** Latent cells of the padded picture. */
  readonly columns: number;
  readonly rows: number;
  /** channels * rows * columns */
  readonly latentLength: number;
}

/** Throws 'request-invalid' where the size is beyond the position table of the network. */
export function canvasOf(model: Model, { width, height }: { readonly width: number; readonly height: number }): Canvas {
  const multiple = pixelMultiple(model);
  const [paddedWidth, paddedHeight] = [Math.ceil(width / multiple) * multiple, Math.ceil(height / multiple) * multiple];
  const downscale = model.autoencoder.downscale;
  const [columns, rows] = [paddedWidth / downscale, paddedHeight / downscale];
  const largest = model.denoiser.maxLatentSide;
  if (columns > largest || rows > largest)
    throw new AttuneError(
      'request-invalid',
      `${width}x${height} is too large for ${model.name}, which works up to ${largest * downscale}x${largest * downscale} pixels. Ask for a smaller size (--size); the picture is then scaled.`,
      { field: 'size' },
    );
  return {
    width,
    height,
    paddedWidth,
    paddedHeight,
    columns,
    rows,
    latentLength: model.denoiser.latentChannels * rows * columns,
  };
}

/** Encodes a picture of the canvas' size, padded by repeating its last row and column. */
export function encodeOnCanvas(model: Model, canvas: Canvas, picture: Pixels): Promise<Latent> {
  if (picture.width !== canvas.width || picture.height !== canvas.height)
    throw new RangeError(
      `a picture of ${picture.width}x${picture.height} on a canvas of ${canvas.width}x${canvas.height}`,
    );
  return encodePicture(model, padToMultiple(picture, pixelMultiple(model)));
}

/** Decodes a latent of the canvas and crops the padding. */
export async function decodeOnCanvas(model: Model, canvas: Canvas, latent: Float32Array): Promise<Pixels> {
  const { rows: height, columns: width } = canvas;
  const picture = await decodeLatent(model, { data: latent, channels: model.denoiser.latentChannels, height, width });
  return cropTo(picture, canvas.width, canvas.height);
}

/** Largest side, in latent cells, of what is decoded for a preview. */
const PREVIEW_CELLS = 32;

/** A picture of a clean estimate, quick enough for every step: large latents are averaged over blocks of cells before decoding. */
export function decodePreview(model: Model, canvas: Canvas, latent: Float32Array): Promise<Pixels> {
  const factor = Math.ceil(Math.max(canvas.rows, canvas.columns) / PREVIEW_CELLS);
  if (factor === 1) return decodeOnCanvas(model, canvas, latent);
  const channels = model.denoiser.latentChannels;
  // The thin side of a long picture may have fewer cells than a block.
  const [down, across] = [Math.min(factor, canvas.rows), Math.min(factor, canvas.columns)];
  const [height, width] = [Math.floor(canvas.rows / down), Math.floor(canvas.columns / across)];
  const data = new Float32Array(channels * height * width);
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height * down; y++)
      for (let x = 0; x < width * across; x++) {
        const at = (c * height + Math.floor(y / down)) * width + Math.floor(x / across);
        data[at] = (data[at] ?? 0) + (latent[(c * canvas.rows + y) * canvas.columns + x] ?? 0) / (down * across);
      }
  return decodeLatent(model, { data, channels, height, width });
}

/** Mask pixels (0..255) to one weight 0..1 a latent cell: the mean over its pixels; padding repeats the border. */
export function maskToCells(model: Model, canvas: Canvas, mask: Pixels): Float32Array {
  return resizeArea(toPlane(padToMultiple(mask, pixelMultiple(model))), canvas.columns, canvas.rows).data;
}

/** Cell weights 0..1 to pixels of the canvas' size, one channel, nearest. */
export function cellsToMask(canvas: Canvas, cells: Float32Array): Pixels {
  const scale = canvas.paddedWidth / canvas.columns;
  const data = new Uint8Array(canvas.width * canvas.height);
  for (let y = 0; y < canvas.height; y++)
    for (let x = 0; x < canvas.width; x++)
      data[y * canvas.width + x] = Math.round(
        255 * (cells[Math.floor(y / scale) * canvas.columns + Math.floor(x / scale)] ?? 0),
      );
  return { width: canvas.width, height: canvas.height, channels: 1, data };
}
