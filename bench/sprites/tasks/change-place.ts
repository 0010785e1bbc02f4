import { erode } from '../foreground.ts';
import { halfOf } from '../readers.ts';
import { randomPlace, twoSpriteScene } from '../scenes.ts';
import { overlap } from '../similarity.ts';
import { EDIT_COLUMNS, edited, preservation, silhouettes } from './figures.ts';
import type { Task } from './task.ts';

/** Rim of the sprites in which old and new ground are mixed, in pixels. */
const RIM_PX = 3;

/** T5: another place behind the same objects. What must stay are the sprites, so preservation is measured on them. */
export const changePlace: Task = {
  id: 'T5',
  title: 'change place',
  success: 'the new place',
  sources: ['files', 'own'],
  unseen: ['colour', 'together', 'place'],
  columns: [
    { name: 'kept', title: 'objects kept', unit: 'share' },
    { name: 'overlap', title: 'outline IoU', unit: 'ratio' },
    ...EDIT_COLUMNS.filter(({ name }) => name !== 'kept'),
  ],
  draw(world, dice) {
    const source = twoSpriteScene(world, dice);
    for (;;) {
      const target = { ...source, ...randomPlace(world, dice) };
      if (target.place !== source.place) return { source, targets: [target], novel: target };
    }
  },
  async mark(view) {
    const { readers, item, sourceKind } = view;
    const { delivered, reference } = edited(view);
    const { width, height } = readers.world.file.canvas;
    const before = readers.judge.foreground(reference, readers.judge.place(reference));
    const look = await readers.look(delivered);
    const wanted = item.targets[0];
    const read = wanted?.objects.map((object) => look.sight(object, halfOf(readers.world, object.position))) ?? [];
    // Where only the model knows the cells, what stands out of its picture is what must stay.
    const sprites = sourceKind === 'files' ? silhouettes(readers.world, item.source?.objects ?? []) : before;
    const { figures, ...kept } = preservation(view, erode(sprites, width, height, RIM_PX));
    return {
      success: Number(look.place.place === wanted?.place),
      second: Number(look.secondPlace === wanted?.place),
      ...kept,
      figures: {
        kept: read.reduce((sum, { object, colour }) => sum + object * colour, 0) / Math.max(1, read.length),
        overlap: overlap(before, look.front),
        ...figures,
      },
    };
  },
};
