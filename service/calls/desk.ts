import type { EditRequest, JobEstimate } from '../../contract/index.ts';
import { AttuneError, type MediaSizes } from '../../engine/index.ts';
import { availableMemory } from '../../native/available.ts';
import type { Handlers } from '../../transport/index.ts';
import type { Context } from '../context.ts';

/** Calls that tell what there is and what a job would need. */
export function deskCalls(context: Context): Pick<Handlers, 'hello' | 'words' | 'read' | 'estimate'> {
  const { options, engine, models, settings, queue, sample, batches } = context;
  return {
    hello: async () => ({
      version: options.version,
      methods: [...engine().describeMethods()],
      ...models.list(),
      settings: settings.value,
      queue: queue.state(),
      batches: batches.states().reverse(),
      sample: { source: await sample(), request: sampleRequest((await sample()).ref) },
    }),
    words: ({ checkpoint }) => ({ vocabulary: engine().vocabulary(models.entry(checkpoint).ref) ?? null }),
    read: ({ checkpoint, text }) => engine().readPrompt(models.entry(checkpoint).ref, text),
    estimate: ({ request, isPainted }) => estimateOf(context, request, isPainted),
  };
}

/** The README's main job. */
function sampleRequest(source: NonNullable<EditRequest['source']>): EditRequest {
  return {
    method: 'prompt-edit',
    checkpoint: 'embedded/image',
    source,
    sourcePrompt: 'a red car on the left and a blue house on the right, on sand',
    prompt: 'a green car on the left and a blue house on the right, on sand',
    seed: 7,
    maps: true,
  };
}

/** Sizes of a request's pictures. Throws 'media-invalid' naming the field for one that is not in the store. */
function sizesOf({ media }: Pick<Context, 'media'>, request: EditRequest, isPainted: boolean): MediaSizes {
  const source = request.source && media.info(request.source, 'source');
  // What is being painted is as large as the picture it is painted on.
  const mask = request.mask === undefined ? (isPainted ? source : undefined) : media.info(request.mask, 'mask');
  return { ...(source && { source }), ...(mask && { mask }) };
}

type EstimateContext = Pick<Context, 'engine' | 'models' | 'timings' | 'media'>;

/** Throws as a run would before it starts: 'request-invalid', 'media-invalid', 'checkpoint-...'. */
export function estimateOf(context: EstimateContext, request: EditRequest, isPainted = false): JobEstimate {
  const { engine, models, timings } = context;
  const { ref } = models.entry(request.checkpoint);
  const method = engine()
    .describeMethods()
    .find(({ id }) => id === request.method);
  if (method?.makes === 'video') return estimateVideo(context, request, ref);
  const sizes = sizesOf(context, request, isPainted);
  const { peakBytes, unread } = engine().estimate(request, sizes);
  const available = availableMemory();
  const { defaults } = engine().model(ref);
  const steps = request.steps ?? defaults.methodSteps[request.method] ?? method?.defaults.steps ?? defaults.steps;
  const size = request.size ?? sizes.source ?? { width: defaults.size, height: defaults.size };
  const expectedMs = timings.expected({ checkpoint: ref, method: request.method, size, steps });
  return {
    peakBytes: Math.round(peakBytes),
    availableBytes: Math.round(available),
    fits: peakBytes <= available,
    unread: [...unread],
    ...(expectedMs === undefined ? {} : { expectedMs }),
  };
}

/** As `estimateOf`; the time is known by the number of prompts alone. */
function estimateVideo({ engine, timings, media }: EstimateContext, request: EditRequest, ref: string): JobEstimate {
  const { source } = request;
  const clip = source === undefined ? undefined : media.info(source, 'source');
  if (clip !== undefined && clip.frames === undefined)
    throw new AttuneError('media-invalid', `${clip.ref.name} is a still picture, and a clip is edited here.`, {
      field: 'source',
    });
  const size = clip && {
    size: { width: clip.width, height: clip.height },
    frames: clip.frames ?? 1,
    fps: clip.fps ?? 8,
  };
  const { peakBytes, unread } = engine().estimateVideo(request, size);
  const available = availableMemory();
  const { defaults } = engine().videoModel(ref);
  const expectedMs = timings.expected({
    checkpoint: ref,
    method: request.method,
    prompts: request.segments?.length,
    size: request.size ?? size?.size ?? { width: defaults.width, height: defaults.height },
    steps: request.steps ?? defaults.steps,
  });
  return {
    peakBytes: Math.round(peakBytes),
    availableBytes: Math.round(available),
    fits: peakBytes <= available,
    unread: [...unread],
    ...(expectedMs === undefined ? {} : { expectedMs }),
  };
}
