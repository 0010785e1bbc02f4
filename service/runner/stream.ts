import type { Engine, FrameShape, MemoryPlan, Pixels, RunMedia, RunOptions, SelectResult } from '../../engine/index.ts';
import type { EnlargeJob, FromRunner, GivenClip, LookJob, Made, StreamJob } from './messages.ts';

type Tell = (message: Extract<FromRunner, { readonly kind: 'begin' | 'frame' }>) => void;

/** Runs a job whose frames are taken one by one; while one is taken, the next is decoded. */
export async function streamJob(
  engine: Engine,
  { job, request, mask, clip }: StreamJob,
  given: readonly Pixels[],
  options: RunOptions & { readonly tell: Tell; readonly taken: () => Promise<void> },
): Promise<Made> {
  const { tell, taken, ...rest } = options;
  const source = sourceOf(given, { ...(clip && { clip }) });
  const media: RunMedia = { ...(source && { source }), ...(mask && { mask }) };
  let before: Promise<void> = Promise.resolve();
  const {
    images: _images,
    unpasted: _unpasted,
    ...made
  } = await engine.run(request, media, {
    ...rest,
    onBegin(shape: FrameShape, memory: MemoryPlan) {
      const answered = taken();
      tell({ kind: 'begin', job, shape, memory });
      return answered;
    },
    async onFrame(frame) {
      await before;
      before = taken();
      tell({ kind: 'frame', job, frame });
    },
  });
  await before;
  return made;
}

/** Looks for a word in pixels that were given. */
export async function lookJob(
  engine: Engine,
  { request, clip }: LookJob,
  given: readonly Pixels[],
  options: Pick<RunOptions, 'onEvent' | 'signal'>,
): Promise<SelectResult> {
  const source = sourceOf(given, { ...(clip && { clip }) });
  if (source === undefined) throw new RangeError('a look was told without a source');
  return engine.select({ ...request, source }, options);
}

/** Makes the picture larger that was given. */
export async function enlargeJob(
  engine: Engine,
  { request }: EnlargeJob,
  [picture]: readonly Pixels[],
  options: Pick<RunOptions, 'onEvent' | 'signal'>,
): Promise<Pixels> {
  if (picture === undefined) throw new RangeError('there is no picture to enlarge');
  return engine.upscale({ ...request, picture }, options);
}

function sourceOf(frames: readonly Pixels[], { clip }: GivenClip): RunMedia['source'] {
  return clip === undefined ? frames[0] : { ...clip, frames };
}

/** The answers to what one job told: each `next` is one. A cancelled job is answered at once. */
export class Answers {
  readonly #signal: AbortSignal;
  #waiting: (() => void)[] = [];

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => {
      for (const go of this.#waiting.splice(0)) go();
    });
  }

  next(): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  take(): void {
    this.#waiting.shift()?.();
  }
}
