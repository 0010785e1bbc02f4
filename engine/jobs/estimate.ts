import { AttuneError } from '../base/errors.ts';
import type { PlanHook } from '../checkpoint/inspect.ts';
import { rowsOf } from '../denoise/guidance.ts';
import { type MemoryPlan, planMemory } from '../denoise/memory.ts';
import { type MadeSize, tooLarge } from '../denoise/outofmemory.ts';
import { latentSizeOf } from '../latents/size.ts';
import type { Model } from '../model/model.ts';

/** A guided picture or clip of the checkpoint's own size; undefined where the model cannot be opened. */
export function usualMemory(open: () => Model): ReturnType<PlanHook> {
  try {
    const model = open();
    const { width, height, frames, guidance } = model.defaults;
    const size = latentSizeOf(model, { width, height, frames });
    const plan = planMemory(model, {
      ...{ size, window: size.totalFrames, rows: rowsOf(model.denoiser, guidance) },
      ...{ encodes: false, searchRows: 0, mapColumns: 0, routed: false, streams: false, inMemoryBytes: undefined },
    });
    const { mappedBytes, privateBytes, peakBytes } = plan;
    return { mappedBytes, privateBytes, usual: { width, height, peakBytes } };
  } catch (error) {
    if (error instanceof AttuneError) return undefined;
    throw error;
  }
}

/**
 * Sees to it that a job fits: where it does not, what earlier jobs have left loaded is given back first. Throws 'memory-exceeded' where
 * the plan needs more than there is even then.
 */
export async function ensureMemory(
  memory: MemoryPlan,
  size: MadeSize,
  availableBytes: () => number,
  loaded: Iterable<Pick<Model, 'sessions'>>,
): Promise<void> {
  if (memory.peakBytes <= availableBytes()) return;
  for (const { sessions } of loaded) await sessions.release();
  const free = availableBytes();
  if (memory.peakBytes > free) throw tooLarge(memory, size, free);
}
