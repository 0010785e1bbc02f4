import { twoSpriteScene } from '../scenes.ts';
import { psnr } from '../similarity.ts';
import { keptShare } from './change.ts';
import { EDIT_COLUMNS, edited, outside, present, preservation, silhouettes, standings } from './figures.ts';
import type { Task } from './task.ts';

/** T4: two objects become one. */
export const remove: Task = {
  id: 'T4',
  title: 'remove',
  success: 'nothing left in its half',
  sources: ['files', 'own'],
  unseen: ['colour', 'together', 'place'],
  columns: [{ name: 'groundDb', title: 'true ground', unit: 'dB' }, ...EDIT_COLUMNS],
  draw(world, dice) {
    const source = twoSpriteScene(world, dice);
    const before = dice.pick(source.objects);
    const target = { ...source, objects: source.objects.filter((object) => object !== before) };
    return { source, targets: [target], before, novel: source };
  },
  async mark(view) {
    const { readers, item, sourceKind } = view;
    const { delivered, reference } = edited(view);
    if (item.before === undefined) throw new Error(`${item.id} removes nothing`);
    const place = readers.judge.place(reference);
    const look = await readers.look(delivered, place);
    const empty = look.isEmpty(item.before.position);
    const gone = silhouettes(readers.world, standings(readers.world, item.before, sourceKind === 'files'));
    const ground = readers.world.renderPlace(place.place, place.roll);
    const { figures, ...kept } = preservation(view, outside(view));
    return {
      success: Number(empty.first),
      second: Number(empty.second),
      ...kept,
      figures: { kept: keptShare(view, look), ...present({ groundDb: psnr(delivered, ground, gone) }), ...figures },
    };
  },
};
