import {
  AttuneError,
  type Clip,
  type Engine,
  type ImageCodec,
  type Pixels,
  type RunOptions,
  toMask,
} from '../../engine/index.ts';
import { animationSize, checkAnimation, decodeAnimation, encodeAnimation } from '../../native/animation.ts';
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
  const media = {
    ...(source === undefined ? {} : { source: await readSource(source, request.source?.name ?? 'the source', codec) }),
    ...(mask === undefined ? {} : { mask: await readMask(mask, request.mask?.name ?? 'the mask', codec) }),
  };
  const { images, fps, masks, record, maps, figures, warnings } = await engine.run(request, media, {
    ...options,
    onBegin({ size: { width, height }, frames }) {
      if (frames > 1) checkAnimation({ width, height, frames }, 'webp');
    },
  });
  return {
    result: await encoded(images, fps, codec),
    record,
    ...(masks?.length === 1 ? { area: await encoded(masks, undefined, codec) } : {}),
    maps: await Promise.all(
      maps.map(async ({ word, frame, image }) => ({
        word,
        ...(fps === undefined ? {} : { frame }),
        ...(await encoded([image], undefined, codec)),
      })),
    ),
    figures,
    warnings,
  };
}

/** A picture, or the frames of an animation. Throws 'file-failed' or 'media-invalid'. */
export async function readSource(path: string, name: string, codec: ImageCodec): Promise<Pixels | Clip> {
  const bytes = await readFileWithin(path, MAX_FILE_BYTES);
  return (await animationSize(bytes)) === undefined ? codec.decode(bytes, name) : decodeAnimation(bytes, name);
}

async function readMask(path: string, name: string, codec: ImageCodec): Promise<Pixels> {
  return toMask(await codec.decode(await readFileWithin(path, MAX_FILE_BYTES), name)).mask;
}

/** @param fps frames a second; absent for a picture */
async function encoded(frames: readonly Pixels[], fps: number | undefined, codec: ImageCodec): Promise<Encoded> {
  const [first] = frames;
  if (first === undefined) throw new AttuneError('runtime-failed', 'The run gave no frame.');
  const { width, height } = first;
  if (fps === undefined)
    return { format: 'png', bytes: new Uint8Array(await codec.encode(first, 'png')), width, height };
  return { format: 'webp', bytes: await encodeAnimation({ frames, fps }, 'webp'), width, height };
}
