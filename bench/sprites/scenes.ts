import type { Dice } from './dice.ts';
import type { Scene, SceneObject, World } from './world.ts';

/** Random scenes of the world, in words of colour, and what in them training never showed. */

/** A pair of object and colour, two objects in one scene, or a position in a place that no training caption has. */
export type Unseen = 'colour' | 'together' | 'place';

/** Every kind of unseen combination in a scene. */
export function unseenIn(world: World, { place, objects }: Scene): ReadonlySet<Unseen> {
  const { pairs, together, cells } = world.file.heldOut;
  const found = new Set<Unseen>();
  const names = objects.map(({ object }) => object);
  if (objects.some(({ object, colour }) => pairs.some(([o, c]) => o === object && c === colour))) found.add('colour');
  if (together.some(([a, b]) => names.includes(a) && names.includes(b))) found.add('together');
  if (objects.some(({ position }) => cells.some(([p, at]) => p === place && at === position))) found.add('place');
  return found;
}

/** Whether nobody could see an object of the scene, such as white on snow. */
export function isUnseeable(world: World, { place, objects }: Scene): boolean {
  return objects.some(({ colour }) => world.file.grammar.unseeable.some(([c, p]) => c === colour && p === place));
}

export function randomPlace(world: World, dice: Dice): Pick<Scene, 'place' | 'roll'> {
  return { place: dice.pick(world.file.places.items).name, roll: dice.pick(world.file.places.rolls) };
}

export const randomColour = (world: World, dice: Dice): string => dice.pick(world.file.colours).name;

/** An object that is none of `others`, somewhere in one of the cells of a position word. */
export function randomObject(
  world: World,
  dice: Dice,
  position: string,
  others: readonly SceneObject[] = [],
): SceneObject {
  for (;;) {
    const object = dice.pick(world.file.objects).name;
    if (others.some((other) => other.object === object)) continue;
    return { object, colour: randomColour(world, dice), position, cell: dice.pick(world.cellsOf(position)) };
  }
}

/** One object anywhere. */
export function oneSpriteScene(world: World, dice: Dice): Scene {
  return { ...randomPlace(world, dice), objects: [randomObject(world, dice, dice.pick(world.file.positions).name)] };
}

/** Two different objects, beside or above each other, which never touch. */
export function twoSpriteScene(world: World, dice: Dice): Scene {
  const [first, second] = dice.below(10) < 7 ? (['left', 'right'] as const) : (['top', 'bottom'] as const);
  const one = randomObject(world, dice, first);
  return { ...randomPlace(world, dice), objects: [one, randomObject(world, dice, second, [one])] };
}
