import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { Dice, editCases, oneSpriteScene, twoSpriteScene } from '../bench/sprites/cases.ts';
import { ceiling } from '../bench/sprites/fidelity.ts';
import { Judge } from '../bench/sprites/judge.ts';
import { measureEdit, score } from '../bench/sprites/measure.ts';
import { type Scene, World } from '../bench/sprites/world.ts';

let world: World;
let judge: Judge;

beforeAll(async () => {
  world = await World.open();
  judge = new Judge(world);
});

describe('the sprite world', () => {
  it('is drawn here pixel for pixel as the recipe draws it', async () => {
    const golden = new URL('../models/recipe/world/golden.jsonl', import.meta.url);
    const records = (await readFile(golden, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as GoldenScene);
    expect(records.length).toBeGreaterThanOrEqual(16);
    const placeOf = (phrase: string) => world.file.places.items.find((item) => item.phrase === phrase)?.name ?? phrase;
    for (const { target } of records) {
      const picture = world.render({ ...target, place: placeOf(target.place) });
      expect(createHash('sha256').update(picture.data).digest('hex'), target.caption).toBe(target.sha256);
    }
  });

  it('has edit cases that differ in one field of one object, and are the same for a seed', () => {
    for (const task of ['recolour', 'swap'] as const) {
      const cases = editCases(world, task, 24, 5);
      expect(cases).toEqual(editCases(world, task, 24, 5));
      for (const { source, target, edited } of cases) {
        const [before, after] = [source.objects[edited], target.objects[edited]];
        expect(target.objects[1 - edited]).toEqual(source.objects[1 - edited]);
        expect({
          ...after,
          ...(task === 'recolour' ? { colour: before?.colour } : { object: before?.object }),
        }).toEqual(before);
        expect(after).not.toEqual(before);
      }
    }
  });
});

describe('the judge', () => {
  it('reads true renders: its ceiling is at least .98 for every figure', () => {
    const { one, two } = ceiling(world, judge, { count: 24, seed: 3 });
    for (const [name, value] of [...Object.entries(one), ...Object.entries(two)])
      expect(value, name).toBeGreaterThanOrEqual(0.98);
  });

  it('tells a wrong colour, a wrong object, a wrong place and an empty place', () => {
    const scene = oneSpriteScene(world, new Dice(8, 1));
    const [object] = scene.objects;
    if (object === undefined) throw new Error('a scene has an object');
    const read = (shown: Scene) => {
      const picture = world.render(shown);
      const place = judge.place(picture);
      return {
        place: place.place,
        object: judge.object(picture, judge.foreground(picture, place), { left: 0, top: 0, width: 128, height: 128 }),
      };
    };
    const otherColour = object.colour === 'red' ? 'blue' : 'red';
    const otherObject = object.object === 'car' ? 'star' : 'car';
    expect(read({ ...scene, objects: [{ ...object, colour: otherColour }] }).object?.colour).toBe(otherColour);
    expect(read({ ...scene, objects: [{ ...object, object: otherObject }] }).object?.object).toBe(otherObject);
    expect(read({ ...scene, place: scene.place === 'sand' ? 'snow' : 'sand' }).place).not.toBe(scene.place);
    expect(read({ ...scene, objects: [] }).object).toBeUndefined();
  });

  it('scores doing nothing at 0, the true target at 1, and a repainted background at 0', () => {
    const cases = editCases(world, 'recolour', 6, 4);
    const figures = (shown: (edit: (typeof cases)[number]) => Scene) =>
      score(cases.map((edit) => measureEdit(world, judge, edit, world.render(shown(edit)), world.render(edit.source))))
        .harmonic;
    expect(figures((edit) => edit.source)).toBe(0);
    expect(figures((edit) => edit.target)).toBe(1);
    const elsewhere = (edit: (typeof cases)[number]) => ({
      ...edit.target,
      place: edit.target.place === 'night' ? 'snow' : 'night',
    });
    expect(figures(elsewhere)).toBeLessThan(0.1);
  });

  it('finds two objects in their halves', () => {
    const scene = twoSpriteScene(world, new Dice(2, 7));
    const picture = world.render(scene);
    const front = judge.foreground(picture, judge.place(picture));
    expect(judge.regions(scene).map((region) => judge.object(picture, front, region)?.object)).toEqual(
      scene.objects.map(({ object }) => object),
    );
  });
});

/** One line of golden.jsonl, written by the recipe. */
interface GoldenScene {
  /** `place` is the caption's phrase; `sha256` that of the RGB bytes. */
  readonly target: Scene & { readonly caption: string; readonly sha256: string };
}
