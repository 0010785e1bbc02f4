import { AttuneError } from '../base/errors.ts';
import { frameScaleOf, type VideoModel } from './videomodel.ts';

/** Sizes of one job: the video as asked for, and the padded latent the network works on. */
export interface VideoCanvas {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** Pixels along each side of one token; padded sides are multiples of it. */
  readonly multiple: number;
  /** Pixels after padding to whole tokens, to the right and below. */
  readonly paddedWidth: number;
  readonly paddedHeight: number;
  /** Latent cells of the padded frames. */
  readonly columns: number;
  readonly rows: number;
  /** Latent frames that are decoded; their frames beyond `frames` are cut off at the end. */
  readonly codedFrames: number;
  /** Latent frames in front of those, which fill up the network's tokens and are dropped before decoding. */
  readonly leadingFrames: number;
  /** (leadingFrames + codedFrames) * channels * rows * columns */
  readonly latentLength: number;
}

/**
 * Latent frames come in odd numbers where frames are coded together: only those have a first frame of its own (an even number would begin
 * with frames repeated). Throws 'request-invalid' where the size is beyond the positions of the network.
 */
export function videoCanvasOf(
  model: CanvasModel,
  { width, height, frames }: { readonly width: number; readonly height: number; readonly frames: number },
): VideoCanvas {
  const { coder } = model;
  const least = Math.ceil((frames - 1) / frameScaleOf(coder)) + 1;
  return canvasOfLatent(
    model,
    { width, height },
    coder.kind === 'video' && least % 2 === 0 ? least + 1 : least,
    frames,
  );
}

type CanvasModel = Pick<VideoModel, 'name' | 'denoiser' | 'coder'>;

/** As `videoCanvasOf`, for so many latent frames, of whose frames the first `frames` are kept (default: all). */
export function canvasOfLatent(
  model: CanvasModel,
  { width, height }: { readonly width: number; readonly height: number },
  codedFrames: number,
  frames = (codedFrames - 1) * frameScaleOf(model.coder) + 1,
): VideoCanvas {
  const { denoiser, coder } = model;
  const { downscale } = coder.autoencoder;
  const multiple = downscale * denoiser.patchSize;
  const [paddedWidth, paddedHeight] = [Math.ceil(width / multiple) * multiple, Math.ceil(height / multiple) * multiple];
  const [columns, rows] = [paddedWidth / downscale, paddedHeight / downscale];
  const largest = denoiser.maxLatentSide;
  if (columns > largest || rows > largest)
    throw new AttuneError(
      'request-invalid',
      `${width}x${height} is too large for ${model.name}, which works up to ${largest * downscale}x${largest * downscale} pixels. Ask for a smaller size (--size).`,
      { field: 'size' },
    );
  const { patchFrames } = denoiser.video;
  const leadingFrames = Math.ceil(codedFrames / patchFrames) * patchFrames - codedFrames;
  const latentLength = (leadingFrames + codedFrames) * denoiser.latentChannels * rows * columns;
  return {
    width,
    height,
    frames,
    multiple,
    paddedWidth,
    paddedHeight,
    columns,
    rows,
    codedFrames,
    leadingFrames,
    latentLength,
  };
}
