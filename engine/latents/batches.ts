import { AttuneError } from '../base/errors.ts';
import { cutAxis, type FloatTensor, type Tensor } from '../base/tensor.ts';
import type { FrameSizes } from '../family.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { finite } from '../model/finite.ts';
import type { Model } from '../model/model.ts';
import type { RuntimeSession } from '../ports.ts';
import { framesOf, type LatentSize } from './size.ts';
import { tileGrid } from './tiling.ts';

/** What of a model codes frames. */
export type CodingModel = Pick<Model, 'folder' | 'autoencoder' | 'sessions' | 'loading'>;

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

/** Runs an autoencoder over frames in its batches, each given what the one before carries on: frames of the other side. */
export async function* batchesOf(
  model: CodingModel,
  way: 'encode' | 'decode',
  { frames, height, width, read }: FrameReader,
): AsyncGenerator<FloatTensor> {
  const { autoencoder } = model;
  const lengths = way === 'encode' ? autoencoder.encoderBatches(frames) : autoencoder.decoderBatches(frames);
  let carried: Record<string, Tensor> = {};
  let start = 0;
  for (const [index, length] of lengths.entries()) {
    const follows = index > 0 && !autoencoder.independentFrames;
    const session = await coderSession(model, way, { batch: 1, frames: length, height, width, follows });
    const outputs = await session.run({
      [way === 'encode' ? 'frames' : 'latent']: await read(start, length),
      ...carried,
    });
    const { result, ...after } = outputs;
    if (result?.dtype !== 'float32')
      throw new AttuneError('runtime-failed', 'The session did not return the frames as float32.');
    finite(result.data, way === 'encode' ? 'VAE encoder' : 'VAE decoder', model.folder);
    carried = Object.fromEntries(
      Object.entries(after).map(([name, tensor]) => [name.replace('after.', 'before.'), tensor]),
    );
    start += length;
    yield result;
  }
}

/** The calls of the network that it takes to code whole frames, tile by tile where they are larger than one. */
export function codingCalls(
  { autoencoder }: Pick<CodingModel, 'autoencoder'>,
  way: 'encode' | 'decode',
  { rows, columns, frames, latentFrames }: LatentSize,
): readonly { readonly network: string; readonly cost: number }[] {
  const calls = (count: number) => Array.from({ length: count }, () => ({ network: 'vae', cost: 1 }));
  const tiles = tileGrid(rows, columns, autoencoder.tiling).length;
  const given = framesOf(latentFrames, autoencoder);
  if (autoencoder.independentFrames) return calls(tiles * (way === 'encode' ? given : frames));
  const batches = way === 'encode' ? autoencoder.encoderBatches(given) : autoencoder.decoderBatches(latentFrames);
  return calls(tiles * batches.length);
}

function coderSession(model: CodingModel, way: 'encode' | 'decode', sizes: FrameSizes): Promise<RuntimeSession> {
  const { frames, height, width, follows } = sizes;
  const { folder, autoencoder, loading, sessions } = model;
  const variant = `${folder}:${way}:${frames}x${height}x${width}:${follows ? 'follows' : 'first'}`;
  return sessions.get({ network: 'vae', variant }, loading.autoencoder, () => {
    const g = new GraphBuilder();
    const built = way === 'encode' ? autoencoder.buildEncoder(g, sizes) : autoencoder.buildDecoder(g, sizes);
    g.output('result', 'mean' in built ? built.mean : built.frames);
    for (const [name, value] of built.after) g.output(`after.${name}`, value);
    return g.build();
  });
}
