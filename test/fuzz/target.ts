import { AttuneError } from '../../engine/index.ts';

/** Something that takes what anybody may give it. */
export interface Target {
  readonly name: string;
  /** Damaged inputs that a run of the tests tries; `ATTUNE_FUZZ=N` multiplies it. */
  readonly budget: number;
  /** Why it cannot be tried here. */
  readonly skip?: string;
  open(): Promise<Attack>;
}

export interface Attack {
  /** Throws where what is damaged in the rounds is not taken while it is whole. */
  whole(): Promise<void>;
  /** One damaged input. Resolves to whether it was taken; throws where it was neither taken nor refused with a sentence. */
  round(random: (below: number) => number): Promise<boolean>;
  close?(): Promise<void>;
}

/** Whether `work` came to its end; a refusal of ours is none, anything else that is thrown goes on. */
export async function isTaken(work: () => unknown): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof AttuneError && error.message.length > 0) return false;
    throw error;
  }
}
