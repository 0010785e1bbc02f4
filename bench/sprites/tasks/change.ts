import type { Dice } from '../dice.ts';
import { halfOf } from '../readers.ts';
import { twoSpriteScene } from '../scenes.ts';
import type { Draft } from '../spritecase.ts';
import type { Scene, SceneObject, World } from '../world.ts';
import { edited, outside, preservation } from './figures.ts';
import type { Marks, View } from './task.ts';

/** What T1, T2, T3 and T6 share: one object of a scene of two becomes another, or comes into it. */

/** A scene of two of which one object becomes what `change` says. */
export function drawChange(
  world: World,
  dice: Dice,
  change: (before: SceneObject, scene: Scene) => SceneObject,
): Required<Draft> {
  const source = twoSpriteScene(world, dice);
  const before = dice.pick(source.objects);
  const after = change(before, source);
  const target = { ...source, objects: source.objects.map((object) => (object === before ? after : object)) };
  return { source, targets: [target], before, after, novel: target };
}

/** Success: the object stands in its half as it shall be. The place is the source's. */
export async function markChange(view: View): Promise<Marks> {
  const { readers, item } = view;
  const { delivered, reference } = edited(view);
  if (item.after === undefined) throw new Error(`${item.id} changes no object into another`);
  const look = await readers.look(delivered, readers.judge.place(reference));
  const { found, object, colour, second } = look.sight(item.after, halfOf(readers.world, item.after.position));
  const { figures, ...kept } = preservation(view, outside(view));
  return {
    success: object * colour,
    second,
    ...kept,
    figures: {
      object,
      colour,
      kept: keptShare(view, look),
      ...(found === undefined ? {} : { distance: found.distance }),
      ...figures,
    },
  };
}

/** Share of the objects that shall stay and are read as they were. */
export function keptShare(
  { readers: { world }, item }: View,
  look: { sight(wanted: SceneObject, region: ReturnType<typeof halfOf>): { object: number; colour: number } },
): number {
  const staying = item.targets[0]?.objects.filter((object) => object !== item.after) ?? [];
  const read = staying.map((object) => look.sight(object, halfOf(world, object.position)));
  return read.reduce((sum, { object, colour }) => sum + object * colour, 0) / Math.max(1, read.length);
}
