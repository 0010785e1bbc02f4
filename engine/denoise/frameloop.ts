import { throwIfCancelled } from '../base/errors.ts';
import { valueAt } from '../base/tensor.ts';
import type { LatentFrames, LatentStore } from '../latents/frames.ts';
import type { SamplingPlan } from '../sampling/scheduler.ts';
import type { Renoising } from '../sampling/schedulerloop.ts';

/** Standard noise of `count` latent frames from frame `start` on; `draw` numbers the draws. */
export type FrameNoise = (draw: number, start: number, count: number) => Float32Array;

export interface FrameCall {
  readonly step: number;
  readonly timestep: number;
  /** At the level of the step, but for the frames that were predicted already: those are one step on. */
  readonly latent: LatentFrames;
}

/** What the network predicts, guidance applied, for some frames in a row. */
export interface FramePrediction {
  readonly start: number;
  /** Whole frames. */
  readonly output: Float32Array;
}

export interface FrameLoop {
  /** At the level of the first step; in the end the clean latent. */
  readonly latent: LatentStore;
  /** Takes the clean estimate of each step. */
  readonly clean: LatentStore;
  readonly plan: SamplingPlan;
  /** Predicts every frame once a step, in any pieces. */
  readonly predict: (call: FrameCall) => AsyncIterable<FramePrediction>;
  /** Standard noise of a step; needed where the plan's `noiseUse` is not `none`. */
  readonly noise: FrameNoise;
  readonly renoising?: Renoising | undefined;
  readonly onStep?: (step: number) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * `runSchedulerLoop` for a latent that is too long to hold: what a scheduler does to a number depends on no other, so that frames take
 * their step as soon as they are predicted. Changes `latent` and `clean` in place.
 * @throws AttuneError 'cancelled' between steps
 */
export async function runFrameLoop(loop: FrameLoop): Promise<void> {
  const { latent, clean, plan, noise, renoising } = loop;
  for (let step = 0; step < plan.timesteps.length; step++) {
    throwIfCancelled(loop.signal);
    if (step > 0 && step === renoising?.from)
      for (let frame = 0; frame < latent.frames; frame++)
        await latent.write(frame, plan.addNoise(await clean.read(frame, 1), renoising.noise(latent.frameLength), step));
    for await (const { start, output } of loop.predict({ step, timestep: valueAt(plan.timesteps, step), latent })) {
      const count = output.length / latent.frameLength;
      const after = plan.step(step, await latent.read(start, count), output, {
        ...(plan.noiseUse === 'none' ? {} : { noise: noise(step, start, count) }),
        ...(step === 0 ? {} : { previousClean: await clean.read(start, count) }),
      });
      await clean.write(start, after.clean);
      await latent.write(start, after.next);
    }
    await loop.onStep?.(step);
  }
}
