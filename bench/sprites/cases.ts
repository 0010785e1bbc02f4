import { philox4x32 } from '../../engine/index.ts';
import type { Scene, SceneObject, World } from './world.ts';

/** Deterministic edit cases: pairs of scenes that differ in one field, with the pair of captions. */

export type EditTask = 'recolour' | 'swap';

export interface EditCase {
  readonly id: string;
  readonly task: EditTask;
  readonly source: Scene;
  readonly target: Scene;
  /** Index of the object that changes. */
  readonly edited: number;
  readonly from: string;
  readonly to: string;
  /** Seed of the edit's noise. */
  readonly seed: number;
  /** Whether the source stands where the scene says; the model's own pictures may use any cell of the position word. */
  readonly cellIsKnown: boolean;
}

/** Uniform integers from a seed and a stream of their own, unrelated to any noise an edit draws. */
export class Dice {
  readonly #key: readonly [number, number];
  #block = 0;
  #stream: number;

  constructor(seed: number, stream: number) {
    this.#key = [seed, 0x5ce9e];
    this.#stream = stream;
  }

  below(count: number): number {
    const words = Uint32Array.of(this.#block++, this.#stream, 0, 0);
    philox4x32(words, this.#key);
    return Math.floor(((words[0] ?? 0) / 2 ** 32) * count);
  }

  pick<T>(list: readonly T[]): T {
    const value = list[this.below(list.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }
}

/** Pairs of object and colour that never stood in a training caption. */
function isHeldOut(world: World, object: string, colour: string): boolean {
  return world.file.heldOut.pairs.some(([heldObject, heldColour]) => heldObject === object && heldColour === colour);
}

/** The endless list of cases of a task with two sprites each, all combinations seen in training. */
export function* allEditCases(world: World, task: EditTask, seed: number): Generator<EditCase> {
  for (let index = 0; ; index++) yield editCase(world, task, index, seed);
}

/** The first `count` cases of a task. */
export function editCases(world: World, task: EditTask, count: number, seed: number): readonly EditCase[] {
  return [...allEditCases(world, task, seed).take(count)];
}

function editCase(world: World, task: EditTask, index: number, seed: number): EditCase {
  const dice = new Dice(seed, (task === 'recolour' ? 0 : 1_000_000) + index);
  const source = twoSpriteScene(world, dice);
  const edited = dice.below(2);
  const before = source.objects[edited];
  if (before === undefined) throw new Error('a scene of two sprites has two sprites');
  const after = change(world, task, before, source, dice);
  const target = { ...source, objects: source.objects.map((object, at) => (at === edited ? after : object)) };
  return {
    id: `${task}-${String(index).padStart(3, '0')}`,
    task,
    source,
    target,
    edited,
    from: world.caption(source),
    to: world.caption(target),
    seed: seed * 1000 + index,
    cellIsKnown: true,
  };
}

function change(world: World, task: EditTask, before: SceneObject, scene: Scene, dice: Dice): SceneObject {
  const present = new Set(scene.objects.map((object) => object.object));
  for (;;) {
    const after =
      task === 'recolour'
        ? { ...before, colour: dice.pick(world.file.colours).name }
        : { ...before, object: dice.pick(world.file.objects).name };
    const differs = task === 'recolour' ? after.colour !== before.colour : !present.has(after.object);
    if (differs && !isHeldOut(world, after.object, after.colour)) return after;
  }
}

/** Two different objects in words of colour, beside or above each other. */
export function twoSpriteScene(world: World, dice: Dice): Scene {
  const [first, second] = dice.below(10) < 7 ? ['left', 'right'] : ['top', 'bottom'];
  const objects: SceneObject[] = [];
  for (const position of [first, second]) {
    for (;;) {
      const object = dice.pick(world.file.objects).name;
      const colour = dice.pick(world.file.colours).name;
      if (isHeldOut(world, object, colour) || objects.some((other) => other.object === object)) continue;
      const cells = world.file.positions.find((entry) => entry.name === position)?.cells ?? [];
      objects.push({ object, colour, position: position ?? 'left', cell: dice.pick(cells) });
      break;
    }
  }
  return { place: dice.pick(world.file.places.items).name, roll: dice.pick(world.file.places.rolls), objects };
}

/** One object, everything said in the caption. */
export function oneSpriteScene(world: World, dice: Dice): Scene {
  for (;;) {
    const object = dice.pick(world.file.objects).name;
    const colour = dice.pick(world.file.colours).name;
    if (isHeldOut(world, object, colour)) continue;
    const position = dice.pick(world.file.positions);
    return {
      place: dice.pick(world.file.places.items).name,
      roll: dice.pick(world.file.places.rolls),
      objects: [{ object, colour, position: position.name, cell: dice.pick(position.cells) }],
    };
  }
}
