import { Dice } from './dice.ts';
import { isUnseeable, unseenIn } from './scenes.ts';
import type { Draft, Split, SpriteCase } from './spritecase.ts';
import type { Task } from './tasks/task.ts';
import type { World } from './world.ts';

const SPLITS: readonly Split[] = ['seen', 'colour', 'together', 'place'];
const STRIDE = 1_000_000;

/**
 * The endless list of cases of a task in one split, the same for a seed on every machine. A seen case shows nothing unseen in any of
 * its scenes; an unseen one shows its kind of novelty in what it asks for.
 */
export function* casesOf(world: World, task: Task, split: Split, seed: number): Generator<SpriteCase> {
  const stream = (10 * Number(task.id.slice(1)) + SPLITS.indexOf(split)) * STRIDE;
  for (let draw = 0, index = 0; ; draw++) {
    const draft = task.draw(world, new Dice(seed, stream + draw));
    if (!fits(world, draft, split)) continue;
    yield {
      ...draft,
      id: `${task.id}-${split}-${String(index).padStart(3, '0')}`,
      split,
      from: draft.source === undefined ? '' : world.caption(draft.source),
      to: draft.targets.map((target) => world.caption(target)),
      seed: (seed * 100 + (stream / STRIDE) * 7919 + index * 104_729) % 2 ** 31,
    };
    index++;
  }
}

function fits(world: World, { source, targets, novel }: Draft, split: Split): boolean {
  const scenes = source === undefined ? targets : [source, ...targets];
  if (scenes.some((scene) => isUnseeable(world, scene))) return false;
  if (split === 'seen') return scenes.every((scene) => unseenIn(world, scene).size === 0);
  return unseenIn(world, novel).has(split);
}
