import { AttuneError } from '../base/errors.ts';
import { cogVideoXDdim, cogVideoXDpm } from './cogvideox.ts';
import type { SchedulerConfig } from './config.ts';
import { ddim } from './ddim.ts';
import { flowMatchEuler } from './flow.ts';
import { lcm } from './lcm.ts';
import type { OpenScheduler, Scheduler } from './scheduler.ts';

/** Every scheduler class that checkpoints may name; one line each. */
export const schedulers: readonly Scheduler[] = [flowMatchEuler, ddim, lcm, cogVideoXDdim, cogVideoXDpm];

/**
 * The scheduler of a checkpoint, from its scheduler_config.json.
 * @throws AttuneError 'checkpoint-malformed' when the class is not named, 'checkpoint-unsupported' when we do not have it
 */
export function openScheduler(config: SchedulerConfig, file = 'scheduler/scheduler_config.json'): OpenScheduler {
  const name = config._class_name;
  if (typeof name !== 'string') {
    throw new AttuneError('checkpoint-malformed', `${file}: "_class_name" must name the scheduler's class.`, {
      file,
      field: '_class_name',
    });
  }
  const found = schedulers.find((scheduler) => scheduler.className === name);
  if (found === undefined) {
    const known = schedulers.map((scheduler) => scheduler.className).join(', ');
    throw new AttuneError('checkpoint-unsupported', `${file}: Attune has no scheduler ${name}. It has: ${known}.`, {
      file,
      field: '_class_name',
    });
  }
  return found.open(config, file);
}
