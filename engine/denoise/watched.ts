import { isOutOfMemory } from '../base/allocation.ts';
import type { Sessions } from '../model/sessions.ts';
import { type RanOut, ranOut } from './outofmemory.ts';
import type { Progress } from './progress.ts';

/**
 * The same sessions for one run: each one that is asked for tells the progress which network begins, and memory that runs out is told with
 * the network that took it.
 */
export function watched(sessions: Sessions, progress: Progress, job: Omit<RanOut, 'network'>): Sessions {
  return {
    get size() {
      return sessions.size;
    },
    release: () => sessions.release(),
    async get(use, options, build) {
      const { network } = use;
      progress.begins(network);
      const session = await sessions.get(use, options, build).catch(explained(network));
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        release: () => session.release(),
        run: (feeds, fetches) => session.run(feeds, fetches).catch(explained(network)),
      };
    },
  };

  function explained(network: string): (error: unknown) => never {
    return (error) => {
      throw isOutOfMemory(error) ? ranOut({ ...job, network }, undefined, error) : error;
    };
  }
}
