import { randomObject } from '../scenes.ts';
import { borderStep } from '../similarity.ts';
import type { SceneObject, World } from '../world.ts';
import { drawChange, markChange } from './change.ts';
import { EDIT_COLUMNS, edited } from './figures.ts';
import type { Task } from './task.ts';

/** T6: another object in another colour, inside a box that is given as the mask. */
export const inpaint: Task = {
  id: 'T6',
  title: 'inpaint',
  success: 'the object in its colour in the box',
  sources: ['files'],
  unseen: ['colour', 'together', 'place'],
  columns: [{ name: 'seam', title: 'seam', unit: 'ratio' }, ...EDIT_COLUMNS],
  draw: (world, dice) =>
    drawChange(world, dice, (before, { objects }) => ({
      ...randomObject(world, dice, before.position, objects),
      cell: before.cell,
    })),
  mask: (world, { before }) => boxOf(world, before),
  async mark(view) {
    const { readers, item } = view;
    const marks = await markChange(view);
    const { delivered } = edited(view);
    const [target] = item.targets;
    const box = boxOf(readers.world, item.before).data.map((value) => (value > 0 ? 1 : 0));
    const truth = target === undefined ? 0 : borderStep(readers.world.render(target), box);
    // 1: the border of the box is as smooth as in the true picture; more: it shows.
    const seam = truth === 0 ? undefined : borderStep(delivered, box) / truth;
    return { ...marks, figures: { ...marks.figures, ...(seam === undefined ? {} : { seam }) } };
  },
};

/** The cell of an object: 255 inside. */
function boxOf(
  world: World,
  object: SceneObject | undefined,
): { width: number; height: number; channels: 1; data: Uint8Array } {
  const { width, height, cell } = world.file.canvas;
  const [left, top] = object?.cell ?? [0, 0];
  const data = Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [(i % width) - left, Math.floor(i / width) - top];
    return x >= 0 && y >= 0 && x < cell && y < cell ? 255 : 0;
  });
  return { width, height, channels: 1, data };
}
