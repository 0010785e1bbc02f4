import type { Engine } from '../../engine/index.ts';
import { Dice, oneSpriteScene, twoSpriteScene } from './cases.ts';
import { type Judge, matches } from './judge.ts';
import type { Scene, World } from './world.ts';

/** Shares of pictures in which the judge reads what the caption says. */
export interface Fidelity {
  readonly object: number;
  readonly colour: number;
  readonly position: number;
  readonly background: number;
  /** All of these, for every object of the caption. */
  readonly whole: number;
}

export interface FidelityTable {
  readonly one: Fidelity;
  readonly two: Fidelity;
}

interface Sample {
  readonly count: number;
  readonly seed: number;
}

/** Generates from captions of scenes drawn by `seed` and reads the pictures. */
export async function captionFigures(
  engine: Engine,
  world: World,
  judge: Judge,
  sample: Sample,
): Promise<FidelityTable> {
  const read = async (scenes: readonly Scene[], offset: number) => {
    const marks: Marks[] = [];
    for (const [index, scene] of scenes.entries()) {
      const request = {
        method: 'generate',
        checkpoint: 'embedded/image',
        prompt: world.caption(scene),
        seed: sample.seed * 1000 + offset + index,
      };
      marks.push(mark(judge, scene, (await engine.run(request, {})).unpasted));
    }
    return average(marks);
  };
  const { one, two } = scenesOf(world, sample);
  return { one: await read(one, 0), two: await read(two, 500) };
}

/** The judge's own ceiling: true renders of the same scenes. */
export function ceiling(world: World, judge: Judge, sample: Sample): FidelityTable {
  const { one, two } = scenesOf(world, sample);
  const read = (scenes: readonly Scene[]) => average(scenes.map((scene) => mark(judge, scene, world.render(scene))));
  return { one: read(one), two: read(two) };
}

function scenesOf(
  world: World,
  { count, seed }: Sample,
): { readonly one: readonly Scene[]; readonly two: readonly Scene[] } {
  const draw = (make: (world: World, dice: Dice) => Scene, stream: number) =>
    Array.from({ length: count }, (_, index) => make(world, new Dice(seed, stream + index)));
  return { one: draw(oneSpriteScene, 0), two: draw(twoSpriteScene, 1_000_000) };
}

type Marks = Readonly<Record<keyof Fidelity, number>>;

function mark(judge: Judge, scene: Scene, picture: Parameters<Judge['place']>[0]): Marks {
  const place = judge.place(picture);
  const front = judge.foreground(picture, place);
  const found = judge.regions(scene).map((region) => judge.object(picture, front, region));
  const share = (right: (object: Scene['objects'][number], at: number) => boolean) =>
    scene.objects.filter((object, at) => right(object, at)).length / scene.objects.length;
  const object = share((wanted, at) => matches(found[at], wanted).object);
  const colour = share((wanted, at) => matches(found[at], wanted).colour);
  const position = share((wanted, at) => {
    const seen = found[at];
    return seen !== undefined && judge.position(seen) === wanted.position;
  });
  const background = Number(place.place === scene.place);
  return { object, colour, position, background, whole: Number(object * colour * position * background === 1) };
}

function average(marks: readonly Marks[]): Fidelity {
  const mean = (name: keyof Fidelity) => marks.reduce((sum, one) => sum + one[name], 0) / Math.max(1, marks.length);
  return {
    object: mean('object'),
    colour: mean('colour'),
    position: mean('position'),
    background: mean('background'),
    whole: mean('whole'),
  };
}
