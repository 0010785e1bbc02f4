import { type Engine, type ImageCodec, type Pixels, type RunOptions, toMask } from '../../engine/index.ts';
import { checkAnimation, decodeAnimation, encodeAnimation } from '../../native/animation.ts';
import { readFileWithin } from '../../native/files.ts';
import { encoded } from './encoded.ts';
import type { Done, RunJob } from './messages.ts';

/** Of any file that a job reads. */
export const MAX_FILE_BYTES = 512 * 1024 * 1024;

export function makesVideo(engine: Engine, method: string): boolean {
  return engine.describeMethods().some(({ id, makes }) => id === method && makes === 'video');
}

/** Runs a job of a video. Its frames become one animated WebP, which keeps every pixel. */
export async function runVideo(
  engine: Engine,
  { request, source, mask }: RunJob,
  options: RunOptions,
  codec: ImageCodec,
): Promise<Omit<Done, 'kind' | 'job'>> {
  const read = (path: string) => readFileWithin(path, MAX_FILE_BYTES);
  const media = {
    ...(source === undefined
      ? {}
      : { source: await decodeAnimation(await read(source), request.source?.name ?? 'the clip') }),
    ...(mask === undefined ? {} : { mask: toMask(await codec.decode(await read(mask), 'the mask')).mask }),
  };
  const frames: Pixels[] = [];
  const { size, fps, record, maps, figures, warnings } = await engine.runVideo(request, media, {
    ...options,
    // Before the run, so that nobody waits for frames that cannot be kept.
    onBegin: ({ size: { width, height }, frames: count }) => checkAnimation({ width, height, frames: count }, 'webp'),
    onFrame: (frame) => void frames.push(frame),
  });
  return {
    result: { format: 'webp', bytes: await encodeAnimation({ frames, fps }, 'webp'), ...size },
    record,
    maps: await Promise.all(
      maps.map(async ({ word, frame, image }) => ({
        word,
        frame,
        ...(await encoded(image, codec)),
      })),
    ),
    figures,
    warnings,
  };
}
