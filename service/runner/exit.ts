import { isOutOfMemory } from '../../engine/index.ts';

/** How a process that runs networks ended. */
export interface RunnerExit {
  /** Whether it ended by itself: false where it was ended from here. */
  readonly isCrash: boolean;
  /** Whether it shows what memory that runs out looks like from outside. */
  readonly isOutOfMemory: boolean;
  readonly sentence: string;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal?: string | null;
  /** The end of what it wrote to standard error. */
  readonly said?: string;
  readonly isKilled: boolean;
}

/** As shells count it where the signal itself is not told, and as some systems hand it out. */
const KILLED = new Set([137, 9]);

/** Nobody but the kernel ends a process of ours by SIGKILL: it does so where memory runs out. V8 and native code say it before they abort. */
export function exitOf({ code, signal, said = '', isKilled }: ProcessEnd): RunnerExit {
  const end = (sentence: string, isMemory: boolean): RunnerExit => ({
    isCrash: !isKilled,
    isOutOfMemory: isMemory && !isKilled,
    sentence,
  });
  if (isOutOfMemory(said)) return end('The process that runs networks ran out of memory.', true);
  if (signal === 'SIGKILL' || (code !== null && KILLED.has(code)))
    return end('The system ended the process that runs networks, as it does when memory runs out.', true);
  return end(`The process that runs networks ended (${signal ?? `code ${code}`}).`, false);
}
