import type { BatchJob, EditRequest, MediaInfo } from '../../contract/index.ts';
import { AttuneError, type ImageCodec, type Pixels, toMask } from '../../engine/index.ts';
import { decodeAnimation } from '../../native/animation.ts';
import type { JobResult } from '../batch/index.ts';
import { ToldError } from '../explain.ts';
import type { History } from '../store/history.ts';
import type { MediaStore } from '../store/media.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { JobQueue } from './queue.ts';

/** Jobs of batches, run through the queue like all others, one after another, so that a person's own runs come in between. */
export interface BatchJobs {
  run(job: BatchJob, signal: AbortSignal | undefined, batch: string): Promise<JobResult>;
}

export interface BatchJobsOptions {
  readonly queue: JobQueue;
  readonly history: History;
  readonly media: MediaStore;
  readonly dispatcher: Dispatcher;
  /** Throws as a run would before it starts. */
  readonly check: (request: EditRequest) => void;
}

export function openBatchJobs({ queue, history, media, dispatcher, check }: BatchJobsOptions): BatchJobs {
  const framesOf = async ({ ref, frames }: MediaInfo): Promise<Pick<JobResult, 'images' | 'fps' | 'seconds'>> => {
    if (frames === undefined) return { images: [await storedPixels(media, media.codec, ref.sha256)] };
    const { frames: images, ...timing } = await decodeAnimation((await media.get(ref.sha256)).bytes, 'the result');
    return { images, ...timing };
  };
  const result = async (id: string): Promise<JobResult> => {
    const { result, maps, record, warnings } = history.get(id);
    const pixelsOf = (sha256: string) => storedPixels(media, media.codec, sha256);
    return {
      ...(await framesOf(result)),
      maps: await Promise.all(
        maps.map(async ({ word, map, frame }) => ({
          word,
          ...(frame !== undefined && { frame }),
          image: toMask(await pixelsOf(map.ref.sha256)).mask,
        })),
      ),
      record,
      warnings,
    };
  };
  return {
    async run({ request }, signal, batch) {
      check(request);
      const id = dispatcher.submit({ request, batch });
      const stop = () => dispatcher.cancel(id);
      signal?.addEventListener('abort', stop, { once: true });
      try {
        const end = await dispatcher.endOf(id);
        if (end.isDone) return await result(id);
        // The batch keeps account of its jobs; the queue shows those that are to run.
        if (end.job !== undefined) queue.remove(id);
        dispatcher.changed();
        if (end.job?.error !== undefined) throw new ToldError(end.job.error);
        if (signal?.aborted) throw new AttuneError('cancelled', 'The batch was stopped.');
        throw new AttuneError('request-invalid', 'This job was taken out of the queue.');
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    },
  };
}

const storedPixels = async (media: MediaStore, codec: ImageCodec, sha256: string): Promise<Pixels> =>
  codec.decode((await media.get(sha256)).bytes, 'the result');
