import type { ResolvedRequest } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import type { PlanHook } from '../checkpoint/inspect.ts';
import type { Method } from '../methods/method.ts';
import { type JobShape, type MemoryPlan, type PlannedModel, planMemory } from '../pipeline/memory.ts';
import type { Model } from '../pipeline/model.ts';

/** What the job of a resolved request will need. */
export function estimateMemory(
  method: Method,
  request: ResolvedRequest,
  hasMask: boolean,
  model: PlannedModel,
): MemoryPlan {
  return planMemory(model, shapeOf(method, request, hasMask));
}

/** Value columns read out where maps are asked for: the words of a prompt, and the whole text. */
export const mapColumns = ({ maps, prompt }: Pick<ResolvedRequest, 'maps' | 'prompt'>) =>
  maps === true ? 1 + (prompt.match(/[\p{L}\p{N}]+/gu)?.length ?? 0) : 0;

function shapeOf(method: Method, request: ResolvedRequest, hasMask: boolean): JobShape {
  const { width, height } = request.size;
  return { width, height, mapColumns: mapColumns(request), ...method.demand(request, hasMask) };
}

/** A guided picture of the checkpoint's own size; undefined where the model cannot be opened. */
export function usualMemory(open: () => Pick<Model, 'defaults'> & PlannedModel): ReturnType<PlanHook> {
  try {
    const model = open();
    const size = { width: model.defaults.size, height: model.defaults.size };
    const rows = model.defaults.guidance === 1 ? 1 : 2;
    const plan = planMemory(model, { ...size, rows, encodes: false, searchRows: 0, mapColumns: 0, routed: false });
    const { mappedBytes, privateBytes, peakBytes } = plan;
    return { mappedBytes, privateBytes, usual: { ...size, peakBytes } };
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
  { peakBytes }: MemoryPlan,
  { size }: Pick<ResolvedRequest, 'size'>,
  availableBytes: () => number,
  loaded: Iterable<Pick<Model, 'sessions'>>,
): Promise<void> {
  if (peakBytes <= availableBytes()) return;
  for (const { sessions } of loaded) await sessions.release();
  const free = availableBytes();
  if (peakBytes <= free) return;
  throw new AttuneError(
    'memory-exceeded',
    `This job needs about ${inGigabytes(peakBytes)} of memory and ${inGigabytes(free)} are free. Ask for a smaller size than ${size.width}x${size.height} (--size), or close other programs.`,
    { field: 'size' },
  );
}

const inGigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`;
