import type { Handlers } from '../../transport/index.ts';
import type { Context } from '../context.ts';
import { estimateOf } from './session.ts';

type Names =
  | 'jobs.submit'
  | 'jobs.cancel'
  | 'jobs.retry'
  | 'jobs.remove'
  | 'jobs.move'
  | 'queue.pause'
  | 'queue.resume'
  | 'queue.clear'
  | 'engine.start';

/** Calls about the queue and who works on it. */
export function jobCalls(context: Context): Pick<Handlers, Names> {
  const { queue, dispatcher, supervisor } = context;
  const after = (change: () => unknown) => {
    change();
    dispatcher.changed();
    dispatcher.pump();
    return {};
  };
  return {
    'jobs.submit'({ request, isFirst = false }) {
      // What cannot run is refused now, and not after an hour in the queue.
      estimateOf(context, request);
      return { job: dispatcher.submit({ request, isFirst }) };
    },
    'jobs.cancel': ({ job }) => after(() => dispatcher.cancel(job)),
    'jobs.retry': ({ job }) => after(() => queue.retry(job)),
    'jobs.remove': ({ job }) => after(() => queue.remove(job)),
    'jobs.move': ({ job, before }) => after(() => queue.move(job, before)),
    'queue.pause': () => after(() => dispatcher.setPaused(true)),
    'queue.resume': () => after(() => dispatcher.setPaused(false)),
    'queue.clear': () => after(() => queue.clear()),
    'engine.start': () => after(() => supervisor.start()),
  };
}
