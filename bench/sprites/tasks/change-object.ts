import { randomObject } from '../scenes.ts';
import { drawChange, markChange } from './change.ts';
import { EDIT_COLUMNS } from './figures.ts';
import type { Task } from './task.ts';

/** T1: another object of the same colour, in the same place. */
export const changeObject: Task = {
  id: 'T1',
  title: 'change object',
  success: 'the new object in the old colour',
  sources: ['files', 'own'],
  unseen: ['colour', 'together', 'place'],
  columns: EDIT_COLUMNS,
  draw: (world, dice) =>
    drawChange(world, dice, (before, { objects }) => ({
      ...before,
      object: randomObject(world, dice, before.position, objects).object,
    })),
  mark: markChange,
};
