import { Dice } from './dice.ts';
import { isUnseeable, type Unseen, unseenIn } from './scenes.ts';
import type { Draft, Task } from './tasks/task.ts';
import type { World } from './world.ts';

/** `seen`: nothing in the case is new to the model but the scene itself. The others name what training never showed. */
export type Split = 'seen' | Unseen;

/** What a task drew, with the captions and seeds that go with it. */
export interface SpriteCase extends Draft {
  /** Stable name, for instance `T1-seen-007`. */
  readonly id: string;
  readonly split: Split;
  /** Caption of the source; empty where there is none. */
  readonly from: string;
  /** One caption a target. */
  readonly to: readonly string[];
  /** Seed of the noise of the edit, and of the source where the model paints it. */
  readonly seed: number;
}

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
