import { halfOf, wholePicture } from '../readers.ts';
import { oneSpriteScene, twoSpriteScene } from '../scenes.ts';
import type { Task } from './task.ts';

/** T0: a caption becomes a picture. */
export const generate: Task = {
  id: 'T0',
  title: 'generate',
  success: 'every object, colour and position, and the place',
  sources: ['none'],
  unseen: ['colour', 'together', 'place'],
  columns: [
    { name: 'object', title: 'object', unit: 'share' },
    { name: 'colour', title: 'colour', unit: 'share' },
    { name: 'position', title: 'position', unit: 'share' },
    { name: 'background', title: 'background', unit: 'share' },
    { name: 'wholeOfOne', title: 'whole, one', unit: 'share' },
    { name: 'wholeOfTwo', title: 'whole, two', unit: 'share' },
  ],
  draw(world, dice) {
    const scene = dice.below(2) === 0 ? oneSpriteScene(world, dice) : twoSpriteScene(world, dice);
    return { targets: [scene], novel: scene };
  },
  async mark({ readers, item, pictures }) {
    const [scene] = item.targets;
    const [picture] = pictures;
    if (scene === undefined || picture === undefined) throw new Error(`${item.id} has nothing to mark`);
    const look = await readers.look(picture.delivered);
    const alone = scene.objects.length === 1;
    const seen = scene.objects.map((wanted) => ({
      wanted,
      ...look.sight(wanted, alone ? wholePicture(readers.world) : halfOf(readers.world, wanted.position)),
    }));
    const mean = (value: (sight: (typeof seen)[number]) => number) =>
      seen.reduce((sum, sight) => sum + value(sight), 0) / seen.length;
    const [object, colour] = [mean((sight) => sight.object), mean((sight) => sight.colour)];
    const position = mean(({ wanted, found }) =>
      Number(found !== undefined && readers.judge.position(found) === wanted.position),
    );
    const background = Number(look.place.place === scene.place);
    const success = Number(object * colour * position * background === 1);
    return {
      success,
      second: Number(look.secondPlace === scene.place && seen.every((sight) => sight.second === 1)),
      figures: { object, colour, position, background, [alone ? 'wholeOfOne' : 'wholeOfTwo']: success },
    };
  },
};
