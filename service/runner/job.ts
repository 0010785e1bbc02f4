import {
  AttuneError,
  type Clip,
  type Engine,
  type ImageCodec,
  type Pixels,
  type RunOptions,
  toMask,
} from '../../engine/index.ts';
import {
  type Animation,
  animationSize,
  checkAnimation,
  decodeAnimation,
  encodeAnimation,
  type Part,
} from '../../native/animation.ts';
import { readFileWithin } from '../../native/files.ts';
import type { Done, Encoded, RunJob } from './messages.ts';

/** Of any file that a job reads. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;

/**
 * Runs a job. A picture becomes a PNG, the frames of a video one animated WebP; both keep every pixel. A video of more frames than can be
 * kept is refused before it runs.
 */
export async function runJob(
  engine: Engine,
  { request, source, mask }: RunJob,
  options: RunOptions,
  codec: ImageCodec,
): Promise<Omit<Done, 'kind' | 'job'>> {
  const part = { start: request.startFrame ?? 0, count: request.frames };
  const name = request.source?.name ?? 'the source';
  const loaded = source === undefined ? undefined : await readSource(source, name, codec, part);
  const media = {
    ...(loaded && { source: loaded }),
    ...(mask === undefined ? {} : { mask: await readMask(mask, request.mask?.name ?? 'the mask', codec) }),
  };
  const { images, fps, masks, record, maps, figures, warnings } = await engine.run(request, media, {
    ...options,
    onBegin(shape, memory) {
      const { size, frames } = shape;
      if (frames > 1) checkAnimation({ ...size, frames }, 'webp');
      return options.onBegin?.(shape, memory);
    },
  });
  // Uneven times of an edited clip are kept, unless another rate was asked for.
  const isSameRate = loaded !== undefined && 'frames' in loaded && (request.fps ?? loaded.fps) === loaded.fps;
  const seconds = isSameRate ? loaded.seconds : undefined;
  return {
    result: await encoded(images, { fps, ...(seconds && { seconds }) }, codec),
    record,
    ...(masks?.length === 1 ? { area: await encoded(masks, {}, codec) } : {}),
    maps: await Promise.all(
      maps.map(async ({ word, frame, image }) => ({
        word,
        ...(fps === undefined ? {} : { frame }),
        ...(await encoded([image], {}, codec)),
      })),
    ),
    figures,
    warnings,
  };
}

/**
 * A picture, or the frames of an animation. Throws 'file-failed' or 'media-invalid', and 'request-invalid' for a part beyond its end.
 * @param part what is needed of an animation
 */
export async function readSource(
  path: string,
  name: string,
  codec: ImageCodec,
  part: Part = { start: 0 },
): Promise<Pixels | (Clip & Animation)> {
  const bytes = await readFileWithin(path, MAX_FILE_BYTES);
  if ((await animationSize(bytes)) === undefined) return codec.decode(bytes, name);
  return { ...(await decodeAnimation(bytes, name, part)), first: part.start };
}

async function readMask(path: string, name: string, codec: ImageCodec): Promise<Pixels> {
  return toMask(await codec.decode(await readFileWithin(path, MAX_FILE_BYTES), name)).mask;
}

/** @param timing frames a second, absent for a picture; how long each is shown, where that differs */
async function encoded(
  frames: readonly Pixels[],
  { fps, seconds }: { readonly fps?: number | undefined; readonly seconds?: readonly number[] },
  codec: ImageCodec,
): Promise<Encoded> {
  const [first] = frames;
  if (first === undefined) throw new AttuneError('runtime-failed', 'The run gave no frame.');
  const { width, height } = first;
  if (fps === undefined)
    return { format: 'png', bytes: new Uint8Array(await codec.encode(first, 'png')), width, height };
  return {
    format: 'webp',
    bytes: await encodeAnimation({ frames, fps, ...(seconds && { seconds }) }, 'webp'),
    width,
    height,
  };
}
