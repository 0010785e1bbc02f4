import type { Dice } from '../dice.ts';
import { wholePicture } from '../readers.ts';
import { randomColour, randomObject, randomPlace } from '../scenes.ts';
import type { Scene, World } from '../world.ts';
import type { Task } from './task.ts';

const PICTURES = 4;

/** T7: one character in four places. */
export const consistency: Task = {
  id: 'T7',
  title: 'consistency',
  success: 'the same, right character in all four',
  sources: ['none'],
  unseen: ['colour'],
  columns: [
    { name: 'right', title: 'right', unit: 'share' },
    { name: 'spread', title: 'spread', unit: 'ratio' },
  ],
  draw(world, dice) {
    const [target, ...others] = drawSet(world, dice);
    if (target === undefined) throw new Error('a set has pictures');
    return { targets: [target, ...others], novel: target };
  },
  async mark({ readers, item, pictures }) {
    const read = await Promise.all(
      item.targets.map(async (scene, at) => {
        const [picture, object] = [pictures[at], scene.objects[0]];
        if (picture === undefined || object === undefined) throw new Error(`${item.id} lacks a picture`);
        return (await readers.look(picture.delivered)).sight(object, wholePicture(readers.world));
      }),
    );
    const right = read.map(({ object, colour }) => object * colour);
    const features = read.flatMap(({ found }) => (found === undefined ? [] : [found.features]));
    return {
      success: Math.min(...right),
      second: Math.min(...read.map(({ second }) => second)),
      figures: {
        right: right.reduce((sum, value) => sum + value, 0) / right.length,
        ...(features.length < PICTURES ? {} : { spread: meanDistance(features) }),
      },
    };
  },
};

/** Half of the characters in their natural colours, each time another place and position. */
function drawSet(world: World, dice: Dice): readonly Scene[] {
  const drawn = randomObject(world, dice, 'center');
  const colour = dice.below(2) === 0 ? 'natural' : randomColour(world, dice);
  const scenes: Scene[] = [];
  while (scenes.length < PICTURES) {
    const { name: position } = dice.pick(world.file.positions);
    const scene = {
      ...randomPlace(world, dice),
      objects: [{ ...drawn, colour, position, cell: dice.pick(world.cellsOf(position)) }],
    };
    const repeats = scenes.some((other) => other.place === scene.place || other.objects[0]?.position === position);
    if (!repeats) scenes.push(scene);
  }
  return scenes;
}

/** Root mean square distance between the crops of the character, over all pairs: 0 when it is the same picture each time. */
function meanDistance(features: readonly Float32Array[]): number {
  let sum = 0;
  let pairs = 0;
  for (const [i, a] of features.entries())
    for (const b of features.slice(i + 1)) {
      sum += Math.sqrt(a.reduce((total, value, k) => total + (value - (b[k] ?? 0)) ** 2, 0) / a.length);
      pairs++;
    }
  return sum / Math.max(1, pairs);
}
