import { AttuneError } from '../../engine/index.ts';
import type { Handlers } from '../../transport/index.ts';

type Names = Extract<keyof Handlers, `batch.${string}`>;

const notYet = (): never => {
  throw new AttuneError('request-invalid', 'Batches cannot be run from here yet; submit the jobs one by one.');
};

/** Calls about tables of jobs. */
export function batchCalls(): Pick<Handlers, Names> {
  return {
    'batch.plan': notYet,
    'batch.parse': notYet,
    'batch.start': notYet,
    'batch.pause': notYet,
    'batch.resume': notYet,
    'batch.cancel': notYet,
    'batch.download': notYet,
  };
}
