import { halfOf } from '../readers.ts';
import { randomColour } from '../scenes.ts';
import { overlap } from '../similarity.ts';
import { drawChange, markChange } from './change.ts';
import { EDIT_COLUMNS, edited } from './figures.ts';
import type { Task } from './task.ts';

/** Least overlap of the silhouettes before and after that counts as the same outline. */
const SAME_OUTLINE = 0.8;

/** T2: another colour word for one object. */
export const changeColour: Task = {
  id: 'T2',
  title: 'change colour',
  success: 'the new colour on the same object',
  sources: ['files', 'own'],
  unseen: ['colour', 'place'],
  columns: [{ name: 'outline', title: 'outline kept', unit: 'share' }, ...EDIT_COLUMNS],
  draw: (world, dice) =>
    drawChange(world, dice, (before) => {
      for (;;) {
        const colour = randomColour(world, dice);
        if (colour !== before.colour) return { ...before, colour };
      }
    }),
  async mark(view) {
    const { readers, item } = view;
    const marks = await markChange(view);
    const { delivered, reference } = edited(view);
    const place = readers.judge.place(reference);
    const half = halfOf(readers.world, item.after?.position ?? 'center');
    const { width } = readers.world.file.canvas;
    const [was, is] = [reference, delivered].map((picture) =>
      readers.judge.foreground(picture, place).map((value, i) => {
        const [x, y] = [i % width, Math.floor(i / width)];
        const isIn = x >= half.left && x < half.left + half.width && y >= half.top && y < half.top + half.height;
        return isIn ? value : 0;
      }),
    );
    const outline = was !== undefined && is !== undefined && overlap(was, is) >= SAME_OUTLINE;
    return { ...marks, figures: { ...marks.figures, outline: Number(outline) } };
  },
};
