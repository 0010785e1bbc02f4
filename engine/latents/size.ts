import { AttuneError } from '../base/errors.ts';
import type { Autoencoder, Denoiser } from '../family.ts';

/** What is made, in pixels, and the padded latent that the network works on. A picture is one frame. */
export interface LatentSize {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** Pixels along each side of one image token; padded sides are multiples of it. */
  readonly multiple: number;
  /** Pixels after padding to whole tokens, to the right and below. */
  readonly paddedWidth: number;
  readonly paddedHeight: number;
  /** Latent pixels of the padded frames. */
  readonly columns: number;
  readonly rows: number;
  /** Latent frames that are decoded; their frames beyond `frames` are cut off at the end. */
  readonly latentFrames: number;
  /** Latent frames in front of those, which fill up the network's tokens and are dropped before decoding. */
  readonly paddingFrames: number;
  /** paddingFrames + latentFrames */
  readonly totalFrames: number;
  /** Numbers of one latent frame: channels * rows * columns. */
  readonly frameLength: number;
  /** totalFrames * frameLength */
  readonly length: number;
}

/** What of a model decides the size of a latent. */
export interface SizedModel {
  readonly name: string;
  readonly denoiser: Pick<Denoiser, 'latentChannels' | 'patchSize' | 'temporalPatchSize' | 'maxLatentSide'>;
  readonly autoencoder: Pick<Autoencoder, 'spatialCompression' | 'temporalCompression' | 'independentFrames'>;
}

/**
 * The latent of so many frames. Latent frames come in odd numbers where frames are coded together: only those have a first frame of its
 * own (an even number would begin with frames repeated). Throws 'request-invalid' where the size is beyond the positions of the network.
 */
export function latentSizeOf(
  model: SizedModel,
  { width, height, frames }: { readonly width: number; readonly height: number; readonly frames: number },
): LatentSize {
  const { independentFrames, temporalCompression } = model.autoencoder;
  const least = Math.ceil((frames - 1) / temporalCompression) + 1;
  return latentSizeOfFrames(
    model,
    { width, height },
    !independentFrames && least % 2 === 0 ? least + 1 : least,
    frames,
  );
}

/** As `latentSizeOf`, for so many latent frames, of whose frames the first `frames` are kept (default: all). */
export function latentSizeOfFrames(
  { name, denoiser, autoencoder }: SizedModel,
  { width, height }: { readonly width: number; readonly height: number },
  latentFrames: number,
  frames = framesOf(latentFrames, autoencoder),
): LatentSize {
  const { spatialCompression } = autoencoder;
  const multiple = multipleOf({ denoiser, autoencoder });
  const [paddedWidth, paddedHeight] = [Math.ceil(width / multiple) * multiple, Math.ceil(height / multiple) * multiple];
  const [columns, rows] = [paddedWidth / spatialCompression, paddedHeight / spatialCompression];
  const largest = denoiser.maxLatentSide;
  if (columns > largest || rows > largest) {
    const side = largest * spatialCompression;
    throw new AttuneError(
      'request-invalid',
      `${width}x${height} is too large for ${name}, which works up to ${side}x${side} pixels. Ask for a smaller size; what is given is then scaled.`,
      { field: 'size' },
    );
  }
  const { temporalPatchSize } = denoiser;
  const totalFrames = Math.ceil(latentFrames / temporalPatchSize) * temporalPatchSize;
  const frameLength = denoiser.latentChannels * rows * columns;
  return {
    width,
    height,
    frames,
    multiple,
    paddedWidth,
    paddedHeight,
    columns,
    rows,
    latentFrames,
    paddingFrames: totalFrames - latentFrames,
    totalFrames,
    frameLength,
    length: totalFrames * frameLength,
  };
}

/** Pixels along each side of one image token. */
export function multipleOf({ denoiser, autoencoder }: Pick<SizedModel, 'denoiser' | 'autoencoder'>): number {
  return autoencoder.spatialCompression * denoiser.patchSize;
}

/** Frames of so many latent frames: the first stands for one, each other for `temporalCompression`. */
export function framesOf(
  latentFrames: number,
  { temporalCompression }: Pick<Autoencoder, 'temporalCompression'>,
): number {
  return (latentFrames - 1) * temporalCompression + 1;
}
