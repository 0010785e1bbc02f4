import type { Handlers } from '../../transport/index.ts';
import type { Context } from '../context.ts';
import { saveStream } from '../save.ts';

type Names = Extract<keyof Handlers, `batch.${string}`>;

/** Calls about tables of jobs. */
export function batchCalls({ batches, takeGrant }: Context): Pick<Handlers, Names> {
  const done = (change: () => void) => {
    change();
    return {};
  };
  return {
    'batch.plan': ({ table }) => batches.plan(table),
    'batch.parse': ({ name, bytes }) => batches.parse(name, bytes),
    'batch.start': ({ table }) => batches.start(table),
    'batch.pause': ({ batch }) => done(() => batches.pause(batch)),
    'batch.resume': ({ batch }) => done(() => batches.resume(batch)),
    'batch.cancel': ({ batch }) => done(() => batches.cancel(batch)),
    async 'batch.save'({ batch, grant }) {
      const { stream } = await batches.archive(batch);
      return saveStream(stream, takeGrant(grant));
    },
  };
}
