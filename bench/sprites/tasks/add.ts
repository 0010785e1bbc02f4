import { twoSpriteScene } from '../scenes.ts';
import { markChange } from './change.ts';
import { EDIT_COLUMNS } from './figures.ts';
import type { Task } from './task.ts';

/** T3: one object becomes two; the new one is said last. */
export const add: Task = {
  id: 'T3',
  title: 'add',
  success: 'the new object in its half',
  sources: ['files', 'own'],
  unseen: ['colour', 'together', 'place'],
  columns: EDIT_COLUMNS,
  draw(world, dice) {
    const target = twoSpriteScene(world, dice);
    const after = dice.pick(target.objects);
    const staying = target.objects.filter((object) => object !== after);
    // The caption begins with what is there already, so that the new words come as an addition.
    const ordered = { ...target, objects: [...staying, after] };
    return { source: { ...target, objects: staying }, targets: [ordered], after, novel: ordered };
  },
  mark: markChange,
};
