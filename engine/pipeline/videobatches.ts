import { AttuneError } from '../base/errors.ts';
import { cutAxis, type FloatTensor, type Tensor } from '../base/tensor.ts';
import type { VideoAutoencoder } from '../family.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { RuntimeSession } from '../ports.ts';
import { finite } from './finite.ts';
import type { Tiling } from './tiling.ts';
import type { VideoModel } from './videomodel.ts';

/** 192 px planes at once with the usual factor 8: the decoder of CogVideoX holds some 3 GB at that size. */
export const DEFAULT_VIDEO_TILING: Tiling = { cells: 24, overlap: 6 };

/** What of a model codes frames. */
export type FrameCodingModel = Pick<VideoModel, 'folder' | 'coder' | 'sessions' | 'loading'>;

/** Frames [1, C, F, h, w] that are asked for some at a time. */
export interface FrameReader {
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  /** [1, C, count, h, w], frames start .. start + count. */
  read(start: number, count: number): Promise<FloatTensor>;
}

/** Frames that are in memory. */
export function readerOf(whole: FloatTensor): FrameReader {
  const [, , frames = 0, height = 0, width = 0] = whole.dims;
  return { frames, height, width, read: async (start, count) => cutAxis(whole, 2, start, count) };
}

/** Runs a coder over frames in its batches, each given what the one before carries on: frames of the other side. */
export async function* batchesOf(
  model: FrameCodingModel,
  autoencoder: VideoAutoencoder,
  way: 'encode' | 'decode',
  { frames, height, width, read }: FrameReader,
): AsyncGenerator<FloatTensor> {
  const lengths = way === 'encode' ? autoencoder.encoderBatches(frames) : autoencoder.decoderBatches(frames);
  let carried: Record<string, Tensor> = {};
  let start = 0;
  for (const [index, length] of lengths.entries()) {
    const sizes = { batch: 1, frames: length, height, width, follows: index > 0 };
    const session = await coderSession(model, autoencoder, way, sizes);
    const outputs = await session.run({
      [way === 'encode' ? 'video' : 'latent']: await read(start, length),
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
    yield result;
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
