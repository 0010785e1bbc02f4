import type { EditRequest, JobEstimate, Region, Timeline } from '../../contract/index.ts';
import type { MediaSizes } from '../../engine/index.ts';
import { availableMemory } from '../../native/available.ts';
import type { Handlers } from '../../transport/index.ts';
import type { Context } from '../context.ts';

/** Calls that tell what there is and what a job would need. */
export function sessionCalls(
  context: Context,
): Pick<Handlers, 'hello' | 'words' | 'read' | 'estimate' | 'place' | 'timeline'> {
  const { options, engine, models, settings, queue, dispatcher, sample, batches } = context;
  return {
    hello: async () => ({
      version: options.version,
      methods: [...engine().describeMethods()],
      ...models.list(),
      settings: settings.value,
      queue: queue.state(),
      run: dispatcher.told(),
      batches: batches.states().reverse(),
      sample: { source: await sample(), request: sampleRequest((await sample()).ref) },
    }),
    words: ({ checkpoint }) => ({ vocabulary: engine().vocabulary(models.entry(checkpoint).ref) ?? null }),
    read: ({ checkpoint, text }) => engine().readPrompt(models.entry(checkpoint).ref, text),
    estimate: ({ request, painted }) => estimateOf(context, request, painted),
    place: ({ checkpoint, source, region, painted }) =>
      engine().place(
        models.entry(checkpoint).ref,
        { ...(region && { region }) },
        // A region that was asked for stays where it is.
        { source, ...(painted && region === undefined && { area: painted }) },
      ),
    timeline: ({ request }) => ({ timeline: timelineOf(context, request) }),
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

/** Sizes of a request's source and mask. Throws 'media-invalid' naming the field for one that is not in the store. */
function sizesOf({ media }: Pick<Context, 'media'>, request: EditRequest, painted: Region | undefined): MediaSizes {
  const source = request.source && media.info(request.source, 'source');
  // What is being painted is as large as the picture it is painted on.
  const mask = request.mask === undefined ? painted && source : media.info(request.mask, 'mask');
  return { ...(source && { source }), ...(mask && { mask }), ...(painted && { area: painted }) };
}

type EstimateContext = Pick<Context, 'engine' | 'models' | 'timings' | 'media'>;

/** Throws as a run would before it starts: 'request-invalid', 'media-invalid', 'checkpoint-...'. */
export function estimateOf(context: EstimateContext, request: EditRequest, painted?: Region): JobEstimate {
  const { engine, models, timings } = context;
  const { ref } = models.entry(request.checkpoint);
  const { request: planned, size, memory, unread } = engine().plan(request, sizesOf(context, request, painted));
  const available = availableMemory();
  const expectedMs = timings.expected({ ...planned, checkpoint: ref, frames: size.frames });
  return {
    peakBytes: Math.round(memory.peakBytes),
    availableBytes: Math.round(available),
    fits: memory.peakBytes <= available,
    unread: [...unread],
    ...(expectedMs === undefined ? {} : { expectedMs }),
  };
}

function timelineOf(context: EstimateContext, request: EditRequest): Timeline | null {
  const { timeline } = context.engine().plan(request, sizesOf(context, request, undefined));
  return timeline === undefined ? null : { ...timeline, stretches: [...timeline.stretches] };
}
