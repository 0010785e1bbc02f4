import type { Pixels } from '../../engine/index.ts';
import type { Binary } from './foreground.ts';
import type { Judge, JudgedObject, JudgedPlace, Region } from './judge.ts';
import { objectAt, type SecondJudge, type SecondReading } from './secondjudge.ts';
import type { SceneObject, World } from './world.ts';

/** What both judges say of one wanted object: shares, 0 or 1. */
export interface Sighting {
  readonly object: number;
  readonly colour: number;
  /** Both, by the second judge, at any cell of the position word. */
  readonly second: number;
  /** What the first judge saw. */
  readonly found: JudgedObject | undefined;
}

/** The half of the picture that a position word means; all of it for the centre. */
export function halfOf(world: World, position: string): Region {
  const { width, height } = world.file.canvas;
  const [beside, stacked] = [position === 'left' || position === 'right', position === 'top' || position === 'bottom'];
  return {
    left: position === 'right' ? width / 2 : 0,
    top: position === 'bottom' ? height / 2 : 0,
    width: beside ? width / 2 : width,
    height: stacked ? height / 2 : height,
  };
}

export function wholePicture(world: World): Region {
  const { width, height } = world.file.canvas;
  return { left: 0, top: 0, width, height };
}

/** Both judges over one world. */
export class Readers {
  readonly world: World;
  readonly judge: Judge;
  readonly #second: SecondJudge;

  constructor(world: World, judge: Judge, second: SecondJudge) {
    this.world = world;
    this.judge = judge;
    this.#second = second;
  }

  /** Looks at a picture before a place that is known, or before the one that the judge sees. */
  async look(picture: Pixels, known?: JudgedPlace): Promise<Look> {
    const place = known ?? this.judge.place(picture);
    return new Look(this, picture, place, this.judge.foreground(picture, place), await this.#second.read(picture));
  }
}

/** One picture as both judges see it. */
export class Look {
  readonly picture: Pixels;
  readonly place: JudgedPlace;
  /** Everything in front of the place. */
  readonly front: Binary;
  /** The place by the second judge. */
  readonly secondPlace: string;
  readonly #readers: Readers;
  readonly #second: SecondReading;

  constructor(readers: Readers, picture: Pixels, place: JudgedPlace, front: Binary, second: SecondReading) {
    [this.#readers, this.picture, this.place, this.front] = [readers, picture, place, front];
    [this.#second, this.secondPlace] = [second, second.place];
  }

  sight(wanted: SceneObject, region: Region): Sighting {
    const { judge, world } = this.#readers;
    const found = judge.object(this.picture, this.front, region);
    const second = objectAt(this.#second, world.cellsOf(wanted.position));
    const isColour = (colour: string | undefined) =>
      colour !== undefined && judge.sameColour(wanted.object, colour, wanted.colour);
    return {
      found,
      object: Number(found?.object === wanted.object),
      colour: Number(isColour(found?.colour)),
      second: Number(second?.object === wanted.object && isColour(second.colour)),
    };
  }

  /** Whether nothing stands at a position: by the first judge, by the second. */
  isEmpty(position: string): { readonly first: boolean; readonly second: boolean } {
    const { judge, world } = this.#readers;
    return {
      first: judge.object(this.picture, this.front, halfOf(world, position)) === undefined,
      second: objectAt(this.#second, world.cellsOf(position)) === undefined,
    };
  }
}
