import type { Stage } from '../../contract/index.ts';
import { AttuneError, type FrameShape, type MemoryPlan, ranOut } from '../../engine/index.ts';
import type { RunnerExit } from './exit.ts';
import type { FromRunner } from './messages.ts';

interface Said {
  readonly what?: string;
  readonly way: string;
}

/** What a runner does for a job, from what it told: what is known if it ends. */
export class Doing {
  #stage: Stage | undefined;
  #network: string | undefined;
  #plan: { readonly shape: FrameShape; readonly memory: MemoryPlan } | undefined;

  hear(message: FromRunner): void {
    if (message.kind === 'begin') this.#plan = message;
    if (message.kind !== 'event') return;
    const { event } = message;
    if (event.kind === 'stage') {
      this.#stage = event.stage;
      this.#network = undefined;
    } else if (event.kind === 'part') this.#network = event.network;
  }

  /**
   * Why a job has no result whose runner ended.
   * @param said what else there is to say of it, and what to do about it where it was not for want of memory, which has its own way out
   */
  lostBy({ isOutOfMemory, sentence: how }: RunnerExit, { what, way }: Said): AttuneError {
    const sentence = what === undefined ? how : `${how} ${what}`;
    if (!isOutOfMemory) return new AttuneError('runtime-failed', `${sentence} ${way}`);
    const { shape, memory } = this.#plan ?? {};
    const size = shape && { ...shape.size, frames: shape.frames };
    return ranOut({ network: this.#running(), memory, size }, sentence);
  }

  #running(): string | undefined {
    if (this.#network !== undefined) return this.#network;
    switch (this.#stage) {
      case 'search':
      case 'denoise':
        return 'transformer';
      case 'encode':
      case 'decode':
        return 'vae';
      case 'upscale':
        return 'upscaler';
      default:
        return undefined;
    }
  }
}
